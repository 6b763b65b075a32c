"""Do ideas that were ranked higher turn out larger? Spearman's correlation with a bootstrap interval."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.status import Status
from experiments.stats.validation import FloatArray

RESAMPLES = 4000
FEWEST_PAIRS = 5


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation with its interval; NaN where the status rules it out."""

    estimate: float
    low: float
    high: float
    level: float
    count: int
    status: Status


def midranks(values: ArrayLike, *, axis: int = -1) -> FloatArray:
    """Ranks from 1 up along `axis`, equal values sharing the mean of theirs."""
    moved = np.moveaxis(validation.finite("values", values), axis, -1)
    order = np.argsort(moved, axis=-1, kind="stable")
    ordered = np.take_along_axis(moved, order, axis=-1)
    place = np.broadcast_to(np.arange(moved.shape[-1]), moved.shape)
    starts = np.concatenate([np.ones_like(ordered[..., :1], dtype=np.bool_), np.diff(ordered) != 0], axis=-1)
    ends = np.concatenate([starts[..., 1:], np.ones_like(starts[..., :1])], axis=-1)
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=-1)
    last = np.minimum.accumulate(np.where(ends, place, moved.shape[-1])[..., ::-1], axis=-1)[..., ::-1]
    ranks = np.empty_like(moved)
    np.put_along_axis(ranks, order, (first + last) / 2.0 + 1.0, axis=-1)
    return np.moveaxis(ranks, -1, axis)


def spearman(
    predicted: ArrayLike,
    realised: ArrayLike,
    *,
    rng: np.random.Generator,
    alpha: float = 0.05,
    resamples: int = RESAMPLES,
) -> RankCorrelation:
    """Rank correlation of `predicted[experiment]` with `realised[experiment]`, with a BCa interval.

    Edge: `too_few` below 5 pairs, `no_variation` where either side is all one value.
    Source: Spearman (1904) on midranks; Efron (1987) for the interval: resampled pairs, bias correction from the
    share of resamples below the estimate, acceleration from leaving out one pair at a time.
    """
    x, y = validation.broadcast(
        predicted=validation.finite("predicted", predicted), realised=validation.finite("realised", realised)
    )
    level, pairs = float(validation.significance(alpha)), np.stack([x.reshape(-1), y.reshape(-1)])
    count = pairs.shape[-1]
    status = Status.TOO_FEW if count < FEWEST_PAIRS else Status.OK
    status = Status.NO_VARIATION if count and (np.ptp(pairs, axis=-1) == 0).any() else status
    if status is not Status.OK:
        return RankCorrelation(np.nan, np.nan, np.nan, 1.0 - level, count, status)
    estimate = float(_correlation(pairs))
    drawn = _correlation(pairs[:, rng.integers(0, count, size=(resamples, count))])
    low, high = _bca_limits(estimate, drawn[~np.isnan(drawn)], _leaving_one_out(pairs), level)
    return RankCorrelation(estimate, low, high, 1.0 - level, count, status)


def _correlation(pairs: FloatArray) -> FloatArray:
    """Correlation of the midranks of `pairs[2, ..., row]`; NaN where one side does not vary."""
    ranks = midranks(pairs)
    centred = ranks - ranks.mean(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt((centred**2).sum(axis=-1).prod(axis=0))
        return np.asarray((centred[0] * centred[1]).sum(axis=-1) / spread)


def _leaving_one_out(pairs: FloatArray) -> FloatArray:
    count = pairs.shape[-1]
    kept = np.arange(count - 1) + (np.arange(count - 1) >= np.arange(count)[:, None])
    each = _correlation(pairs[:, kept])
    return each[~np.isnan(each)]


def _bca_limits(estimate: float, drawn: FloatArray, left_out: FloatArray, alpha: float) -> tuple[float, float]:
    below = ((drawn < estimate).mean() + (drawn <= estimate).mean()) / 2.0
    bias = special.ndtri(np.clip(below, 0.5 / drawn.size, 1.0 - 0.5 / drawn.size))
    gap = left_out.mean() - left_out
    spread = (gap**2).sum()
    acceleration = (gap**3).sum() / (6.0 * spread**1.5) if spread > 0 else 0.0
    shifted = bias + special.ndtri([alpha / 2.0, 1.0 - alpha / 2.0])
    low, high = np.quantile(drawn, special.ndtr(bias + shifted / (1.0 - acceleration * shifted)))
    return float(low), float(high)
