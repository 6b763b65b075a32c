import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import futility_bounds, group_sequential, spent_alpha


@pytest.mark.parametrize("spending", ["obf", "pocock"])
def test_an_effect_worth_having_is_lost_with_the_probability_spent_so_far(spending):
    times = np.array([0.3, 0.65, 1.0])
    schedule = group_sequential(times)
    lower, drift = futility_bounds(schedule, power=0.9, spending=spending), float(schedule.drift_found_with(0.9))
    root = np.sqrt(times)
    correlation = np.minimum.outer(times, times) / np.outer(root, root)

    lost = 0.0
    for look in (1, 2):
        walk = scipy_stats.multivariate_normal(drift * root[:look], correlation[:look, :look], seed=1)
        low = np.append(lower[: look - 1], -30.0)
        lost += walk.cdf(np.append(schedule.bounds[: look - 1], lower[look - 1]), lower_limit=low)
        # The spending formula is that of alpha with beta in its place.
        expected = float(spent_alpha(times[look - 1], alpha=0.2, spending=spending)) / 2.0
        assert lost == pytest.approx(expected, abs=5e-5)


def test_advice_never_lies_above_the_boundary_and_grows_stricter():
    schedule = group_sequential(np.arange(1, 21) / 20)
    lower = futility_bounds(schedule)
    assert (lower <= schedule.bounds).all()
    assert (np.diff(lower) > 0).all()


def test_at_a_single_look_giving_up_and_not_stopping_are_the_same():
    schedule = group_sequential([1.0])
    # The two-sided power counts the far side, which giving up does not.
    np.testing.assert_allclose(futility_bounds(schedule), schedule.bounds, atol=1e-4)


def test_power_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="power is"):
        futility_bounds(group_sequential([1.0]), power=1.0)
