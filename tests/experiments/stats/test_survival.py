import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import (
    Method,
    RiskTable,
    Status,
    kaplan_meier,
    restricted_mean,
    restricted_mean_difference,
    restricted_mean_lift,
)


def followed(size: int, *, seed: int, mean: float = 20.0, last: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Whole days until churn, censored at a random day; both variants of a test end on the same day."""
    rng = np.random.default_rng(seed)
    churn, censored = np.ceil(rng.exponential(mean, size)), rng.integers(10, last + 1, size)
    censored[0] = last
    churn[0] = last + 9
    return np.minimum(churn, censored), churn <= censored


def table(size: int = 120, **choices) -> RiskTable:
    return RiskTable.from_times(*followed(size, **choices))


def test_curve_agrees_with_scipy():
    times, seen = followed(120, seed=1)
    peer = scipy_stats.ecdf(scipy_stats.CensoredData(uncensored=times[seen], right=times[~seen])).sf
    limits = peer.confidence_interval(method="log-log")

    found = kaplan_meier(RiskTable.from_times(times, seen)).at(peer.quantiles)

    np.testing.assert_allclose(found.survival, peer.probabilities, rtol=1e-12)
    inner = np.isfinite(limits.low.probabilities) & (peer.probabilities < 1)
    np.testing.assert_allclose(found.low[inner], limits.low.probabilities[inner], rtol=1e-9)
    np.testing.assert_allclose(found.high[inner], limits.high.probabilities[inner], rtol=1e-9)


def test_curve_without_censoring_is_the_share_still_there_with_its_binomial_error():
    times = np.array([1, 2, 2, 4, 7, 9, 9, 10.0])
    found = kaplan_meier(RiskTable.from_times(times, np.ones(8))).at([2, 5, 9])
    share = np.array([5, 4, 1]) / 8
    np.testing.assert_allclose(found.survival, share)
    np.testing.assert_allclose(found.se, np.sqrt(share * (1 - share) / 8))


def test_curve_before_the_first_event_after_the_end_and_at_zero_has_no_interval():
    curve = kaplan_meier(RiskTable([3, 5, 8], [[9, 6, 4], [9, 4, 0]], [[0, 2, 4], [0, 2, 0]])).at([1, 3, 5, 8])
    np.testing.assert_allclose(curve.survival, [[1, 1, 2 / 3, 0], [1, 1, 0.5, np.nan]])
    np.testing.assert_array_equal(np.isnan(curve.low), [[True, True, False, True]] * 2)


def test_restricted_mean_without_censoring_is_the_mean_of_capped_times():
    times = np.random.default_rng(2).exponential(20.0, 300)
    found = restricted_mean(RiskTable.from_times(times, np.ones(300)), 28.0)
    capped = np.minimum(times, 28.0)
    assert float(found.mean) == pytest.approx(capped.mean(), rel=1e-12)
    # Greenwood's variance divides by n, the sample variance by n - 1.
    assert float(found.squared_error) == pytest.approx(capped.var() / 300, rel=1e-9)


def test_difference_and_lift_are_normal_and_agree_on_the_point():
    control, treatment = table(seed=3), table(seed=4, mean=30.0)
    one, two = restricted_mean(control, 28), restricted_mean(treatment, 28)
    found, lift = restricted_mean_difference(control, treatment, 28), restricted_mean_lift(control, treatment, 28)
    z = float(found.estimate) / np.sqrt(float(one.squared_error + two.squared_error))
    assert float(found.p) == pytest.approx(2 * scipy_stats.norm.sf(abs(z)), rel=1e-9)
    assert float(lift.estimate) == pytest.approx(float(two.mean / one.mean) - 1)
    assert (found.method.item(), lift.method.item()) == (Method.RESTRICTED_MEAN, Method.LOG_RATIO)


def test_horizon_beyond_the_follow_up_is_immature_unless_everyone_left():
    short = RiskTable([2, 6], [5, 3], [2, 0])
    gone = RiskTable([2, 6], [5, 3], [2, 3])
    found = restricted_mean_difference(gone, short, 9)
    assert found.status.item() == Status.IMMATURE
    assert np.isnan(found.estimate)
    assert float(restricted_mean(gone, 9).mean) == 2 + 4 * 0.6
    assert restricted_mean_difference(gone, short, 6).status.item() == Status.OK


def test_cells_and_horizons_broadcast_and_empty_cells_are_named():
    stack = RiskTable([2, 6, 9], [[8, 6, 3], [9, 9, 9], [0, 0, 0]], [[2, 3, 0], [0, 1, 1], [0, 0, 0]])
    control, treatments = stack.split()

    found = restricted_mean_difference(control, treatments, [[5.0], [9.0]])

    assert found.shape == (2, 2)
    assert list(found.status.ravel()) == [Status.OK, Status.EMPTY_ARM] * 2
    alone = restricted_mean_difference(stack[0], stack[1], 9.0)
    assert float(found.low[1, 0]) == float(alone.low)


def test_nobody_leaving_leaves_no_noise():
    still = RiskTable([5, 9], [50, 50], [0, 0])
    assert restricted_mean_difference(still, still, 9).status.item() == Status.ZERO_VARIANCE


def test_horizon_at_zero_is_refused():
    with pytest.raises(ValueError, match=r"tau is 0\.0: must be above 0"):
        restricted_mean(table(seed=5), 0)
