"""Does an effect differ between segments? Only that question licenses a claim about one of them.

Segments are named in the plan and known before exposure. The effect in one segment by itself is never a headline.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import student, validation
from experiments.stats.estimate import Estimate, Method
from experiments.stats.status import Standing, Status
from experiments.stats.validation import Alternative, FloatArray, IntArray

Prior: TypeAlias = Callable[[FloatArray, FloatArray], tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Heterogeneity:
    """One test per cell; `mean` and `se` are of the inverse-variance weighted effect over segments.

    q, df, p: Cochran's test; NaN below two known segments. i_squared: share of the spread that is not noise, 0 to 1.
    """

    q: FloatArray
    df: FloatArray
    p: FloatArray
    i_squared: FloatArray
    mean: FloatArray
    se: FloatArray


def heterogeneity(effects: ArrayLike, variances: ArrayLike, *, axis: int = -1) -> Heterogeneity:
    """Whether effects of disjoint segments along `axis` differ more than their noise.

    variances: squared standard errors, above 0. A segment whose effect or variance is NaN is left out.
    Unit: `mean` and `se` that of the effects. Adjust `p` over all segmentations looked at before any claim.
    Source: Cochran (1954); I-squared by Higgins & Thompson (2002), cut at 0.
    """
    values, spread = _known(effects, variances)
    values, spread = np.moveaxis(values, axis, -1), np.moveaxis(spread, axis, -1)
    weight = np.where(np.isnan(values), 0.0, 1.0 / spread)
    total, count = weight.sum(axis=-1), (weight > 0).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (weight * np.nan_to_num(values)).sum(axis=-1) / total
        q = np.where(count > 1, (weight * (np.nan_to_num(values) - mean[..., None]) ** 2).sum(axis=-1), np.nan)
        df = np.maximum(count - 1.0, 0.0)
        i_squared = np.where(q > df, (q - df) / q, np.where(np.isnan(q), np.nan, 0.0))
        return Heterogeneity(q, df, np.asarray(special.chdtrc(df, q)), i_squared, mean, 1.0 / np.sqrt(total))


def interaction(
    first: Estimate, second: Estimate, *, alpha: ArrayLike = 0.05, alternative: str = Alternative.TWO_SIDED
) -> Estimate:
    """The effect in the second of two disjoint segments minus that in the first, normal.

    Customers are counted over both segments. Edge: a cell that has no interval in either segment has none here, for
    the same reason.
    """
    level, side = validation.significance(alpha), Alternative(alternative)
    difference, se = second.estimate - first.estimate, np.hypot(first.se, second.se)
    normal = np.full(difference.shape, np.inf)
    low, high = student.limits(difference, student.critical_value(normal, level, side) * se, side)
    ruled_out = [status for status in Status if not status.has_interval]
    conditions = [(np.asarray((first.status == word) | (second.status == word)), word) for word in ruled_out]
    with np.errstate(divide="ignore", invalid="ignore"):
        p = student.p_value(difference / se, normal, side)
    return Estimate.judged(
        Standing(low.shape, conditions),
        estimate=difference,
        se=se,
        df=normal,
        low=low,
        high=high,
        p=p,
        method=Method.INTERACTION,
        alpha=level,
        n_control=first.n_control + second.n_control,
        n_treatment=first.n_treatment + second.n_treatment,
    )


@dataclass(frozen=True, eq=False)
class ShrunkSegments:
    """Segment effects beside what is left of them after borrowing from one another.

    raw: as given. shrunk, se: posterior mean and standard deviation. rank: 1 is the largest shrunk effect, 0 for a
    segment without one.
    """

    raw: FloatArray
    shrunk: FloatArray
    se: FloatArray
    rank: IntArray


def shrunk_segments(effects: ArrayLike, variances: ArrayLike, *, prior: Prior) -> ShrunkSegments:
    """Effects of one experiment's segments drawn towards their common mean, and their order after it.

    effects, variances: (segment,), as for `heterogeneity`; NaN segments stay NaN.
    prior: gives the mean and the variance between segments from the known effects and variances (Paule & Mandel);
           a variance of 0 is legal, then all equal the mean.
    Source: normal-normal posterior with the fitted prior plugged in (Efron & Morris 1975).
    """
    values, spread = _known(effects, variances)
    known = ~np.isnan(values)
    mean, between = prior(values[known], spread[known]) if known.any() else (np.nan, np.nan)
    keep = between / (between + spread)
    shrunk = mean + keep * (values - mean)
    rank = np.zeros(values.shape, dtype=np.intp)
    rank[np.argsort(-np.where(known, shrunk, -np.inf), kind="stable")[: known.sum()]] = np.arange(1, known.sum() + 1)
    return ShrunkSegments(values, shrunk, np.sqrt(keep * spread), rank)


def _known(effects: ArrayLike, variances: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Both arrays with NaN in both wherever it is in either."""
    values, spread = validation.broadcast(
        effects=validation.numbers("effects", effects), variances=validation.numbers("variances", variances)
    )
    is_known = ~np.isnan(values) & ~np.isnan(spread)
    validation.refuse("effects", values, is_known & np.isinf(values), "must be a finite number")
    validation.refuse("variances", spread, is_known & ~((spread > 0) & np.isfinite(spread)), "must be above 0")
    return np.where(is_known, values, np.nan), np.where(is_known, spread, np.nan)
