import numpy as np
import pytest

from experiments.stats import CurveShape, plateau

DAYS = np.array([1.0, 3.0, 7.0, 14.0, 21.0, 28.0, 35.0])


def test_line_through_the_later_half_is_weighted_least_squares():
    rng = np.random.default_rng(1)
    rate, variance = 0.3 + rng.normal(size=7) * 0.01, rng.uniform(1e-5, 9e-5, 7)
    x, y, w = DAYS[3:] / 7, rate[3:], 1 / np.sqrt(variance[3:])
    slope, level = np.polyfit(x, y, 1, w=w)[0], np.average(y, weights=w**2)

    found = plateau(DAYS, rate, variance, usage_interval_days=7)

    assert float(found.slope) == pytest.approx(slope)
    spread = (w**2 * (x - np.average(x, weights=w**2)) ** 2).sum()
    assert float(found.slope_high - found.slope) == pytest.approx(1.6448536 / np.sqrt(spread))
    assert (found.shape.item(), np.isnan(found.level)) == (CurveShape.FALLING if slope < 0 else CurveShape.RISING, True)
    flat = plateau(DAYS, np.where(DAYS >= 14, level, 0.9), variance * 1e-6, usage_interval_days=7)
    assert (flat.shape.item(), float(flat.level)) == (CurveShape.FLATTENED, pytest.approx(level))
    assert float(flat.low) < level < float(flat.high)


def test_flat_falling_rising_and_early_curves_are_told_apart_in_one_batch():
    flat = np.full(7, 0.4)
    rates = np.stack([flat, flat - DAYS * 0.002, flat + DAYS * 0.002, np.where(DAYS > 10, np.nan, flat)])
    found = plateau(DAYS, rates, 1e-8, usage_interval_days=7)
    assert list(found.shape) == [CurveShape.FLATTENED, CurveShape.FALLING, CurveShape.RISING, CurveShape.TOO_EARLY]
    np.testing.assert_array_equal(np.isnan(found.low), [False, True, True, True])
    np.testing.assert_array_equal(np.isnan(found.slope), [False, False, False, True])


def test_flat_line_that_is_not_known_well_enough_has_not_flattened():
    assert plateau(DAYS, np.full(7, 0.4), 1e-4, usage_interval_days=7).shape.item() != CurveShape.FLATTENED


def test_points_that_have_not_matured_are_left_out():
    rate = np.array([0.9, 0.6, 0.5, 0.4, 0.4, np.nan, np.nan])
    found, cut = (plateau(days, r, 1e-9, usage_interval_days=7) for days, r in ((DAYS, rate), (DAYS[:5], rate[:5])))
    assert (found.shape.item(), float(found.slope)) == (cut.shape.item(), float(cut.slope))


def test_known_rate_without_a_variance_is_refused():
    with pytest.raises(ValueError, match=r"variance\[2\] is 0.0: must be above 0"):
        plateau(DAYS[:4], [0.4] * 4, [1e-4, 1e-4, 0.0, 1e-4], usage_interval_days=7)
