import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import (
    BatchLog,
    Counts,
    Status,
    aipw,
    aipw_looks,
    aipw_sequence,
    off_policy_lower,
    sequence_critical_value,
)
from tests.experiments.stats.adaptive.logs import rows


def test_each_look_is_the_answer_of_the_batches_so_far():
    log = rows().log()
    looks = aipw_looks(log, control=1)
    for batch in range(4):
        then = aipw(log[: batch + 1]).contrasts(control=1)
        np.testing.assert_allclose(looks.estimate[batch], then.estimate, rtol=1e-9)
        np.testing.assert_allclose(looks.se[batch], then.se, rtol=1e-9)
        np.testing.assert_allclose(looks.df[batch], then.df, rtol=1e-9)
        np.testing.assert_allclose(looks.high[batch], then.high, rtol=1e-9)
        np.testing.assert_array_equal(looks.n_control[batch], then.n_control)


def test_sequence_reaches_as_far_as_its_time_in_decisions_says():
    log = rows().log()
    looks, found = aipw_looks(log), aipw_sequence(log, planned_decisions=2600)
    time = np.cumsum(log.decisions) / 2600
    tail = scipy_stats.norm.sf(sequence_critical_value(time))[:, None]
    reach = scipy_stats.t.isf(tail, looks.df) * looks.se
    np.testing.assert_allclose(found.high - found.estimate, np.where(np.isnan(found.high), np.nan, reach))
    known = ~np.isnan(found.p)
    np.testing.assert_array_equal(found.excludes_zero[known], (found.p <= 0.05)[known])


def test_sequence_waits_for_customers_and_events():
    shares = np.full((3, 2), 0.5)
    counts = Counts(np.full((3, 2), 90), [[20, 20], [20, 15], [20, 20]])
    found = aipw_sequence(BatchLog.of(counts, shares), planned_decisions=540)
    assert list(found.status[:, 0]) == [Status.TOO_FEW, Status.OK, Status.OK]
    assert np.isnan(found.low[0, 0])


def test_from_the_batch_without_an_arm_on_nothing_is_identified():
    counts = Counts([[300, 300], [600, 0], [300, 300]], [[60, 60], [90, 0], [60, 60]])
    found = aipw_looks(BatchLog.of(counts, [[0.5, 0.5], [1.0, 0.0], [0.5, 0.5]]))
    assert list(found.status[:, 0]) == [Status.OK, Status.NOT_IDENTIFIED, Status.NOT_IDENTIFIED]


def test_large_means_keep_their_digits():
    data = rows(level=5.0)
    near, far = aipw_looks(data.log()), aipw_looks(rows(level=1e8).log())
    np.testing.assert_allclose(near.se, far.se, rtol=1e-6)


def test_lower_limit_of_a_policy_follows_its_recursion():
    rng = np.random.default_rng(6)
    share = rng.uniform(0.2, 0.9, 60)
    weight, reward = (rng.random(60) < share) / share, rng.random(60)
    found = off_policy_lower(weight, reward, smallest_propensity=0.2, alpha=0.1)
    # The source's recursion, one customer after the other.
    variance, total, bets, cost, values = 0.25, 0.0, 0.0, 0.0, []
    for t in range(1, 61):
        x = 0.2 * weight[t - 1] * reward[t - 1]
        bet = min(np.sqrt(2 * np.log(10) / (variance * t * np.log(1 + t))), 0.5)
        total, bets = total + bet * x, bets + bet
        guess = np.mean(values) if values else 0.0
        cost += (x - guess) ** 2 * (-np.log(1 - bet) - bet)
        values.append(x)
        means = [(0.5 + sum(values[:i])) / (i + 1) for i in range(1, t + 1)]
        variance = (0.25 + sum((v - m) ** 2 for v, m in zip(values, means, strict=True))) / (t + 1)
        assert float(found[t - 1]) == pytest.approx(max((total - np.log(10) - cost) / bets, 0) / 0.2, abs=1e-12)


def test_lower_limit_lies_below_the_value_with_its_confidence():
    rng = np.random.default_rng(7)
    share = rng.uniform(0.1, 0.9, (400, 2000))
    weight, reward = (rng.random(share.shape) < share) / share, rng.random(share.shape) < 0.4
    missed = (off_policy_lower(weight, reward, smallest_propensity=0.1) > 0.4).any(axis=-1)
    assert missed.mean() <= 0.05
    assert off_policy_lower(weight[0], reward[0], smallest_propensity=0.1)[-1] > 0.2


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: off_policy_lower([20.0], [1.0], smallest_propensity=0.1), "needs a propensity below the smallest"),
        (lambda: off_policy_lower([1.0], [1.5], smallest_propensity=0.1), r"reward\[0\] is 1\.5"),
        (lambda: aipw_sequence(rows().log(), planned_decisions=0), "planned_decisions is 0"),
    ],
)
def test_impossible_looks_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
