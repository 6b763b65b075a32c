import numpy as np
import pytest

from experiments.stats import empirical_bernstein_lower


def by_hand(values, alpha, truncation):
    """The sum of Theorem 2, term by term."""
    limits, seen, staked, won, paid = [], [], 0.0, 0.0, 0.0
    spread = 0.25
    total = 0.25
    for t, x in enumerate(values, start=1):
        guess = np.mean(seen) if seen else 0.0
        bet = min(np.sqrt(2 * np.log(1 / alpha) / (spread * t * np.log(1 + t))), truncation)
        won, staked = won + bet * x, staked + bet
        paid += (x - guess) ** 2 * (-np.log(1 - bet) - bet)
        limits.append(max((won - np.log(1 / alpha) - paid) / staked, 0.0))
        seen.append(x)
        total += (x - (0.5 + sum(seen)) / (t + 1)) ** 2
        spread = total / (t + 1)
    return limits


@pytest.mark.parametrize(("alpha", "truncation"), [(0.05, 0.5), (0.2, 0.9)])
def test_limits_are_the_sum_term_by_term(alpha, truncation):
    values = np.random.default_rng(4).beta(2, 5, size=(2, 400))
    found = empirical_bernstein_lower(values, alpha=alpha, truncation=truncation)
    np.testing.assert_allclose(found, [by_hand(row, alpha, truncation) for row in values], rtol=1e-12)
    assert 0.2 < found[0, -1] < 2 / 7


def test_no_limit_uses_what_came_after_it():
    values = np.random.default_rng(5).random(60)
    np.testing.assert_array_equal(empirical_bernstein_lower(values)[:20], empirical_bernstein_lower(values[:20]))


def test_limits_at_all_times_lie_below_the_mean_in_all_but_alpha_of_the_runs():
    rows = np.random.default_rng(6).random((2000, 300)) < 0.1
    missed = (empirical_bernstein_lower(rows, alpha=0.1) > 0.1).any(axis=-1)
    assert missed.mean() < 0.1


@pytest.mark.parametrize("values", [[0.5, 1.2], [-0.1], [np.nan]])
def test_values_outside_the_unit_interval_are_refused(values):
    with pytest.raises(ValueError, match="values"):
        empirical_bernstein_lower(values)
