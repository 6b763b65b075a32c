import numpy as np
import pytest
from scipy import integrate, optimize
from scipy import stats as scipy_stats

from experiments.stats import Method, Moments, after_stopping, group_sequential, welch


def effect(means, *, n: float = 5000.0):
    return welch(Moments(n, 10.0, n * 9.0), Moments(n, np.asarray(means), n * 9.0))


def ending_at_least(z: float, drift: float, times: tuple[float, float], bound: float) -> float:
    """Chance to stop above at the first look, or go on and end at z or higher, by direct integration."""
    root, step = np.sqrt(times[0]), np.sqrt(times[1] - times[0])
    stopped = scipy_stats.norm.sf(bound - drift * root)

    def onward(score: float) -> float:
        tail = scipy_stats.norm.sf((z * np.sqrt(times[1]) - score) / step - drift * step)
        return scipy_stats.norm.pdf(score, drift * times[0], root) * tail

    return stopped + integrate.quad(onward, -bound * root, bound * root, epsabs=1e-13)[0]


@pytest.mark.parametrize("mean", [10.18, 9.8, 10.02])
def test_estimate_limits_and_p_follow_the_stagewise_order(mean):
    times = (0.35, 0.8)
    schedule = group_sequential(times)
    comparison = effect(mean)
    z, unit = float(comparison.estimate / comparison.se), float(comparison.se) * np.sqrt(times[1])
    sign = np.sign(z)

    def drift_at(share: float) -> float:
        chance = lambda drift: ending_at_least(abs(z), sign * drift, times, schedule.bounds[0])  # noqa: E731
        target = share if sign > 0 else 1 - share
        return optimize.brentq(lambda drift: chance(drift) - target, -15, 15, xtol=1e-12)

    found = after_stopping(comparison, schedule)

    expected = [drift_at(share) * unit for share in (0.5, 0.025, 0.975)]
    np.testing.assert_allclose([found.estimate, found.low, found.high], expected, atol=1e-8)
    upward = ending_at_least(abs(z), 0.0, times, schedule.bounds[0])
    assert float(found.p) == pytest.approx(2 * min(upward, 1 - upward), abs=1e-9)


def test_stopping_at_the_only_look_gives_the_plain_normal_answer():
    comparison = effect([10.2, 9.9])
    found = after_stopping(comparison, group_sequential([0.6]), alpha=0.1)
    reach = scipy_stats.norm.ppf(0.95) * comparison.se
    np.testing.assert_allclose(found.estimate, comparison.estimate, atol=1e-10)
    np.testing.assert_allclose(found.high, comparison.estimate + reach, atol=1e-10)
    np.testing.assert_allclose(found.p, 2 * scipy_stats.norm.sf(np.abs(comparison.estimate / comparison.se)))
    assert list(found.method) == [Method.GROUP_SEQUENTIAL] * 2
    np.testing.assert_allclose(found.level, 0.9)


def test_swapping_sides_flips_the_sign():
    schedule = group_sequential([0.3, 0.6])
    up, down = after_stopping(effect(10.19), schedule), after_stopping(effect(9.81), schedule)
    np.testing.assert_allclose(
        [down.estimate, down.low, down.high, down.p], [-up.estimate, -up.high, -up.low, up.p], atol=1e-10
    )


def test_p_at_a_boundary_is_the_alpha_spent_by_then():
    schedule = group_sequential([0.3, 0.6, 0.9])
    comparison = effect(10.0)
    at_bound = comparison.under(Method.WELCH, alpha=np.asarray(0.05), estimate=schedule.bounds[-1] * comparison.se)
    assert float(after_stopping(at_bound, schedule).p) == pytest.approx(float(schedule.power(0.0)), abs=1e-9)


def test_cells_without_a_standard_error_stay_without_an_answer():
    comparison = welch(Moments([500, 1], 10.0, [4500.0, 0.0]), Moments(500, 10.5, 4500.0))
    found = after_stopping(comparison, group_sequential([0.5]))
    assert np.isnan([found.low[1], found.high[1], found.p[1]]).all()
    assert (found.estimate[1], found.status[1]) == (0.5, "too_few")
    assert np.isfinite([found.low[0], found.high[0], found.p[0]]).all()
