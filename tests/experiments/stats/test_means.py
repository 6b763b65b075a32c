import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from experiments.stats import Moments, Status, welch
from tests.experiments.stats.builders import buyers, table


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize("alpha", [0.05, 0.2])
def test_welch_agrees_with_scipy_on_the_rows(alternative, alpha):
    control, treatment = buyers(300, seed=1), buyers(90, seed=2) + 1.0
    peer = scipy_stats.ttest_ind(treatment, control, equal_var=False, alternative=alternative)
    limits = peer.confidence_interval(1 - alpha)

    found = welch(Moments.from_values(control), Moments.from_values(treatment), alpha=alpha, alternative=alternative)

    numbers = [found.estimate / found.se, found.df, found.p, found.low, found.high]
    np.testing.assert_allclose(numbers, [peer.statistic, peer.df, peer.pvalue, *limits], rtol=1e-9)


def test_welch_against_a_margin_agrees_with_scipy_on_shifted_rows():
    control, treatment = buyers(300, seed=1), buyers(90, seed=2)
    peer = scipy_stats.ttest_ind(treatment + 0.5, control, equal_var=False, alternative="greater")
    found = welch(
        Moments.from_values(control), Moments.from_values(treatment), null_difference=-0.5, alternative="greater"
    )
    assert float(found.p) == pytest.approx(peer.pvalue, rel=1e-10)


def test_welch_on_hillstrom_gives_the_published_difference_in_spend():
    data = table("hillstrom.csv.gz")
    spend = data["spend"].astype(float)
    names = ("No E-Mail", "Mens E-Mail", "Womens E-Mail")
    control, mens, womens = (Moments.from_values(spend[data["segment"] == name]) for name in names)

    one, two = welch(control, mens), welch(control, womens)

    numbers = [one.estimate, one.se, one.p, one.low, one.high, two.estimate, two.p]
    published = [0.7698271559, 0.1452465602, 1.163814968e-07, 0.4851397326, 1.054514579, 0.4244122159, 1.129397102e-3]
    np.testing.assert_allclose(numbers, published, rtol=1e-6)


def test_bad_cells_in_a_batch_get_a_status_and_leave_the_others_alone():
    n = np.array([50, 0, 1, 50, 50, 50])
    treatment = Moments(n, np.array([2.2, np.nan, 3.0, 2.0, 3.0, 3.0]), np.array([150.0, 0, 0, 0, 0, 9.0]))
    control = Moments(50, 2.0, np.array([90.0, 90.0, 90.0, 0.0, 0.0, 0.0]))

    found = welch(control, treatment)

    assert list(found.status) == [
        Status.OK,
        Status.EMPTY_ARM,
        Status.TOO_FEW,
        Status.ZERO_VARIANCE,
        Status.ZERO_VARIANCE,
        Status.OK,
    ]
    np.testing.assert_allclose(found.estimate, [0.2, np.nan, 1.0, 0.0, 1.0, 1.0], atol=1e-12)
    np.testing.assert_array_equal(np.isnan(found.p), [False, True, True, True, True, False])
    np.testing.assert_array_equal(np.isnan(found.low), np.isnan(found.p))
    assert float(found.df[5]) == 49.0
    assert float(found.low[0]) == float(welch(control[0], treatment[0]).low)


@pytest.mark.parametrize(("fewest", "most"), [(100, 900), (1000, 9000)])
def test_small_variant_of_skewed_revenue_always_carries_the_warning(fewest, most):
    for seed in range(50):
        small, large = Moments.from_values(buyers(fewest, seed=seed)), Moments.from_values(buyers(most, seed=seed + 99))
        assert welch(large, small).status.item() == Status.APPROXIMATION_WEAK


def test_symmetric_data_carries_no_warning():
    values = np.random.default_rng(5).normal(size=(2, 4000))
    assert welch(*(Moments.from_values(row) for row in values)).status.item() == Status.OK


def test_scalars_give_arrays_of_no_dimension():
    found = welch(Moments(40, 2.0, 90.0), Moments(50, 3.0, 80.0))
    assert found.shape == ()
    assert float(found.estimate) == 1.0


def test_metric_variant_and_day_axes_broadcast_in_one_call():
    rng = np.random.default_rng(6)
    moments = Moments(100.0, rng.normal(size=(4, 3, 5)), rng.gamma(9.0, size=(4, 3, 5)))

    found = welch(*moments.split(axis=1))

    assert found.shape == (4, 2, 5)
    alone = welch(moments[2, 0, 4], moments[2, 1, 4])
    assert (float(found.p[2, 0, 4]), float(found.high[2, 0, 4])) == (float(alone.p), float(alone.high))


SIDES = st.tuples(st.integers(2, 10_000), st.floats(-100, 100), st.floats(0.1, 1e4))


@given(SIDES, SIDES, st.floats(0.01, 100))
def test_swapping_sides_flips_the_sign_and_scaling_scales(one, two, factor):
    control, treatment = Moments(*one), Moments(*two)
    scaled = [Moments(n, mean * factor, m2 * factor**2) for n, mean, m2 in (one, two)]

    found, swapped, larger = welch(control, treatment), welch(treatment, control), welch(*scaled)

    np.testing.assert_allclose(
        [swapped.estimate, swapped.low, swapped.high, swapped.p],
        [-found.estimate, -found.high, -found.low, found.p],
        rtol=1e-10,
    )
    np.testing.assert_allclose(
        [larger.estimate, larger.low, larger.high, larger.p],
        [found.estimate * factor, found.low * factor, found.high * factor, found.p],
        rtol=1e-7,
        atol=1e-9 * factor,
    )


@pytest.mark.parametrize("alpha", [0.0, -0.1, 0.6, np.nan])
def test_alpha_outside_its_range_is_refused(alpha):
    with pytest.raises(ValueError, match="alpha is"):
        welch(Moments(40, 2.0, 90.0), Moments(50, 3.0, 80.0), alpha=alpha)


def test_shapes_that_do_not_broadcast_are_refused_with_both_shapes():
    with pytest.raises(ValueError, match=r"control \(2,\), treatment \(3,\)"):
        welch(Moments([4, 4], 2.0, 90.0), Moments([5, 5, 5], 3.0, 80.0))


def test_unknown_alternative_is_refused():
    with pytest.raises(ValueError, match="sideways"):
        welch(Moments(40, 2.0, 90.0), Moments(50, 3.0, 80.0), alternative="sideways")
