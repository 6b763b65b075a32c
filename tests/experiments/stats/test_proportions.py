import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from experiments.stats import (
    Counts,
    Status,
    agresti_caffo,
    clopper_pearson_interval,
    miettinen_nurminen,
    newcombe,
    wilson_interval,
)
from tests.experiments.stats.builders import table

DIFFERENCES = [newcombe, miettinen_nurminen, agresti_caffo]


@pytest.mark.parametrize(("successes", "n"), [(9, 171), (0, 30), (30, 30), (500, 1200)])
def test_one_sample_intervals_agree_with_scipy(successes, n):
    peer = scipy_stats.binomtest(successes, n)
    for ours, method in ((wilson_interval, "wilson"), (clopper_pearson_interval, "exact")):
        limits = peer.proportion_ci(0.95, method=method)
        np.testing.assert_allclose(ours(Counts(n, successes)), [limits.low, limits.high], rtol=1e-9, atol=1e-15)


def test_difference_intervals_agree_with_the_published_table():
    # Newcombe (1998b), Table II, 56/70 - 48/80, 9/10 - 3/10 and 10/10 - 0/10; the last score limit by hand:
    # there the constrained rates are (1 +- delta)/2, so that 19 (1 - delta)/(1 + delta) = z^2.
    z_squared = scipy_stats.norm.ppf(0.975) ** 2
    control, treatment = Counts([80, 10, 10], [48, 3, 0]), Counts([70, 10, 10], [56, 9, 10])
    hybrid, score = newcombe(control, treatment), miettinen_nurminen(control, treatment)
    np.testing.assert_allclose(hybrid.low, [0.0524, 0.1705, 0.6075], atol=6e-5)
    np.testing.assert_allclose(hybrid.high, [0.3339, 0.8090, 1.0], atol=6e-5)
    np.testing.assert_allclose(score.low, [0.0528, 0.1700, (19 - z_squared) / (19 + z_squared)], atol=6e-5)
    np.testing.assert_allclose(score.high, [0.3382, 0.8406, 1.0], atol=6e-5)


def test_hillstrom_conversion_and_visits_are_the_published_ones():
    data = table("hillstrom.csv.gz")
    none, mens, womens = (data["segment"] == name for name in ("No E-Mail", "Mens E-Mail", "Womens E-Mail"))

    def counts(column: str, rows: np.ndarray) -> Counts:
        return Counts(rows.sum(), data[column][rows].astype(float).sum())

    bought = newcombe(counts("conversion", none), counts("conversion", womens))
    visited = newcombe(counts("visit", none), counts("visit", mens))

    numbers = [bought.estimate, bought.low, bought.high, bought.p, visited.estimate]
    published = [0.003111057511, 0.001501657132, 0.004745471314, 0.0001571051291, 0.07658956365]
    np.testing.assert_allclose(numbers, published, rtol=1e-6)


def test_pooled_p_value_is_that_of_the_chi_square_table():
    found = newcombe(Counts(400, 147), Counts(380, 188))
    peer = scipy_stats.chi2_contingency([[147, 253], [188, 192]], correction=False)
    assert float(found.p) == pytest.approx(peer.pvalue, rel=1e-10)


def test_nobody_succeeding_gives_an_interval_and_a_p_of_one():
    found = newcombe(Counts(25, 0), Counts(30, 0))
    assert (found.status.item(), float(found.p), float(found.estimate)) == (Status.APPROXIMATION_WEAK, 1.0, 0.0)
    assert -0.2 < float(found.low) < 0 < float(found.high) < 0.2


@pytest.mark.parametrize("method", DIFFERENCES)
def test_empty_side_has_no_numbers_and_disturbs_nobody(method):
    found = method(Counts([100, 0, 100], [30, 0, 30]), Counts([100, 100, 0], [40, 40, 0]))
    assert list(found.status) == [Status.OK, Status.EMPTY_ARM, Status.EMPTY_ARM]
    assert float(found.low[0]) == float(method(Counts(100, 30), Counts(100, 40)).low)
    assert np.isnan([found.estimate[1:], found.low[1:], found.high[1:], found.p[1:]]).all()


@pytest.mark.parametrize("method", DIFFERENCES)
def test_one_sided_difference_is_open_to_the_edge_and_matches_twice_the_alpha(method):
    sides = Counts(200, 30), Counts(150, 40)
    both = method(*sides, alpha=0.1)
    less, greater = (method(*sides, alpha=0.05, alternative=side) for side in ("less", "greater"))
    assert (float(less.low), float(greater.high)) == (-1.0, 1.0)
    np.testing.assert_allclose([greater.low, less.high], [both.low, both.high], rtol=1e-12)
    assert float(less.p) + float(greater.p) == pytest.approx(1.0)


def test_score_interval_ends_where_the_score_test_turns():
    sides = Counts(80, 48), Counts(70, 56)
    found = miettinen_nurminen(*sides)
    at_low, at_high = (miettinen_nurminen(*sides, null_difference=end).p for end in (found.low, found.high))
    np.testing.assert_allclose([at_low, at_high], 0.05, rtol=1e-9)


COUNTS = st.integers(1, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n)))


@given(COUNTS, COUNTS)
def test_swapping_sides_flips_every_difference(one, two):
    for method in DIFFERENCES:
        found, swapped = method(Counts(*one), Counts(*two)), method(Counts(*two), Counts(*one))
        numbers = [found.estimate, found.low, found.high, found.p]
        np.testing.assert_allclose(
            numbers, [-swapped.estimate, -swapped.high, -swapped.low, swapped.p], rtol=1e-6, atol=1e-9
        )
        assert -1 <= float(found.low) <= float(found.estimate) <= float(found.high) <= 1


@given(COUNTS, COUNTS, st.sampled_from(["two-sided", "less", "greater"]))
def test_inverted_p_value_and_interval_never_disagree(one, two, alternative):
    for alpha in (0.01, 0.05, 0.3):
        found = newcombe(Counts(*one), Counts(*two), alpha=alpha, alternative=alternative, invert_interval=True)
        if abs(float(found.p) - alpha) > 1e-9:
            assert bool(found.excludes_zero) == (float(found.p) < alpha)


def test_inverted_p_value_is_close_to_the_pooled_one_in_large_samples():
    sides = Counts(20_000, 6059), Counts(19_000, 6300)
    pooled, inverted = newcombe(*sides), newcombe(*sides, invert_interval=True)
    assert float(inverted.p) == pytest.approx(float(pooled.p), rel=0.05)


def coverage(method, n: int, rate: float) -> float:
    """Chance that the interval holds the truth, by enumerating every outcome."""
    x = np.arange(n + 1)
    chance = scipy_stats.binom.pmf(x, n, rate)
    control, treatment = np.meshgrid(x, x, indexing="ij")
    found = method(Counts(n, control), Counts(n, treatment))
    covers = (found.low <= 0) & (found.high >= 0)
    return float((np.outer(chance, chance) * covers).sum())


def test_newcombe_covers_by_full_enumeration():
    measured = [coverage(newcombe, n, rate) for n in (30, 60, 120) for rate in (0.01, 0.05, 0.2, 0.5)]
    assert 0.945 <= np.mean(measured) <= 0.985
    assert min(measured) >= 0.91
