"""Rates, differences of two rates and their intervals.

The default difference is Newcombe's, which stays inside [-1, 1] and holds up at 0 successes; the score interval of
Miettinen & Nurminen is the second opinion and the one that can test against a margin.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import student, validation
from experiments.stats.bisection import boundary
from experiments.stats.counts import Counts
from experiments.stats.estimate import Estimate, Method
from experiments.stats.score import difference_score
from experiments.stats.status import Standing, Status
from experiments.stats.validation import Alternative, BoolArray, FloatArray

# Under five successes or failures in a variant the normal approximation is doubtful.
FEW_EVENTS = 5.0
# Farther out than this a p-value is no longer a normal float: about 1e-307.
FARTHEST_Z = 37.5
INFINITE = np.asarray(np.inf)


def wilson_interval(counts: Counts, *, alpha: ArrayLike = 0.05) -> tuple[FloatArray, FloatArray]:
    """Lower and upper two-sided limit of one rate; NaN where there is nobody. Source: Wilson (1927)."""
    return _wilson(counts, student.critical_value(INFINITE, validation.significance(alpha), Alternative.TWO_SIDED))


def clopper_pearson_interval(counts: Counts, *, alpha: ArrayLike = 0.05) -> tuple[FloatArray, FloatArray]:
    """Exact two-sided limits of one rate, wider than Wilson's. Source: Clopper & Pearson (1934)."""
    tail = validation.significance(alpha) / 2.0
    x, n = counts.successes, counts.n
    low = np.where(x > 0, special.betaincinv(np.maximum(x, 1.0), n - x + 1.0, tail), 0.0)
    high = np.where(x < n, special.betainccinv(x + 1.0, np.maximum(n - x, 1.0), tail), 1.0)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def newcombe(
    control: Counts,
    treatment: Counts,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    invert_interval: bool = False,
) -> Estimate:
    """Difference of two rates with Newcombe's hybrid score interval and the pooled z p-value.

    With `invert_interval` p is instead the level at which this very interval would reach zero, so that interval and
    p never disagree (two-sided, or on the asked side).
    Unit:  a share (0.02 is two percentage points). Shape: whatever the arguments broadcast to.
    Edge:  `approximation_weak` under 5 successes or failures on a side; with no success at all the interval stands
           and p is 1, for there is nothing to tell the sides apart. `empty_arm` gives NaN.
    Source: Newcombe (1998b), method 10; Wilson (1927) beneath.
    """
    alpha, alternative = validation.significance(alpha), Alternative(alternative)
    z = student.critical_value(INFINITE, alpha, alternative)
    low, high = _newcombe_limits(control, treatment, z)
    test = _inverted_newcombe_p if invert_interval else pooled_z_p_value
    return _difference(
        control, treatment, low, high, p=test(control, treatment, alternative), method=Method.NEWCOMBE, alpha=alpha,
        alternative=alternative,
    )  # fmt: skip


def miettinen_nurminen(
    control: Counts,
    treatment: Counts,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    null_difference: ArrayLike = 0.0,
) -> Estimate:
    """Difference of two rates with the score interval, and the score test against `null_difference` (a margin).

    Interval and p come from one statistic, so they always agree.
    Unit, shape and edges as for `newcombe`.
    Source: Miettinen & Nurminen (1985), with their factor N/(N - 1).
    """
    alpha, alternative = validation.significance(alpha), Alternative(alternative)
    null = validation.finite("null_difference", null_difference)
    validation.refuse("null_difference", null, np.abs(null) >= 1, "must lie strictly between -1 and 1")
    difference = treatment.rate - control.rate
    z = np.broadcast_to(
        student.critical_value(INFINITE, alpha, alternative), np.broadcast_shapes(difference.shape, alpha.shape)
    )
    low = boundary(lambda delta: difference_score(control, treatment, delta) <= z, difference, np.full(z.shape, -1.0))
    high = boundary(lambda delta: difference_score(control, treatment, delta) >= -z, difference, np.full(z.shape, 1.0))
    p = student.p_value(difference_score(control, treatment, null), INFINITE, alternative)
    return _difference(
        control, treatment, low, high, p=p, method=Method.MIETTINEN_NURMINEN, alpha=alpha, alternative=alternative
    )


def agresti_caffo(
    control: Counts, treatment: Counts, *, alpha: ArrayLike = 0.05, alternative: str = Alternative.TWO_SIDED
) -> Estimate:
    """Difference of two rates with the add-one interval other tools print; p is the pooled z test's.

    Unit, shape and edges as for `newcombe`. Source: Agresti & Caffo (2000).
    """
    alpha, alternative = validation.significance(alpha), Alternative(alternative)
    one, two = (Counts(side.n + 2.0, side.successes + 1.0) for side in (control, treatment))
    reach = student.critical_value(INFINITE, alpha, alternative) * np.sqrt(one.squared_error + two.squared_error)
    middle = two.rate - one.rate
    low, high = np.maximum(middle - reach, -1.0), np.minimum(middle + reach, 1.0)
    p = pooled_z_p_value(control, treatment, alternative)
    return _difference(
        control, treatment, low, high, p=p, method=Method.AGRESTI_CAFFO, alpha=alpha, alternative=alternative
    )


def pooled_z(control: Counts, treatment: Counts) -> FloatArray:
    """Difference of the rates over its standard error under equal rates; 0 where nobody or everybody succeeded."""
    customers = np.maximum(control.n + treatment.n, 1.0)
    pooled = (control.successes + treatment.successes) / customers
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = pooled * (1.0 - pooled) * (1.0 / control.n + 1.0 / treatment.n)
        return np.where(variance == 0, 0.0, (treatment.rate - control.rate) / np.sqrt(variance))


def pooled_z_p_value(control: Counts, treatment: Counts, alternative: str = Alternative.TWO_SIDED) -> FloatArray:
    """p-value of the pooled z test; two-sided it is 1 where nobody or everybody succeeded."""
    return student.p_value(pooled_z(control, treatment), INFINITE, Alternative(alternative))


def is_sparse(control: Counts, treatment: Counts) -> BoolArray:
    """Cells with fewer than 5 successes or failures on a side."""
    return np.asarray((control.rarer < FEW_EVENTS) | (treatment.rarer < FEW_EVENTS))


def _wilson(counts: Counts, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    x, n, squared = counts.successes, counts.n, z**2
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (x + squared / 2.0) / (n + squared)
        half_width = z * np.sqrt(x * (n - x) / n + squared / 4.0) / (n + squared)
    # At the ends rounding would leave 1e-17 where the limit is 0 or 1 exactly.
    low, high = np.where(x == 0, 0.0, centre - half_width), np.where(x == n, 1.0, centre + half_width)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def _newcombe_limits(control: Counts, treatment: Counts, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    (low_0, high_0), (low_1, high_1) = _wilson(control, z), _wilson(treatment, z)
    difference = treatment.rate - control.rate
    low = difference - np.hypot(treatment.rate - low_1, high_0 - control.rate)
    high = difference + np.hypot(high_1 - treatment.rate, control.rate - low_0)
    return low, high


def _inverted_newcombe_p(control: Counts, treatment: Counts, alternative: Alternative) -> FloatArray:
    difference = treatment.rate - control.rate
    is_up = difference > 0

    def excludes_zero(z: FloatArray) -> BoolArray:
        low, high = _newcombe_limits(control, treatment, z)
        return np.asarray(np.where(is_up, low > 0, high < 0))

    z = boundary(excludes_zero, np.zeros(difference.shape), np.full(difference.shape, FARTHEST_Z))
    z = np.where(difference == 0, 0.0, np.where(is_up, z, -z))
    return student.p_value(np.where(np.isnan(difference), np.nan, z), INFINITE, alternative)


def _difference(
    control: Counts,
    treatment: Counts,
    low: FloatArray,
    high: FloatArray,
    *,
    p: FloatArray,
    method: Method,
    alpha: FloatArray,
    alternative: Alternative,
) -> Estimate:
    """The difference with limits found elsewhere; the open side of a one-sided interval ends at -1 or 1."""
    validation.broadcast(control=control.n, treatment=treatment.n)
    is_empty = np.minimum(control.n, treatment.n) == 0
    conditions = [(is_empty, Status.EMPTY_ARM), (is_sparse(control, treatment), Status.APPROXIMATION_WEAK)]
    return Estimate.judged(
        Standing(np.broadcast_shapes(low.shape, p.shape), conditions),
        estimate=treatment.rate - control.rate,
        se=np.sqrt(control.squared_error + treatment.squared_error),
        df=np.inf,
        low=np.full(low.shape, -1.0) if alternative is Alternative.LESS else low,
        high=np.full(high.shape, 1.0) if alternative is Alternative.GREATER else high,
        p=p,
        method=method,
        alpha=alpha,
        n_control=control.n,
        n_treatment=treatment.n,
    )
