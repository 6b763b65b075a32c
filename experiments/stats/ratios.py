"""Ratios of two sums over the same customers: revenue per order, opens per message."""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats.cross_moments import CrossMoments
from experiments.stats.estimate import Estimate, Method, Note
from experiments.stats.lift import relative_lift
from experiments.stats.means import welch
from experiments.stats.sample_mean import SampleMean
from experiments.stats.validation import Alternative

# Within so many standard errors of zero a denominator makes the ratio's distribution far from normal.
STANDARD_ERRORS_FROM_ZERO = 5.0

DENOMINATOR_NOTE = "The treatment moves the denominator: read numerator and denominator beside the ratio."


def ratio(
    control: CrossMoments,
    treatment: CrossMoments,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    null_difference: ArrayLike = 0.0,
) -> Estimate:
    """Ratio under treatment minus ratio under control, with the delta method's t interval.

    control, treatment: two columns per customer, numerator first. Unit: numerator units per denominator unit.
    Edge:   a denominator mean of 0 gives `relative_undefined` and NaN; one within 5 standard errors of 0
            `approximation_weak`; other statuses as `welch`. A note tells where the denominators themselves differ.
    Source: Deng, Knoblich & Lu (2018), section 3; Budylin et al. (2018).
    """
    sides = ratio_mean(control), ratio_mean(treatment)
    found = welch(*sides, alpha=alpha, alternative=alternative, null_difference=null_difference, method=Method.DELTA)
    return found.noted(_moved_denominator(control, treatment, alpha))


def ratio_lift(
    control: CrossMoments,
    treatment: CrossMoments,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    can_be_negative: ArrayLike = False,
) -> Estimate:
    """The ratio under treatment over that under control, minus one; interval and statuses as `relative_lift`."""
    sides = ratio_mean(control), ratio_mean(treatment)
    found = relative_lift(*sides, alpha=alpha, alternative=alternative, can_be_negative=can_be_negative)
    return found.noted(_moved_denominator(control, treatment, alpha))


def ratio_mean(side: CrossMoments) -> SampleMean:
    """One side's ratio of means and the variance of it, ready for `welch` and `relative_lift`.

    Variance per customer: `(s_aa - 2 R s_ab + R^2 s_bb) / b^2`. Errors: `ValueError` unless there are two columns.
    """
    if side.columns != 2:
        raise ValueError(f"a ratio has a numerator and a denominator, got {side.columns} columns")
    covariance, size = side.covariance, np.maximum(side.n, 1.0)
    numerator, denominator = side.mean[..., 0], side.mean[..., 1]
    is_undefined = (side.n > 0) & (denominator == 0)
    base = np.where(is_undefined, np.nan, denominator)
    mean = numerator / base
    spread = covariance[..., 0, 0] - 2.0 * mean * covariance[..., 0, 1] + mean**2 * covariance[..., 1, 1]
    with np.errstate(invalid="ignore"):
        is_weak = np.abs(denominator) < STANDARD_ERRORS_FROM_ZERO * np.sqrt(covariance[..., 1, 1] / size)
    return SampleMean(
        n=side.n,
        mean=mean,
        squared_error=np.maximum(spread, 0.0) / base**2 / size,
        df=side.n - 1.0,
        skewness=np.full(side.shape, np.nan),
        is_undefined=is_undefined,
        is_weak=np.asarray(is_weak),
    )


def _moved_denominator(control: CrossMoments, treatment: CrossMoments, alpha: ArrayLike) -> Note:
    found = welch(control.column(1), treatment.column(1), alpha=alpha)
    return Note(DENOMINATOR_NOTE, np.asarray(found.p <= np.asarray(alpha)))
