import numpy as np
import pytest

from experiments.stats import Counts, matured_batches, surrogate_counts


def test_batch_is_ripe_once_the_window_of_its_last_customer_has_passed():
    np.testing.assert_array_equal(matured_batches([0, 3, 4], window_days=7, as_of=10), [True, True, False])
    with pytest.raises(ValueError, match="window_days"):
        matured_batches([0], window_days=-1, as_of=3)


def test_signal_that_decides_the_reward_counts_as_much_as_the_reward():
    # Everybody with a signal comes back, nobody without does, and that is known from a million customers.
    signalled, silent = Counts(1_000_000, 1_000_000), Counts(1_000_000, 0)
    successes, failures = surrogate_counts(Counts([100, 50], [30, 5]), signalled=signalled, silent=silent)
    np.testing.assert_allclose(successes, [30, 5], rtol=1e-3)
    np.testing.assert_allclose(failures, [70, 45], rtol=1e-3)


def test_poorly_fitted_signal_counts_for_less_by_its_own_variance():
    waiting, signalled, silent = Counts([400], [100]), Counts(20, 10), Counts(60, 6)
    successes, failures = surrogate_counts(waiting, signalled=signalled, silent=silent)
    rng = np.random.default_rng(1)
    after, without = rng.beta(11, 11, 200_000), rng.beta(7, 55, 200_000)
    rate = 0.25 * after + 0.75 * without
    # n customers of a known rate have variance r(1-r)/n; what is not known of the rate is added to that.
    expected = rate.mean() * (1 - rate.mean()) / (rate.mean() * (1 - rate.mean()) / 400 + rate.var())
    assert float(successes[0] + failures[0]) == pytest.approx(expected, rel=0.02)
    assert float(successes[0] / (successes[0] + failures[0])) == pytest.approx(rate.mean(), rel=0.01)
    assert successes[0] + failures[0] < 400


def test_nobody_waiting_adds_nothing():
    successes, failures = surrogate_counts(Counts([0], [0]), signalled=Counts(10, 5), silent=Counts(10, 1))
    assert (successes[0], failures[0]) == (0.0, 0.0)
