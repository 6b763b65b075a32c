"""Which ideas of a voting round cannot be told apart, given who happened to vote."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.validation import FloatArray, IntArray

RESAMPLES = 4000
RANK_PERCENTILES = (5.0, 95.0)
# So many resamples at a time keep the memory of a large round to some ten megabytes.
BATCH = 100


@dataclass(frozen=True, eq=False)
class RankTiers:
    """One entry per idea, in the order given.

    score: mean of the per-scale medians. rank: 1 is best, ties averaged. low, high: 5th and 95th percentile of the
    rank over resamples. tier: 1 is the top. An idea without a score has NaN and tier 0.
    """

    score: FloatArray
    rank: FloatArray
    low: FloatArray
    high: FloatArray
    tier: IntArray


def rank_tiers(ballots: ArrayLike, *, rng: np.random.Generator, resamples: int = RESAMPLES) -> RankTiers:
    """Scores, rank intervals and tiers of `ballots[voter, idea, scale]`, NaN for an abstention.

    Voters are resampled with all their ballots, because one voter's ballots go together. An idea whose voters all
    drop out of a resample has no rank in it. Pass a generator seeded with the round, so that reruns agree.
    Tiers:  from the top, a new tier starts at the first idea whose rank interval does not overlap that of the
            tier's first idea.
    Errors: `ValueError` unless there are three axes and at least one voter and idea.
    """
    cast = validation.numbers("ballots", ballots)
    if cast.ndim != 3 or not cast.size:
        raise ValueError(f"ballots need the axes voter, idea and scale, got shape {cast.shape}")
    validation.refuse("ballots", cast, np.isinf(cast), "must be a number or NaN")
    score = _scores(cast)
    rank = _ranks(score)
    draws = [_resampled_ranks(cast, rng, min(BATCH, resamples - start)) for start in range(0, resamples, BATCH)]
    low, high = _percentiles(np.concatenate(draws))
    return RankTiers(score, rank, low, high, _tiers(rank, low, high))


def _resampled_ranks(ballots: FloatArray, rng: np.random.Generator, count: int) -> FloatArray:
    voters = rng.integers(0, len(ballots), size=(count, len(ballots)))
    return _ranks(_scores(ballots[voters]))


def _scores(ballots: FloatArray) -> FloatArray:
    """Mean over scales of the medians over voters, from (..., voter, idea, scale); NaN where a scale has no ballot."""
    ordered = np.sort(ballots, axis=-3)
    count = (~np.isnan(ballots)).sum(axis=-3, keepdims=True)
    middle = [np.maximum(count - 1, 0) // 2, count // 2]
    middle = [np.minimum(place, ballots.shape[-3] - 1) for place in middle]
    lower, upper = (np.take_along_axis(ordered, place, axis=-3) for place in middle)
    median = np.where(count > 0, (lower + upper) / 2.0, np.nan).squeeze(-3)
    return np.asarray(median.mean(axis=-1))


def _ranks(scores: FloatArray) -> FloatArray:
    """Ranks along the last axis, the highest score first, ties averaged; NaN stays."""
    above = (scores[..., None, :] > scores[..., :, None]).sum(axis=-1)
    same = (scores[..., None, :] == scores[..., :, None]).sum(axis=-1)
    return np.where(np.isnan(scores), np.nan, above + (same + 1.0) / 2.0)


def _percentiles(ranks: FloatArray) -> tuple[FloatArray, FloatArray]:
    """5th and 95th percentile of each column among its known values, linearly interpolated."""
    ordered = np.sort(ranks, axis=0)
    last = (~np.isnan(ranks)).sum(axis=0) - 1
    ends = []
    for percent in RANK_PERCENTILES:
        place = np.maximum(last, 0) * percent / 100.0
        below = np.floor(place).astype(np.intp)
        above = np.minimum(below + 1, np.maximum(last, 0))
        one, two = (np.take_along_axis(ordered, at[None, :], axis=0)[0] for at in (below, above))
        ends.append(one + (two - one) * (place - below))
    return ends[0], ends[1]


def _tiers(rank: FloatArray, low: FloatArray, high: FloatArray) -> IntArray:
    tiers = np.zeros(rank.shape, dtype=np.intp)
    tier, first = 0, -1
    for idea in np.lexsort((low, rank)):
        if np.isnan(rank[idea]):
            continue
        overlaps = first >= 0 and low[idea] <= high[first] and low[first] <= high[idea]
        if not overlaps:
            tier, first = tier + 1, idea
        tiers[idea] = tier
    return tiers
