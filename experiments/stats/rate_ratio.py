"""Relative lift of a rate: the ratio of two rates, minus one."""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import student, validation
from experiments.stats.bisection import boundary
from experiments.stats.counts import Counts
from experiments.stats.estimate import Estimate, Method
from experiments.stats.proportions import INFINITE, is_sparse, pooled_z_p_value
from experiments.stats.score import ratio_score
from experiments.stats.status import Standing, Status
from experiments.stats.validation import Alternative, FloatArray, ObjectArray

# Below ten successes on a side the log-ratio interval is too narrow; the score interval takes over.
FEW_SUCCESSES = 10.0
# The search for a limit runs over this many units of log ratio on either side: ratios from 1e-17 to 1e17.
LOG_RANGE = 40.0


def proportion_lift(
    control: Counts, treatment: Counts, *, alpha: ArrayLike = 0.05, alternative: str = Alternative.TWO_SIDED
) -> Estimate:
    """Lift of a rate: Koopman's score interval under 10 successes on either side, else the log-ratio interval.

    The p-value is the pooled z test's of the absolute difference.
    Unit:  a share of the control rate. Shape: whatever the arguments broadcast to.
    Edge:  `relative_undefined` with no control success; `approximation_weak` as for `newcombe`.
    """
    alpha, alternative = validation.significance(alpha), Alternative(alternative)
    use_score = (control.successes < FEW_SUCCESSES) | (treatment.successes < FEW_SUCCESSES)
    low, high = _katz_limits(control, treatment, alpha, alternative)
    method = np.where(use_score, np.asarray(Method.KOOPMAN, object), np.asarray(Method.LOG_RATIO, object))
    if use_score.any():
        score_low, score_high = _score_limits(control, treatment, alpha, alternative)
        low, high = np.where(use_score, score_low, low), np.where(use_score, score_high, high)
    return _lift(control, treatment, low, high, method=method, alpha=alpha, alternative=alternative)


def koopman_lift(
    control: Counts, treatment: Counts, *, alpha: ArrayLike = 0.05, alternative: str = Alternative.TWO_SIDED
) -> Estimate:
    """Lift of a rate with the score interval, sound with few successes. Unit and edges as for `proportion_lift`.

    Source: Koopman (1984).
    """
    alpha, alternative = validation.significance(alpha), Alternative(alternative)
    low, high = _score_limits(control, treatment, alpha, alternative)
    return _lift(control, treatment, low, high, method=Method.KOOPMAN, alpha=alpha, alternative=alternative)


def miettinen_nurminen_lift(
    control: Counts, treatment: Counts, *, alpha: ArrayLike = 0.05, alternative: str = Alternative.TWO_SIDED
) -> Estimate:
    """Lift of a rate with Koopman's interval a hair wider, by the factor N/(N - 1) on the variance.

    Unit and edges as for `proportion_lift`. Source: Miettinen & Nurminen (1985).
    """
    alpha, alternative = validation.significance(alpha), Alternative(alternative)
    low, high = _score_limits(control, treatment, alpha, alternative, is_unbiased=True)
    return _lift(control, treatment, low, high, method=Method.MIETTINEN_NURMINEN, alpha=alpha, alternative=alternative)


def katz_lift(
    control: Counts, treatment: Counts, *, alpha: ArrayLike = 0.05, alternative: str = Alternative.TWO_SIDED
) -> Estimate:
    """Lift of a rate with the log-ratio interval; needs successes on both sides, else `relative_undefined`.

    Unit as for `proportion_lift`. Source: Katz et al. (1978).
    """
    alpha, alternative = validation.significance(alpha), Alternative(alternative)
    low, high = _katz_limits(control, treatment, alpha, alternative)
    return _lift(control, treatment, low, high, method=Method.LOG_RATIO, alpha=alpha, alternative=alternative)


def _katz_error(control: Counts, treatment: Counts) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt((1 - control.rate) / control.successes + (1 - treatment.rate) / treatment.successes)


def _ratio(control: Counts, treatment: Counts) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(control.successes > 0, treatment.rate / control.rate, np.nan)


def _katz_limits(
    control: Counts, treatment: Counts, alpha: FloatArray, alternative: Alternative
) -> tuple[FloatArray, FloatArray]:
    ratio = _ratio(control, treatment)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = student.critical_value(INFINITE, alpha, alternative) * _katz_error(control, treatment)
        low, high = student.limits(np.log(np.where(ratio > 0, ratio, np.nan)), reach, alternative)
    return np.expm1(low), np.expm1(high)


def _score_limits(
    control: Counts, treatment: Counts, alpha: FloatArray, alternative: Alternative, *, is_unbiased: bool = False
) -> tuple[FloatArray, FloatArray]:
    z = student.critical_value(INFINITE, alpha, alternative)
    # With no treatment success the estimate is minus infinity on the log scale; half a success is inside the set.
    inside = np.log(np.maximum(treatment.successes, 0.5) / np.maximum(treatment.n, 1.0))
    inside = inside - np.log(np.maximum(control.successes, 0.5) / np.maximum(control.n, 1.0))
    inside = np.broadcast_to(inside, np.broadcast_shapes(inside.shape, z.shape))

    def score(log_ratio: FloatArray) -> FloatArray:
        return ratio_score(control, treatment, np.exp(log_ratio), is_unbiased=is_unbiased)

    low = np.expm1(boundary(lambda log_ratio: score(log_ratio) <= z, inside, inside - LOG_RANGE))
    high = np.expm1(boundary(lambda log_ratio: score(log_ratio) >= -z, inside, inside + LOG_RANGE))
    low = np.where(treatment.successes == 0, -1.0, low)
    low = np.full(low.shape, -1.0) if alternative is Alternative.LESS else low
    high = np.full(high.shape, np.inf) if alternative is Alternative.GREATER else high
    return low, high


def _lift(
    control: Counts,
    treatment: Counts,
    low: FloatArray,
    high: FloatArray,
    *,
    method: Method | ObjectArray,
    alpha: FloatArray,
    alternative: Alternative,
) -> Estimate:
    validation.broadcast(control=control.n, treatment=treatment.n)
    ratio = _ratio(control, treatment)
    conditions = [
        (np.minimum(control.n, treatment.n) == 0, Status.EMPTY_ARM),
        ((control.successes == 0) | np.isnan(low) | np.isnan(high), Status.RELATIVE_UNDEFINED),
        (is_sparse(control, treatment), Status.APPROXIMATION_WEAK),
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(treatment.squared_error + ratio**2 * control.squared_error) / control.rate
    return Estimate.judged(
        Standing(low.shape, conditions),
        estimate=ratio - 1.0,
        se=error,
        df=np.inf,
        low=low,
        high=high,
        p=pooled_z_p_value(control, treatment, alternative),
        method=method,
        alpha=alpha,
        n_control=control.n,
        n_treatment=treatment.n,
    )
