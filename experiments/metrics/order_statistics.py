"""A quantile metric's numbers: which ranks to ask the engine for, and what the answer means."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from experiments import stats

Array = NDArray[np.float64]


def ranks_needed(n: Array, q: float) -> list[int]:
    """Ranks (from 1) around the quantile of each variant of `n` customers, and at its interval's ends."""
    around = [rank for size in n if size >= 1 for rank in _neighbours(size, q)]
    ends = np.concatenate(stats.woodruff_ranks(np.maximum(n, 1), q))
    return sorted({*around, *(int(rank) for rank in ends if np.isfinite(rank))})


def order_statistics(
    n: Array, q: float, variants: Sequence[str], values: Mapping[tuple[str, int], float]
) -> tuple[Array, Array, Array]:
    """Estimate (type 7), lower and upper order statistic of each variant; NaN where there are too few customers."""
    lower, upper = stats.woodruff_ranks(np.maximum(n, 1), q)
    estimate = [_interpolated(variant, size, q, values) for variant, size in zip(variants, n, strict=True)]
    ends = [
        [values.get((variant, int(rank)), np.nan) if np.isfinite(rank) else np.nan for variant, rank in pairs]
        for pairs in (zip(variants, lower, strict=True), zip(variants, upper, strict=True))
    ]
    return np.array(estimate), np.array(ends[0]), np.array(ends[1])


def _neighbours(n: float, q: float) -> tuple[int, int]:
    below = int(np.floor((n - 1) * q)) + 1
    return below, min(below + 1, int(n))


def _interpolated(variant: str, n: float, q: float, values: Mapping[tuple[str, int], float]) -> float:
    if n < 1:
        return float("nan")
    below, above = (values[variant, rank] for rank in _neighbours(n, q))
    return float(below + (above - below) * ((n - 1) * q % 1))
