"""Differences of two means with unequal variances."""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import student, validation
from experiments.stats.estimate import Estimate, Method
from experiments.stats.moments import Moments
from experiments.stats.sample_mean import SampleMean, difficulties, together, welch_df
from experiments.stats.status import Standing
from experiments.stats.validation import Alternative


def welch(
    control: Moments | SampleMean,
    treatment: Moments | SampleMean,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    null_difference: ArrayLike = 0.0,
    method: Method = Method.WELCH,
) -> Estimate:
    """Treatment mean minus control mean, with Welch's t interval and p-value.

    Shape: whatever the two sides, `alpha` and `null_difference` broadcast to.
    Unit:  that of the metric. `null_difference` is the difference that p tests against (a margin, for example).
    Edge:  `empty_arm`, `too_few` (one customer), `zero_variance` (no noise seen in either) give NaN for what cannot
           be said; `approximation_weak` where 355 skewness^2 exceeds the customers of the smaller side, which needs
           third sums. One constant side is fine: the other side's degrees of freedom are used.
    Other metrics with a mean and a variance of it (ratios, clusters) come as `SampleMean` and name their `method`.
    Source: Welch (1947); Satterthwaite (1946).
    """
    alpha, alternative = validation.significance(alpha), Alternative(alternative)
    null_difference = validation.finite("null_difference", null_difference)
    control, treatment = together(control, treatment)
    difference = treatment.mean - control.mean
    se = np.sqrt(control.squared_error + treatment.squared_error)
    df = welch_df(control.squared_error, treatment.squared_error, control.df, treatment.df)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (difference - null_difference) / se
    low, high = student.limits(difference, student.critical_value(df, alpha, alternative) * se, alternative)
    return Estimate.judged(
        Standing(np.broadcast_shapes(low.shape, t.shape), difficulties(control, treatment)),
        estimate=difference,
        se=se,
        df=df,
        low=low,
        high=high,
        p=student.p_value(t, df, alternative),
        method=method,
        alpha=alpha,
        n_control=control.n,
        n_treatment=treatment.n,
    )
