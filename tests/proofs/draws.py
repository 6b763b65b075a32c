"""Data for proofs, drawn as aggregates wherever their distribution is known exactly: no rows, many runs."""

import numpy as np
from numpy.typing import NDArray

from experiments.stats import CrossMoments, Moments

Array = NDArray[np.float64]

BATCH = 500


def spending(sizes: Array, rng: np.random.Generator, *, buyers: float = 0.2, cap: float = np.inf) -> Moments:
    """Moments of `sizes` customers each, of whom a share buys for a log-normal(3, 1) amount; third sums included."""
    sizes = np.asarray(sizes)
    count = rng.binomial(sizes.astype(np.int64), buyers)
    ends = np.concatenate([[0], np.cumsum(count)])
    amounts = np.minimum(rng.lognormal(3.0, 1.0, ends[-1]), cap)
    totals = [np.diff(np.concatenate([[0.0], np.cumsum(amounts**power)])[ends]) for power in (1, 2, 3)]
    return Moments.from_sums(sizes, *totals)


def spending_runs(
    size: int, made: int, rng: np.random.Generator, *, buyers: float = 0.2, cap: float = np.inf
) -> Moments:
    """`made` samples of `size` customers, drawn so many at a time that memory stays small."""
    sizes = [np.full(min(BATCH, made - start), size) for start in range(0, made, BATCH)]
    parts = [spending(part, rng, buyers=buyers, cap=cap) for part in sizes]
    fields = ("n", "mean", "m2", "m3")
    return Moments(*(np.concatenate([getattr(part, name) for part in parts]) for name in fields))


def normal_cross_moments(
    size: int, covariance: Array, mean: Array, made: int, rng: np.random.Generator
) -> CrossMoments:
    """Cross moments of `size` normal rows, `made` times, by Bartlett's decomposition of the Wishart distribution."""
    k = len(covariance)
    factor = np.tril(rng.normal(size=(made, k, k)), -1)
    for place in range(k):
        factor[:, place, place] = np.sqrt(rng.chisquare(size - 1 - place, made))
    root = np.linalg.cholesky(covariance)
    spread = root @ factor
    means = mean + rng.normal(size=(made, k)) @ root.T / np.sqrt(size)
    return CrossMoments(size, means, spread @ np.swapaxes(spread, -1, -2))
