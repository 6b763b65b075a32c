import numpy as np
import pytest
from scipy import integrate, special
from scipy import stats as scipy_stats

from experiments.stats import (
    Moments,
    Status,
    dunnett_adjusted_p,
    dunnett_alpha,
    dunnett_critical,
    dunnett_loading,
    dunnett_pooled,
    dunnett_welch,
    welch,
)


def groups(seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(shift, 1.0, size) for shift, size in ((0.0, 40), (0.6, 25), (0.1, 30), (0.3, 60))]


def stacked(samples: list[np.ndarray]) -> Moments:
    each = [Moments.from_values(sample) for sample in samples]
    return Moments(*(np.array([getattr(part, name) for part in each]) for name in ("n", "mean", "m2")))


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_pooled_dunnett_agrees_with_scipy(alternative):
    control, *treatments = groups()
    peer = scipy_stats.dunnett(*treatments, control=control, alternative=alternative, rng=np.random.default_rng(2))
    limits = peer.confidence_interval(0.95)

    found = dunnett_pooled(*stacked(groups()).split(), alternative=alternative)

    np.testing.assert_allclose(found.p, peer.pvalue, atol=3e-4)
    np.testing.assert_allclose(found.low, limits.low, atol=2e-3)
    np.testing.assert_allclose(found.high, limits.high, atol=2e-3)


def test_critical_values_are_those_of_the_published_tables():
    # Dunnett (1964), two-sided 5%, equal sizes (loading 1/2): 2 treatments with 20 and infinite df, 5 with 20.
    half = np.full(5, 0.5)
    assert float(dunnett_critical(half[:2], df=20)) == pytest.approx(2.38, abs=0.006)
    assert float(dunnett_critical(half[:2])) == pytest.approx(2.21, abs=0.006)
    assert float(dunnett_critical(half, df=20)) == pytest.approx(2.74, abs=0.015)
    # Dunnett (1955), one-sided 5%: 2 treatments, infinite df.
    assert float(dunnett_critical(half[:2], alternative="greater")) == pytest.approx(1.92, abs=0.006)


def test_one_treatment_needs_no_wider_interval():
    np.testing.assert_allclose(dunnett_critical([[0.3], [0.9]]), special.ndtri(0.975), rtol=1e-10)
    assert float(dunnett_critical([0.5], df=7)) == pytest.approx(special.stdtrit(7, 0.975), rel=1e-9)


@pytest.mark.parametrize("loading", [[0.1, 0.2], [0.999, 0.99], [0.0, 0.5]])
def test_critical_value_leaves_alpha_outside_the_bivariate_normal(loading):
    c = float(dunnett_critical(loading, alpha=0.03))
    rho = np.sqrt(loading[0] * loading[1])

    def slice_inside(x: float) -> float:
        spread = np.sqrt(1 - rho**2)
        inside = special.ndtr((c - rho * x) / spread) - special.ndtr((-c - rho * x) / spread)
        return float(np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * inside)

    inside, _ = integrate.quad(slice_inside, -c, c, epsabs=1e-12, limit=400)
    assert 1 - inside == pytest.approx(0.03, abs=1e-8)


def test_family_of_uncorrelated_comparisons_is_sidak():
    np.testing.assert_allclose(dunnett_alpha([0.0, 0.0, 0.0]), 1 - 0.95 ** (1 / 3), rtol=1e-9)


def test_adjusted_p_falls_below_alpha_just_when_the_interval_excludes_zero():
    loading = np.array([0.4, 0.6, 0.5])
    single = float(dunnett_alpha(loading, alpha=0.05))
    below, above = (dunnett_adjusted_p(np.full(3, single * factor), loading) for factor in (0.9999, 1.0001))
    assert (below < 0.05).all()
    assert (above > 0.05).all()


def test_adjusted_p_far_out_keeps_its_digits_between_the_bounds():
    p = np.array([1e-40, 1e-200, 0.5])
    found = dunnett_adjusted_p(p, [0.5, 0.5, 0.5])
    assert (found[:2] > p[:2]).all()
    assert (found[:2] <= 3 * p[:2]).all()
    np.testing.assert_array_equal(dunnett_adjusted_p([0.0, 1.0], [0.5, 0.5]), [0.0, 1.0])


def test_welch_version_covers_all_comparisons_at_once_with_unequal_variances():
    rng = np.random.default_rng(3)
    sizes, spreads, runs = np.array([600, 200, 300, 900]), np.array([1.0, 3.0, 1.0, 0.5]), 4000
    means = rng.normal(0.0, spreads / np.sqrt(sizes), size=(runs, 4))
    m2 = spreads**2 * rng.chisquare(sizes - 1, size=(runs, 4))
    found = dunnett_welch(*Moments(sizes, means, m2).split())
    missed = found.excludes_zero.any(axis=-1)
    assert abs(missed.mean() - 0.05) < 3 * np.sqrt(0.05 * 0.95 / runs)
    np.testing.assert_array_equal(found.excludes_zero, found.p < 0.05)


def test_empty_treatment_is_left_out_of_the_family():
    moments = stacked(groups())
    with_hole = Moments(moments.n * [1, 1, 0, 1], moments.mean, moments.m2 * [1, 1, 0, 1])
    found = dunnett_welch(*with_hole.split())
    alone = dunnett_welch(*moments[[0, 1, 3]].split())
    assert list(found.status) == [Status.OK, Status.EMPTY_ARM, Status.OK]
    np.testing.assert_allclose(found.p[[0, 2]], alone.p)
    np.testing.assert_allclose(found.low[[0, 2]], alone.low)
    assert np.isnan(found.p[1])


def test_welch_version_is_wider_than_one_comparison_and_narrower_than_bonferroni():
    control, treatments = stacked(groups()).split()
    family, single = dunnett_welch(control, treatments), welch(control, treatments)
    bonferroni = welch(control, treatments, alpha=0.05 / 3)
    assert (bonferroni.low < family.low).all()
    assert (family.low < single.low).all()
    np.testing.assert_array_equal(family.level, 0.95)


def test_loading_at_equal_variances_is_the_share_of_the_treatment():
    np.testing.assert_allclose(dunnett_loading(1 / 100, 1 / np.array([50, 300])), [50 / 150, 300 / 400])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: dunnett_critical([0.5, 1.5]), r"loading\[1\] is 1\.5"),
        (lambda: dunnett_critical(0.5), "treatment axis"),
        (lambda: dunnett_critical([0.5], df=0), "df is 0"),
        (lambda: dunnett_loading(-1.0, 1.0), "squared error"),
    ],
)
def test_impossible_loadings_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
