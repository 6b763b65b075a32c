"""Does an effect wear off, or grow, with the days since exposure (novelty, learning)?

Days count from each customer's own exposure, never by the calendar, and effects are of single days, never cumulated:
cumulated effects share their past, and a line through them finds trends in pure noise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import student, validation
from experiments.stats.cross_moments import CrossMoments
from experiments.stats.estimate import Estimate
from experiments.stats.validation import Alternative, BoolArray, FloatArray

SETTLED_AFTER_DAYS = 7.0
ALARM_P = 0.05


@dataclass(frozen=True, eq=False)
class EffectTrend:
    """A line through daily effects, one per cell.

    slope, se, p: change of the effect per day, normal. last, last_se, last_low, last_high: the fitted effect on the
    last day. settled, settled_se: the mean effect on the days after the seventh. NaN where there are too few days.
    """

    slope: FloatArray
    se: FloatArray
    p: FloatArray
    last: FloatArray
    last_se: FloatArray
    last_low: FloatArray
    last_high: FloatArray
    settled: FloatArray
    settled_se: FloatArray


def effects_by_day(control: CrossMoments, treatment: CrossMoments) -> tuple[FloatArray, FloatArray]:
    """The effect on each day since exposure and the covariance of these effects, (..., day) and (..., day, day).

    The columns of both sides are the days: what each customer added on the first day, the second and so on, all
    followed equally long. Several cohorts: one call each, their effects side by side, covariances block by block.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        covariance = sum(side.covariance / side.n[..., None, None] for side in (control, treatment))
    return treatment.mean - control.mean, np.asarray(covariance)


def effect_trend(
    day: ArrayLike,
    effect: ArrayLike,
    *,
    variance: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
    alpha: ArrayLike = 0.05,
) -> EffectTrend:
    """Weighted least squares line of `effect[..., day]` on the days since exposure; the scale is known, not fitted.

    variance:   (..., day), for effects that share no customer (disjoint cohort x day cells).
    covariance: (..., day, day), where they do (`effects_by_day`). Give one of the two, positive (definite).
    Edge:   a NaN effect is left out; fewer than two different days give NaN.
    Source: generalised least squares; Aitken (1935).
    """
    if (variance is None) == (covariance is None):
        raise ValueError("effect_trend takes either a variance for each day or their covariance")
    values = validation.numbers("effect", effect)
    days = np.broadcast_to(validation.finite("day", day), values.shape)
    is_known = ~np.isnan(values)
    inverse = _inverse(is_known, variance, covariance)
    values = np.where(is_known, values, 0.0)
    last = np.where(is_known, days, -np.inf).max(axis=-1)
    # With the days counted back from the last one, the constant is the fitted effect on that day.
    back = np.where(is_known, days - np.where(np.isfinite(last), last, 0.0)[..., None], 0.0)
    (fitted, slope), (last_se, se) = _line(back, is_known, values, inverse)
    settled, settled_se = _mean(values, _inverse(is_known & (days > SETTLED_AFTER_DAYS), variance, covariance))
    normal = np.full(slope.shape, np.inf)
    level = validation.significance(alpha)
    reach = student.critical_value(normal, level, Alternative.TWO_SIDED) * last_se
    return EffectTrend(
        slope=slope,
        se=se,
        p=student.p_value(slope / se, normal, Alternative.TWO_SIDED),
        last=fitted,
        last_se=last_se,
        last_low=fitted - reach,
        last_high=fitted + reach,
        settled=settled,
        settled_se=settled_se,
    )


def trend_alarm(trend: EffectTrend, overall: Estimate, adjusted_p: ArrayLike) -> BoolArray:
    """Whether a trend matters: its adjusted p is below 5% and the last day's fitted effect would be judged otherwise.

    overall: the effect as reported, whose interval lies above, around or below zero.
    """
    at_end = np.sign(trend.last_low) + np.sign(trend.last_high)
    reported = np.sign(overall.low) + np.sign(overall.high)
    return np.asarray((validation.p_values("adjusted_p", adjusted_p) < ALARM_P) & (at_end != reported))


def _inverse(is_known: BoolArray, variance: ArrayLike | None, covariance: ArrayLike | None) -> FloatArray:
    """Inverse covariance of the known effects, 0 for the others."""
    both = is_known[..., :, None] & is_known[..., None, :]
    identity = np.eye(is_known.shape[-1])
    if variance is not None:
        spread = validation.numbers("variance", variance)
        validation.refuse("variance", spread, is_known & ~(spread > 0), "must be above 0")
        return identity * np.where(is_known, 1.0 / np.where(is_known, spread, 1.0), 0.0)[..., None]
    matrix = np.where(both, validation.numbers("covariance", [] if covariance is None else covariance), identity)
    return np.where(both, np.linalg.inv(matrix), 0.0)


def _line(
    back: FloatArray, is_known: BoolArray, values: FloatArray, inverse: FloatArray
) -> tuple[tuple[FloatArray, FloatArray], tuple[FloatArray, FloatArray]]:
    """Constant and slope, and their standard errors."""
    design = np.stack([is_known.astype(np.float64), back], axis=-1)
    weighted = inverse @ design
    information = np.swapaxes(design, -1, -2) @ weighted
    determinant = information[..., 0, 0] * information[..., 1, 1] - information[..., 0, 1] ** 2
    has_line = (determinant > 0) & (back.max(axis=-1) > back.min(axis=-1))
    bread = np.linalg.inv(np.where(has_line[..., None, None], information, np.eye(2)))
    found = (bread @ (np.swapaxes(weighted, -1, -2) @ values[..., None]))[..., 0]
    blank = np.where(has_line, 0.0, np.nan)
    return (
        (found[..., 0] + blank, found[..., 1] + blank),
        (np.sqrt(bread[..., 0, 0]) + blank, np.sqrt(bread[..., 1, 1]) + blank),
    )


def _mean(values: FloatArray, inverse: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Best weighted mean of the values that `inverse` knows, and its standard error; NaN for none."""
    weight = inverse.sum(axis=-1)
    total = weight.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (weight * values).sum(axis=-1) / total, 1.0 / np.sqrt(np.where(total > 0, total, np.nan))
