import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import RiskTable, Status, log_rank
from tests.experiments.stats.test_survival import followed


def groups(*means: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parts = [followed(60, seed=seed + place, mean=mean) for place, mean in enumerate(means)]
    label = np.repeat(np.arange(len(means)), 60)
    return np.concatenate([times for times, _ in parts]), np.concatenate([seen for _, seen in parts]), label


def test_two_variants_agree_with_scipy():
    times, seen, label = groups(20.0, 30.0)
    sides = [
        scipy_stats.CensoredData(uncensored=times[seen & (label == g)], right=times[~seen & (label == g)])
        for g in (0, 1)
    ]
    peer = scipy_stats.logrank(*sides)
    found = log_rank(RiskTable.from_times(times, seen, group=label))
    assert (float(found.statistic), float(found.p)) == pytest.approx((peer.statistic**2, peer.pvalue), rel=1e-9)


def by_hand(times: np.ndarray, seen: np.ndarray, label: np.ndarray, variants: int) -> tuple[np.ndarray, np.ndarray]:
    """Observed minus expected and its covariance, event time by event time, without the last variant."""
    gap, covariance = np.zeros(variants), np.zeros((variants, variants))
    for day in np.unique(times[seen]):
        there = np.array([np.sum((times >= day) & (label == g)) for g in range(variants)])
        left = np.array([np.sum((times == day) & seen & (label == g)) for g in range(variants)])
        n, d, share = there.sum(), left.sum(), there / there.sum()
        gap += left - d * share
        covariance += d * (n - d) / max(n - 1, 1) * (np.diag(share) - np.outer(share, share))
    return gap[:-1], covariance[:-1, :-1]


def test_three_variants_agree_with_the_vector_form_by_hand():
    times, seen, label = groups(20.0, 30.0, 24.0)
    gap, covariance = by_hand(times, seen, label, 3)
    found = log_rank(RiskTable.from_times(times, seen, group=label))
    assert float(found.statistic) == pytest.approx(gap @ np.linalg.solve(covariance, gap), rel=1e-9)
    assert float(found.df) == 2.0
    assert float(found.observed.sum()) == pytest.approx(float(found.expected.sum()))


def test_strata_are_summed_before_the_quadratic_form():
    parts = [groups(20.0, 30.0, seed=seed) for seed in (5, 9)]
    sums = [by_hand(*part, 2) for part in parts]
    gap, variance = sum(gap[0] for gap, _ in sums), sum(covariance[0, 0] for _, covariance in sums)
    days = np.arange(1.0, 41.0)
    each = [RiskTable.from_times(times, seen, group=label) for times, seen, label in parts]
    places = [np.searchsorted(one.day, days) for one in each]
    on_grid = RiskTable(
        days,
        np.stack([np.pad(one.at_risk, [(0, 0), (0, 1)])[:, at] for one, at in zip(each, places, strict=True)]),
        np.stack(
            [
                np.where(np.isin(days, one.day), one.events[:, np.minimum(at, one.day.size - 1)], 0)
                for one, at in zip(each, places, strict=True)
            ]
        ),
    )
    found = log_rank(on_grid, is_stratified=True)
    assert float(found.statistic) == pytest.approx(gap**2 / variance, rel=1e-9)


def test_variants_without_customers_and_days_without_events_are_named():
    at_risk, events = np.array([[9, 8], [8, 8], [0, 0]]), np.array([[1, 1], [0, 2], [0, 0]])
    cells = RiskTable(
        [3, 5],
        np.stack([at_risk, at_risk * [[1], [0], [0]], at_risk]),
        np.stack([events, events * [[1], [0], [0]], events * 0]),
    )
    found = log_rank(cells)
    assert list(found.status) == [Status.OK, Status.EMPTY_ARM, Status.NO_VARIATION]
    np.testing.assert_array_equal(np.isnan(found.p), [False, True, True])
    assert float(found.df[0]) == 1.0
    assert float(found.statistic[0]) == pytest.approx(float(log_rank(cells[0, :2]).statistic))


def test_table_without_variants_is_refused():
    with pytest.raises(ValueError, match="stratum, variant"):
        log_rank(RiskTable([1], [[5], [5]], [[1], [2]]), is_stratified=True)
