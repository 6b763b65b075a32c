import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import BetaPosterior, Counts, MeanPosterior, Moments, best_mean, best_rate, value_remaining


def test_statistic_of_rates_is_the_log_likelihood_ratio_of_equal_rates():
    n, x = np.array([600, 700, 500]), np.array([30, 70, 41])
    found = best_rate(Counts(n, x))

    def log_likelihood(arm, rate):
        return scipy_stats.binom.logpmf(x[arm], n[arm], rate)

    rivals = []
    for rival in (0, 2):
        common = (x[1] + x[rival]) / (n[1] + n[rival])
        free = log_likelihood(1, x[1] / n[1]) + log_likelihood(rival, x[rival] / n[rival])
        rivals.append(free - log_likelihood(1, common) - log_likelihood(rival, common))
    assert int(found.leader) == 1
    assert float(found.statistic) == pytest.approx(min(rivals), rel=1e-9)
    assert float(found.threshold) == pytest.approx(np.log((1 + np.log(1800)) / 0.05))


def test_lower_can_be_better_and_an_unmet_arm_leaves_it_open():
    counts = Counts([[900, 900], [900, 0]], [[300, 100], [300, 0]])
    found = best_rate(counts, direction="down")
    np.testing.assert_array_equal(found.leader, [1, 0])
    np.testing.assert_array_equal(found.is_found, [True, False])


def test_means_are_told_apart_by_their_distance_in_variances():
    arms = Moments([1e6, 1e6, 1e6], [1.0, 1.01, 0.9], [4e6, 4e6, 4e6])
    found = best_mean(arms)
    assert int(found.leader) == 1
    assert float(found.statistic) == pytest.approx(0.01**2 / (2 * 8e-6), rel=1e-2)
    assert bool(found.is_found)


def test_arm_that_never_sold_is_not_beaten_for_want_of_noise():
    arms = Moments([5.0, 400.0], [0.0, 2.0], [0.0, 400 * 90.0])
    assert not best_mean(arms).is_found


@pytest.mark.parametrize("direction", ["up", "down"])
def test_value_remaining_of_rates_agrees_with_draws(direction):
    a, b = np.array([34, 44, 53, 30, 35]), np.array([568, 598, 649, 562, 577])
    drawn = np.random.default_rng(1).beta(a, b, size=(400_000, 5))
    leader, share = value_remaining(BetaPosterior(a, b), direction=direction)
    own, best = drawn[:, leader], drawn.max(axis=1) if direction == "up" else drawn.min(axis=1)
    assert float(share) == pytest.approx(np.quantile(np.abs(best - own) / own, 0.95), abs=0.004)


def test_value_remaining_of_means_agrees_with_draws():
    mean, scale, df = np.array([5.0, 5.2, 4.0]), np.array([0.2, 0.3, 1.0]), np.array([4.0, 9.0, 3.0])
    drawn = mean + scale * np.random.default_rng(2).standard_t(df, size=(400_000, 3))
    leader, share = value_remaining(MeanPosterior(mean, scale, df), probability=0.9)
    assert int(leader) == 1
    assert float(share) == pytest.approx(np.quantile((drawn.max(axis=1) - drawn[:, 1]) / drawn[:, 1], 0.9), abs=0.004)


def test_nothing_remains_behind_a_sure_leader_and_everything_behind_one_that_may_be_worthless():
    sure, doubtful = MeanPosterior([1.0, 9.0], [0.1, 0.1]), MeanPosterior([-0.1, 0.1], [1.0, 1.0])
    assert float(value_remaining(sure)[1]) == pytest.approx(0.0, abs=1e-9)
    assert float(value_remaining(doubtful)[1]) == pytest.approx(1e6)
