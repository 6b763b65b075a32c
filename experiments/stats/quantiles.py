"""Medians and other quantiles, from raw values or from the few order statistics an engine can send."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.estimate import Estimate, Method
from experiments.stats.means import welch
from experiments.stats.sample_mean import SampleMean
from experiments.stats.validation import Alternative, FloatArray


def quantile_interval(values: ArrayLike, q: float, *, alpha: float = 0.05) -> tuple[float, float, float]:
    """The `q` quantile of one sample (type 7) and its exact interval: (estimate, low, high).

    A limit is NaN where no order statistic is far enough out. Errors: `ValueError` for no values.
    Source: binomial order statistics, Conover (1999), section 3.2.
    """
    ordered = np.sort(validation.finite("values", values).ravel())
    share = float(validation.open_share("q", q))
    if not ordered.size:
        raise ValueError("a quantile needs at least one value")
    low, high = (_at_rank(ordered, rank) for rank in exact_ranks(ordered.size, share, alpha=alpha))
    return float(np.quantile(ordered, share)), low, high


def exact_ranks(n: ArrayLike, q: ArrayLike, *, alpha: ArrayLike = 0.05) -> tuple[FloatArray, FloatArray]:
    """Ranks (from 1) of the two order statistics around the `q` quantile of `n` values at level one minus `alpha`.

    NaN where the rank would fall outside 1 to n. Source: Conover (1999), section 3.2.
    """
    size, share, tail = _checked(n, q, alpha)
    low = _binomial_quantile(tail / 2.0, size, share)
    # By symmetry: successes counted from the other end.
    high = size - _binomial_quantile(tail / 2.0, size, 1.0 - share) + 1.0
    return np.where(low >= 1, low, np.nan), np.where(high <= size, high, np.nan)


def woodruff_ranks(n: ArrayLike, q: ArrayLike, *, alpha: ArrayLike = 0.05) -> tuple[FloatArray, FloatArray]:
    """Ranks `n q -+ z sqrt(n q (1 - q))` whose order statistics the engine sends for `sample_quantile`, rounded.

    NaN where either falls outside 1 to n: too few values for this quantile. Source: Woodruff (1952).
    """
    size, share, tail = _checked(n, q, alpha)
    reach = -special.ndtri(tail / 2.0) * np.sqrt(size * share * (1.0 - share))
    low, high = np.rint(size * share - reach), np.rint(size * share + reach)
    fits = (low >= 1) & (high <= size)
    return np.where(fits, low, np.nan), np.where(fits, high, np.nan)


def sample_quantile(
    n: ArrayLike,
    estimate: ArrayLike,
    lower: ArrayLike,
    upper: ArrayLike,
    *,
    alpha: ArrayLike = 0.05,
    design_factor: ArrayLike = 1.0,
) -> SampleMean:
    """One side's quantile with the squared standard error its order statistics imply, for `quantile_difference`.

    lower, upper:  the values at `woodruff_ranks` of the same `alpha`; NaN where there are no such ranks.
    design_factor: for clusters, the standard error of the share below the quantile over its error had customers been
                   independent.
    Source: Woodruff (1952), se = (upper - lower) / (2 z); Deng, Knoblich & Lu (2018), section 4 for clusters.
    """
    size = validation.whole_counts("n", n)
    centre, low, high = (
        validation.numbers(name, side) for name, side in {"estimate": estimate, "lower": lower, "upper": upper}.items()
    )
    z = -special.ndtri(validation.significance(alpha) / 2.0)
    se = validation.positive("design_factor", design_factor) * (high - low) / (2.0 * z)
    size, centre, se = validation.broadcast(n=size, estimate=centre, se=se)
    no = np.zeros(size.shape, dtype=np.bool_)
    return SampleMean(
        n=size,
        mean=centre,
        squared_error=se**2,
        df=np.full(size.shape, np.inf),
        skewness=np.full(size.shape, np.nan),
        is_undefined=no,
        is_weak=no,
        is_thin=np.isnan(se),
    )


def quantile_difference(
    control: SampleMean, treatment: SampleMean, *, alpha: ArrayLike = 0.05, alternative: str = Alternative.TWO_SIDED
) -> Estimate:
    """Treatment quantile minus control quantile, normal, from two `sample_quantile`.

    Unit: that of the metric. Edge: `too_few` where an order statistic is missing; else as `welch`. The lift is
    `relative_lift` of the same two sides.
    """
    return welch(control, treatment, alpha=alpha, alternative=alternative, method=Method.QUANTILE)


def _checked(n: ArrayLike, q: ArrayLike, alpha: ArrayLike) -> tuple[FloatArray, ...]:
    return validation.broadcast(
        n=validation.whole_counts("n", n), q=validation.open_share("q", q), alpha=validation.significance(alpha)
    )


def _binomial_quantile(probability: FloatArray, n: FloatArray, share: FloatArray) -> FloatArray:
    """The smallest count whose binomial probability of that or fewer reaches `probability`."""
    count = np.ceil(np.nan_to_num(special.bdtrik(probability, n, share)))
    below = np.maximum(count - 1.0, 0.0)
    # P(X <= k) as a beta integral: SciPy's binomial one wants whole numbers by type.
    reached = np.where(below < n, special.betainc(np.maximum(n - below, 1.0), below + 1.0, 1.0 - share), 1.0)
    return np.where(reached >= probability, below, count)


def _at_rank(ordered: FloatArray, rank: FloatArray) -> float:
    return float("nan") if np.isnan(rank) else float(ordered[int(rank) - 1])
