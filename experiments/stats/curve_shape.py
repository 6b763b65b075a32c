"""Has a retention curve stopped falling, and at which level?"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.validation import BoolArray, FloatArray, ObjectArray

FEWEST_POINTS = 4
# Flat means: the 90% interval of the slope per usage interval lies within half a percent of the level.
FLAT_SHARE = 0.005
SLOPE_ALPHA = 0.10


class CurveShape(StrEnum):
    """What the later half of a retention curve does."""

    FLATTENED = "flattened"
    FALLING = "still falling"
    RISING = "rising"
    TOO_EARLY = "too early to say"


@dataclass(frozen=True, eq=False)
class Plateau:
    """One answer per curve.

    level, low, high: the plateau with its interval, NaN unless flattened.
    slope, slope_low, slope_high: change of retention per usage interval with its 90% interval, NaN if too early.
    """

    shape: ObjectArray
    level: FloatArray
    low: FloatArray
    high: FloatArray
    slope: FloatArray
    slope_low: FloatArray
    slope_high: FloatArray


def plateau(
    day: ArrayLike, rate: ArrayLike, variance: ArrayLike, *, usage_interval_days: float, alpha: float = 0.05
) -> Plateau:
    """Whether `rate[..., point]` has flattened over the later half of its points (the middle one included).

    day:      (point,) or (..., point), rising. rate: retention; NaN for a point that has not matured, left out.
    variance: of each rate, above 0 where the rate is known.
    Rule:     a line weighted by 1/variance through the later half. Flattened if the 90% interval of its slope per
              ideal usage interval lies inside -+0.5% of the points' weighted mean, which then is the plateau with
              its interval at level one minus `alpha`; else falling or rising by the slope's sign. Fewer than 4 known
              points: too early to say.
    """
    days, rates, spread = validation.broadcast(
        day=validation.finite("day", day),
        rate=validation.numbers("rate", rate),
        variance=validation.numbers("variance", variance),
    )
    is_known = ~np.isnan(rates)
    validation.refuse("variance", spread, is_known & ~(spread > 0), "must be above 0")
    interval = float(validation.positive("usage_interval_days", usage_interval_days))
    weight = np.where(_later_half(is_known), 1.0 / np.where(is_known, spread, 1.0), 0.0)
    level, level_se, slope, slope_se = _line(days / interval, np.where(is_known, rates, 0.0), weight)
    slope_reach = -special.ndtri(SLOPE_ALPHA / 2.0) * slope_se
    level_reach = -special.ndtri(validation.significance(alpha) / 2.0) * level_se
    is_early = is_known.sum(axis=-1) < FEWEST_POINTS
    is_flat = ~is_early & (np.abs(slope) + slope_reach < FLAT_SHARE * level)
    plain = np.where(slope < 0, np.asarray(CurveShape.FALLING, object), np.asarray(CurveShape.RISING, object))
    shape = np.select([is_early, is_flat], [CurveShape.TOO_EARLY, CurveShape.FLATTENED], default=plain)
    blank, early = np.where(is_flat, 0.0, np.nan), np.where(is_early, np.nan, 0.0)
    return Plateau(
        shape=np.asarray(shape, dtype=object),
        level=level + blank,
        low=level - level_reach + blank,
        high=level + level_reach + blank,
        slope=slope + early,
        slope_low=slope - slope_reach + early,
        slope_high=slope + slope_reach + early,
    )


def _later_half(is_known: BoolArray) -> BoolArray:
    place = np.cumsum(is_known, axis=-1)
    count = is_known.sum(axis=-1, keepdims=True)
    return np.asarray(is_known & (place > count // 2))


def _line(x: FloatArray, y: FloatArray, weight: FloatArray) -> tuple[FloatArray, ...]:
    """Weighted mean of y and slope on x, each with its standard error; NaN where the points do not suffice."""
    with np.errstate(divide="ignore", invalid="ignore"):
        total = weight.sum(axis=-1)
        mean = (weight * y).sum(axis=-1) / total
        offset = x - ((weight * x).sum(axis=-1) / total)[..., None]
        spread = (weight * offset**2).sum(axis=-1)
        return mean, 1.0 / np.sqrt(total), (weight * offset * y).sum(axis=-1) / spread, 1.0 / np.sqrt(spread)
