"""A difference of two means that were adjusted together, so that it moves with the control mean.

Plain comparisons have two independent sides (`SampleMean`). After an adjustment both sides share the covariates, and
a lift needs to know how the difference and the control mean beneath it vary together.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import student, validation
from experiments.stats.estimate import Estimate, Method, Note
from experiments.stats.lift import DISAGREEMENT_NOTE, FIELLER_NOTE, STANDARD_ERRORS_FROM_ZERO
from experiments.stats.status import Standing, Status
from experiments.stats.validation import Alternative, BoolArray, FloatArray


@dataclass(frozen=True, eq=False, kw_only=True)
class Contrast:
    """An adjusted difference and the unadjusted control mean it is compared with; all arrays broadcast.

    difference, squared_error, df: treatment minus control, the variance of that, its degrees of freedom.
    control_mean, control_squared_error: of the control without adjustment.
    covariance: of the difference with the control mean.
    hindrances: what stands against an answer, gravest first.
    """

    difference: FloatArray
    squared_error: FloatArray
    df: FloatArray
    control_mean: FloatArray
    control_squared_error: FloatArray
    covariance: FloatArray
    n_control: FloatArray
    n_treatment: FloatArray
    hindrances: tuple[tuple[BoolArray, Status], ...]
    notes: tuple[Note, ...] = ()

    def p_value(self, alternative: Alternative, null_difference: FloatArray | float = 0.0) -> FloatArray:
        """Of the difference against `null_difference`."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return student.p_value(
                (self.difference - null_difference) / np.sqrt(self.squared_error), self.df, alternative
            )


def absolute(
    contrast: Contrast, method: Method, *, alpha: ArrayLike, alternative: str, null_difference: ArrayLike = 0.0
) -> Estimate:
    """The difference in the metric's unit, with its t interval."""
    level, side = validation.significance(alpha), Alternative(alternative)
    p = contrast.p_value(side, validation.finite("null_difference", null_difference))
    se = np.sqrt(contrast.squared_error)
    low, high = student.limits(contrast.difference, student.critical_value(contrast.df, level, side) * se, side)
    return Estimate.judged(
        Standing(np.broadcast_shapes(low.shape, p.shape), contrast.hindrances),
        estimate=contrast.difference,
        se=se,
        df=contrast.df,
        low=low,
        high=high,
        p=p,
        method=method,
        alpha=level,
        n_control=contrast.n_control,
        n_treatment=contrast.n_treatment,
        notes=contrast.notes,
    )


def relative(contrast: Contrast, *, alpha: ArrayLike, alternative: str, can_be_negative: ArrayLike = False) -> Estimate:
    """The difference as a share of the control mean, on the log scale or, by the rule of `relative_lift`, Fieller's.

    Source: delta method with all covariances on the log scale; Fieller (1954) with the covariance term.
    """
    level, side = validation.significance(alpha), Alternative(alternative)
    mean, mean_error = contrast.control_mean, contrast.control_squared_error
    is_near_zero = mean < STANDARD_ERRORS_FROM_ZERO * np.sqrt(mean_error)
    use_fieller = np.asarray(can_be_negative, dtype=np.bool_) | is_near_zero | ~(mean + contrast.difference > 0)
    lift, se = _lift(contrast)
    low, high = (
        np.where(use_fieller, *both)
        for both in zip(_fieller(contrast, level, side), _log_scale(contrast, lift, se, level, side), strict=True)
    )
    is_open = np.isnan(low) | np.isnan(high)
    *grave, weak = contrast.hindrances
    ratio_hindrances = [(mean < 0, Status.RELATIVE_SIGN), ((mean == 0) | is_open, Status.RELATIVE_UNDEFINED)]
    p = contrast.p_value(side)
    standing = Standing(np.broadcast_shapes(low.shape, p.shape), [*grave, *ratio_hindrances, weak])
    disagrees = standing.has_interval & (((low > 0) | (high < 0)) != (p <= level))
    return Estimate.judged(
        standing,
        estimate=lift,
        se=se,
        df=np.where(use_fieller, np.inf, contrast.df),
        low=low,
        high=high,
        p=p,
        method=np.where(use_fieller, np.asarray(Method.FIELLER, object), np.asarray(Method.LOG_RATIO, object)),
        alpha=level,
        n_control=contrast.n_control,
        n_treatment=contrast.n_treatment,
        notes=(*contrast.notes, Note(FIELLER_NOTE, use_fieller), Note(DISAGREEMENT_NOTE, disagrees)),
    )


def _lift(contrast: Contrast) -> tuple[FloatArray, FloatArray]:
    """The lift and its standard error."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = contrast.difference / contrast.control_mean
        spread = contrast.squared_error - 2.0 * lift * contrast.covariance + lift**2 * contrast.control_squared_error
        return lift, np.sqrt(np.maximum(spread, 0.0)) / np.abs(contrast.control_mean)


def _log_scale(
    contrast: Contrast, lift: FloatArray, se: FloatArray, alpha: FloatArray, alternative: Alternative
) -> tuple[FloatArray, FloatArray]:
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(lift > -1.0, 1.0 + lift, np.nan)
        reach = student.critical_value(contrast.df, alpha, alternative) * se / ratio
        low, high = student.limits(np.log(ratio), reach, alternative)
    return np.expm1(low), np.expm1(high)


def _fieller(contrast: Contrast, alpha: FloatArray, alternative: Alternative) -> tuple[FloatArray, FloatArray]:
    """Ends of the set of lifts L with `(D - L y0)^2 <= z^2 (var D - 2 L cov(D, y0) + L^2 var y0)`.

    Divided by the squared control mean, so that `g = z^2 var(y0) / y0^2` tells whether the set has ends.
    """
    z = student.critical_value(np.asarray(np.inf), alpha, alternative)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = z**2 / contrast.control_mean**2
        lift, g = contrast.difference / contrast.control_mean, unit * contrast.control_squared_error
        centre = lift - unit * contrast.covariance
        root = np.sqrt(centre**2 - (1.0 - g) * (lift**2 - unit * contrast.squared_error))
        reach = np.where(g < 1, root / (1.0 - g), np.nan)
        return student.limits(centre / (1.0 - g), reach, alternative)
