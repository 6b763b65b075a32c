import numpy as np
import pytest
from scipy import optimize

from experiments.stats import BatchLog, Counts, Moments, Status, aipw, batch_contrasts, batched_ols, drift_alarm
from tests.experiments.stats.adaptive.logs import rows


def test_each_batch_is_its_own_regression():
    data = rows()
    found = batch_contrasts(data.log(), fewest_events=0)
    for batch in range(4):
        for place, arm in enumerate((1, 2)):
            mine = (data.batch == batch) & np.isin(data.arm, [0, arm])
            design = np.column_stack([np.ones(mine.sum()), data.arm[mine] == arm])
            beta, rest, *_ = np.linalg.lstsq(design, data.reward[mine], rcond=None)
            error = np.sqrt(rest[0] / (mine.sum() - 2) * np.linalg.inv(design.T @ design)[1, 1])
            assert float(found.difference[place, batch]) == pytest.approx(beta[1], rel=1e-9)
            assert float(found.se[place, batch]) == pytest.approx(error, rel=1e-9)


def test_limits_are_where_the_combined_statistic_rejects():
    log = rows().log()
    found, each = batched_ols(log, alpha=0.1, fewest_events=0), batch_contrasts(log, fewest_events=0)
    for place in range(2):
        for end, target in ((found.low[place], 1.6448536269514722), (found.high[place], -1.6448536269514722)):
            root = optimize.brentq(lambda c, t=target, i=place: float(each.combined([c, c])[i]) - t, -50, 50)
            assert float(end) == pytest.approx(root, abs=1e-9)
    np.testing.assert_array_equal(found.excludes_zero, found.p < 0.1)


def test_batches_are_taken_together_until_both_arms_have_five_events():
    # Events 3, 1, 1, 6, 2 and 2, 2, 2, 6, 1: the first three batches make one, the fourth another with the rest.
    counts = Counts(np.full((5, 2), 100), [[3, 2], [1, 2], [1, 2], [6, 6], [2, 1]])
    log = BatchLog.of(counts, np.full((5, 2), 0.5))
    found = batch_contrasts(log)
    np.testing.assert_allclose(found.difference[0], [6 / 300 - 5 / 300, 7 / 200 - 8 / 200, np.nan, np.nan, np.nan])
    merged = Counts([[300, 300], [200, 200]], [[5, 6], [8, 7]])
    whole = batch_contrasts(BatchLog.of(merged, np.full((2, 2), 0.5)))
    np.testing.assert_allclose(found.se[0, :2], whole.se[0])


def test_batch_in_which_an_arm_has_nobody_joins_its_neighbour():
    counts = Counts([[100, 0], [100, 100], [100, 100]], [[30, 0], [30, 40], [30, 40]])
    found = batch_contrasts(BatchLog.of(counts, [[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]]))
    np.testing.assert_allclose(found.difference[0, :2], [0.4 - 0.3, 0.4 - 0.3])


def test_baseline_that_drifts_cancels_within_batches_and_rings_the_alarm():
    # The second arm is given more as the common level falls: its plain mean suffers, the contrast within batches not.
    shares = np.array([[0.8, 0.2], [0.2, 0.8]])
    n = 4000 * shares
    counts = Counts(n, np.round(n * np.array([[0.40, 0.41], [0.10, 0.11]])))
    log = BatchLog.of(counts, shares)
    ols, plain = batched_ols(log), counts.successes.sum(axis=0) / counts.n.sum(axis=0)
    assert plain[1] - plain[0] < -0.1
    assert float(ols.estimate[0]) == pytest.approx(0.01, abs=1e-3)
    assert not drift_alarm(aipw(log).contrasts(), ols)[0]


def test_effect_that_turns_over_time_rings_the_alarm():
    shares = np.array([[0.5, 0.5], [0.02, 0.98]])
    n = 20_000 * shares
    counts = Counts(n, np.round(n * np.array([[0.1, 0.2], [0.3, 0.1]])))
    log = BatchLog.of(counts, shares)
    assert drift_alarm(aipw(log).contrasts(), batched_ols(log))[0]


def test_statuses_name_what_is_missing():
    counts = Counts([[300, 0, 1, 300, 300]], [[30, 0, 1, 0, 3]])
    found = batched_ols(BatchLog.of(counts, np.full((1, 5), 0.2)))
    assert list(found.status) == ["empty_arm", "too_few", "approximation_weak", "approximation_weak"]
    flat = batched_ols(BatchLog.of(Counts([[50, 60]], [[0, 0]]), [[0.5, 0.5]]))
    assert (flat.status[0], np.isnan(flat.p[0])) == (Status.ZERO_VARIANCE, True)


def test_means_without_known_events_count_customers():
    moments = Moments([[4, 9], [3, 9], [9, 9]], np.ones((3, 2)), np.full((3, 2), 5.0))
    found = batch_contrasts(BatchLog.of(moments, np.full((3, 2), 0.5)))
    np.testing.assert_array_equal(np.isnan(found.se[0]), [False, False, True])


def test_a_stack_of_bandits_is_answered_as_each_by_itself():
    rng = np.random.default_rng(5)
    n = rng.integers(5, 60, size=(7, 12, 3))
    log = BatchLog.of(Counts(n, rng.binomial(n, 0.2)), np.full(3, 1 / 3))
    stack, alone = batched_ols(log, control=2), batched_ols(log[4], control=2)
    np.testing.assert_allclose(stack.high[4], alone.high)
