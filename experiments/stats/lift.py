"""Relative lift: the treatment mean over the control mean, minus one.

Three intervals, and the rule which one to show. The p-value beside every lift is that of the absolute difference:
"no difference" and "no lift" are one hypothesis, and two p-values for it would only confuse.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import student, validation
from experiments.stats.estimate import Estimate, Method, Note
from experiments.stats.moments import Moments
from experiments.stats.sample_mean import SampleMean, difficulties, together, welch_df
from experiments.stats.status import Standing, Status
from experiments.stats.validation import Alternative, BoolArray, FloatArray, ObjectArray

# Within so many standard errors of zero a control mean makes the logarithm a poor scale.
STANDARD_ERRORS_FROM_ZERO = 5.0

FIELLER_NOTE = "Fieller's interval: the control mean is near zero or values can be negative."
DISAGREEMENT_NOTE = "The interval of the lift and the test disagree at this level; the absolute test decides."


def relative_lift(
    control: Moments | SampleMean,
    treatment: Moments | SampleMean,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    can_be_negative: ArrayLike = False,
    allow_negative_control: bool = False,
) -> Estimate:
    """Lift with the interval that suits each cell: on the log scale, or Fieller's.

    Fieller's is used where `can_be_negative` says that values may lie below zero (refunds), where the treatment mean
    does, and where the control mean is within 5 standard errors of zero; a note says so.
    Unit:  a share of the control mean. Shape: whatever the arguments broadcast to.
    Edge:  `relative_undefined` for a control mean of 0 or a Fieller set without ends; `relative_sign` for a control
           mean below 0, unless `allow_negative_control`: then the lift is relative to its absolute value. Both
           give NaN. The statuses of `welch` apply as well.
    """
    pair = _Pair.of(control, treatment, alpha, alternative)
    use_fieller = np.asarray(can_be_negative, dtype=np.bool_) | pair.is_near_zero | ~(pair.treatment.mean > 0)
    log, fieller = _log_ratio(pair), _fieller(pair)
    chosen = _Interval(*(np.where(use_fieller, *both) for both in zip(fieller.arrays, log.arrays, strict=True)))
    method = np.where(use_fieller, np.asarray(Method.FIELLER, object), np.asarray(Method.LOG_RATIO, object))
    return pair.answer(chosen, method, allow_negative_control, (Note(FIELLER_NOTE, use_fieller),))


def log_ratio_lift(
    control: Moments | SampleMean,
    treatment: Moments | SampleMean,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
) -> Estimate:
    """Lift with the interval `exp(log(ratio) -+ t se) - 1`; needs both means above zero.

    Unit: a share. Edge: `relative_undefined` where either mean is 0 or the treatment's is below, `relative_sign`
    where the control's is below 0. A one-sided interval opens to -1 or to infinity.
    Source: delta method on the log scale (Katz et al. 1978 for proportions); Welch df of the two log-scale terms.
    """
    return _one_method(_log_ratio, Method.LOG_RATIO, control, treatment, alpha, alternative)


def delta_lift(
    control: Moments | SampleMean,
    treatment: Moments | SampleMean,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
) -> Estimate:
    """Lift with the symmetric delta-method interval that many tools print; for comparison with them.

    With skewed revenue its misses pile up on one side, so it is not our default. Df are Welch's of the difference.
    Unit: a share. Edge: `relative_undefined` and `relative_sign` as for `relative_lift`.
    """
    return _one_method(_delta, Method.DELTA, control, treatment, alpha, alternative)


def fieller_lift(
    control: Moments | SampleMean,
    treatment: Moments | SampleMean,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    allow_negative_control: bool = False,
) -> Estimate:
    """Lift with Fieller's interval (normal critical value): sound near a zero control mean and for negative values.

    Unit: a share. Edge: `relative_undefined` where the control mean is 0 or so uncertain that the set has no ends
    (g >= 1); `relative_sign` as for `relative_lift`.
    Source: Fieller (1954).
    """
    pair = _Pair.of(control, treatment, alpha, alternative)
    return pair.answer(_fieller(pair), Method.FIELLER, allow_negative_control)


@dataclass(frozen=True)
class _Interval:
    """What one method says of the lift; NaN limits where it cannot say."""

    se: FloatArray
    df: FloatArray
    low: FloatArray
    high: FloatArray

    @property
    def arrays(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        return self.se, self.df, self.low, self.high


@dataclass(frozen=True)
class _Pair:
    """Both sides, the level asked for, and the test of the absolute difference."""

    control: SampleMean
    treatment: SampleMean
    alpha: FloatArray
    alternative: Alternative
    ratio: FloatArray
    df: FloatArray
    p: FloatArray

    @classmethod
    def of(
        cls, control: Moments | SampleMean, treatment: Moments | SampleMean, alpha: ArrayLike, alternative: str
    ) -> "_Pair":
        level, side = validation.significance(alpha), Alternative(alternative)
        one, two = together(control, treatment)
        df = welch_df(one.squared_error, two.squared_error, one.df, two.df)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = (two.mean - one.mean) / np.sqrt(one.squared_error + two.squared_error)
            ratio = np.where(one.mean == 0, np.nan, two.mean / one.mean)
        return cls(one, two, level, side, ratio, df, student.p_value(t, df, side))

    @property
    def is_near_zero(self) -> BoolArray:
        return np.asarray(self.control.mean < STANDARD_ERRORS_FROM_ZERO * np.sqrt(self.control.squared_error))

    def answer(
        self,
        interval: _Interval,
        method: Method | ObjectArray,
        allow_negative_control: bool = False,
        notes: tuple[Note, ...] = (),
    ) -> Estimate:
        """The lift and the interval of one method, with the statuses of the difference and those of a ratio."""
        lift = (self.ratio - 1.0) * np.sign(self.control.mean)
        open_set = np.isnan(interval.low) | np.isnan(interval.high)
        *grave, weak = difficulties(self.control, self.treatment)
        negative = np.asarray((self.control.mean < 0) & (not allow_negative_control))
        undefined = (self.control.mean == 0) | open_set
        standing = Standing(
            np.broadcast_shapes(open_set.shape, self.p.shape),
            [*grave, (negative, Status.RELATIVE_SIGN), (undefined, Status.RELATIVE_UNDEFINED), weak],
        )
        excludes_zero = (interval.low > 0) | (interval.high < 0)
        disagrees = standing.has_interval & (excludes_zero != (self.p <= self.alpha))
        return Estimate.judged(
            standing,
            estimate=lift,
            se=interval.se,
            df=interval.df,
            low=interval.low,
            high=interval.high,
            p=self.p,
            method=method,
            alpha=self.alpha,
            n_control=self.control.n,
            n_treatment=self.treatment.n,
            notes=(*notes, Note(DISAGREEMENT_NOTE, disagrees)),
        )


def _one_method(
    interval: Callable[[_Pair], _Interval],
    method: Method,
    control: Moments | SampleMean,
    treatment: Moments | SampleMean,
    alpha: ArrayLike,
    alternative: str,
) -> Estimate:
    pair = _Pair.of(control, treatment, alpha, alternative)
    return pair.answer(interval(pair), method)


def _log_ratio(pair: _Pair) -> _Interval:
    with np.errstate(divide="ignore", invalid="ignore"):
        control_term = pair.control.squared_error / pair.control.mean**2
        treatment_term = pair.treatment.squared_error / pair.treatment.mean**2
        both_positive = (pair.control.mean > 0) & (pair.treatment.mean > 0)
        log_ratio = np.log(np.where(both_positive, pair.ratio, np.nan))
        se = np.sqrt(control_term + treatment_term)
        df = welch_df(control_term, treatment_term, pair.control.df, pair.treatment.df)
        reach = student.critical_value(df, pair.alpha, pair.alternative) * se
        low, high = student.limits(log_ratio, reach, pair.alternative)
    return _Interval(pair.ratio * se, df, np.expm1(low), np.expm1(high))


def _delta(pair: _Pair) -> _Interval:
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (pair.treatment.squared_error + pair.ratio**2 * pair.control.squared_error) / pair.control.mean**2
        se = np.sqrt(variance)
        reach = student.critical_value(pair.df, pair.alpha, pair.alternative) * se
        low, high = student.limits(pair.ratio - 1.0, reach, pair.alternative)
    return _Interval(se, pair.df, low, high)


def _fieller(pair: _Pair) -> _Interval:
    """Ends of the set of r with `(y1 - r y0)^2 <= z^2 (v1 + r^2 v0)`, in units of the control mean.

    Dividing by the control mean keeps `g = z^2 v0 / y0^2` at hand, which tells whether the set has ends.
    """
    sign = np.sign(pair.control.mean)
    z = student.critical_value(np.asarray(np.inf), pair.alpha, pair.alternative)
    with np.errstate(divide="ignore", invalid="ignore"):
        g = z**2 * pair.control.squared_error / pair.control.mean**2
        own = z**2 * pair.treatment.squared_error / pair.control.mean**2
        has_ends = g < 1
        centre = pair.ratio / (1.0 - g)
        reach = np.sqrt(own * (1.0 - g) + pair.ratio**2 * g) / (1.0 - g)
        low, high = student.limits((centre - 1.0) * sign, np.where(has_ends, reach, np.nan), pair.alternative)
        variance = (pair.treatment.squared_error + pair.ratio**2 * pair.control.squared_error) / pair.control.mean**2
    return _Interval(np.sqrt(variance), np.full(np.shape(low), np.inf), low, high)
