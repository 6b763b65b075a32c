"""Means and centred cross products of several columns per customer: for ratio, adjusted and clustered metrics."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.moments import INCONSISTENT_SHARE, ROUNDING_SHARE, Moments
from experiments.stats.validation import FloatArray


@dataclass(frozen=True, eq=False)
class CrossMoments:
    """Size `n[...]`, means `mean[..., k]` and centred cross products `m[..., k, k]` of k columns.

    `m[i, j] = sum (y_i - mean_i)(y_j - mean_j)` over customers. A cell with n = 0 is legal and has mean NaN.
    Raises `ValueError` for NaN, fractions of a customer, an asymmetric `m` or a diagonal below zero.
    """

    n: FloatArray
    mean: FloatArray
    m: FloatArray

    def __post_init__(self) -> None:
        n = validation.whole_counts("n", self.n)
        mean, m = validation.numbers("mean", self.mean), validation.finite("m", self.m)
        n, mean, m = _common_shape(n, mean, m)
        validation.refuse("mean", mean, (n > 0)[..., None] & ~np.isfinite(mean), "must be a finite number")
        mean = np.where((n > 0)[..., None], mean, np.nan)
        size = np.sqrt(np.einsum("...ii->...i", np.abs(m)))
        gap = np.abs(m - np.swapaxes(m, -1, -2))
        uneven = gap > INCONSISTENT_SHARE * size[..., :, None] * size[..., None, :]
        validation.refuse("m", m, uneven, "must be symmetric")
        scale = np.einsum("...ii->...i", np.abs(m)) + n[..., None] * np.nan_to_num(mean) ** 2
        diagonal = np.einsum("...ii->...i", m)
        validation.refuse("m", diagonal, diagonal < -INCONSISTENT_SHARE * scale, "inconsistent cross products")
        lone = (n <= 1)[..., None, None]
        for name, value in {"n": n, "mean": mean, "m": np.where(lone, 0.0, m)}.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_sums(cls, n: ArrayLike, s1: ArrayLike, s2: ArrayLike, *, pivot: ArrayLike = 0.0) -> Self:
        """Cross moments from `s1[..., k] = sum (y - pivot)` and `s2[..., k, k]`, the sums of products about it.

        The pivot is one number or one per column.
        """
        n_, s1_, s2_ = _common_shape(
            validation.whole_counts("n", n), validation.finite("s1", s1), validation.finite("s2", s2)
        )
        validation.refuse("s1", s1_, (n_ == 0)[..., None] & (s1_ != 0), "must be 0 where n is 0")
        offset = s1_ / np.maximum(n_, 1.0)[..., None]
        m = s2_ - s1_[..., :, None] * offset[..., None, :]
        diagonal, raw = np.einsum("...ii->...i", m), np.einsum("...ii->...i", s2_)
        validation.refuse("s2", diagonal, diagonal < -INCONSISTENT_SHARE * raw, "inconsistent moments")
        varies = diagonal > ROUNDING_SHARE * np.abs(raw)
        # A constant column has no cross products either, whatever rounding says.
        m = np.where(varies[..., :, None] & varies[..., None, :], (m + np.swapaxes(m, -1, -2)) / 2.0, 0.0)
        return cls(n_, validation.finite("pivot", pivot) + offset, m)

    @classmethod
    def from_values(cls, values: ArrayLike) -> Self:
        """Cross moments of raw rows `values[..., customer, column]`; for tests and small data."""
        array = validation.finite("values", values)
        mean = array.mean(axis=-2, keepdims=True)
        centred = array - mean
        n = np.full(array.shape[:-2], array.shape[-2], dtype=np.float64)
        return cls(n, mean.squeeze(-2), np.swapaxes(centred, -1, -2) @ centred)

    @property
    def shape(self) -> tuple[int, ...]:
        """The common shape of the cells, without the column axes."""
        return self.n.shape

    @property
    def columns(self) -> int:
        """How many columns each customer has."""
        return int(self.mean.shape[-1])

    @property
    def covariance(self) -> FloatArray:
        """Sample covariance `m / (n - 1)`, shape (..., k, k), NaN below two customers."""
        spare = self.n[..., None, None] - 1.0
        return np.where(spare > 0, self.m / np.maximum(spare, 1.0), np.nan)

    def column(self, index: int) -> Moments:
        """The moments of one column by itself."""
        return Moments(self.n, self.mean[..., index], np.maximum(self.m[..., index, index], 0.0))

    def take(self, columns: Sequence[int]) -> "CrossMoments":
        """The same customers with only these columns, in this order."""
        chosen = list(columns)
        return CrossMoments(self.n, self.mean[..., chosen], self.m[..., chosen, :][..., :, chosen])

    def with_constants(self, values: ArrayLike) -> "CrossMoments":
        """The same customers with more columns, each constant within a cell: `values[..., column]`.

        Cells that are merged afterwards turn such a column into an indicator of where a customer came from.
        """
        extra = validation.finite("values", values)
        extra = np.broadcast_to(extra, (*self.shape, extra.shape[-1]))
        more = extra.shape[-1]
        m = np.pad(self.m, [(0, 0)] * len(self.shape) + [(0, more)] * 2)
        return CrossMoments(self.n, np.concatenate([self.mean, extra], axis=-1), m)

    def pooled(self, *, axis: int = -1) -> "CrossMoments":
        """All cells along one cell axis together (all variants, all strata); that axis stays, 1 long.

        The cells must share no customer.
        """
        n, place = self.n, axis % len(self.shape)
        total = n.sum(axis=place, keepdims=True)
        known = np.where((n > 0)[..., None], self.mean, 0.0)
        mean = (n[..., None] * known).sum(axis=place, keepdims=True) / np.maximum(total, 1.0)[..., None]
        gap = np.where((n > 0)[..., None], known - mean, 0.0)
        spread = n[..., None, None] * gap[..., :, None] * gap[..., None, :]
        return CrossMoments(total, mean, (self.m + spread).sum(axis=place, keepdims=True))

    def __getitem__(self, index: Any) -> "CrossMoments":
        """The cells at `index` of the common shape; the column axes stay. Name every axis or use no ellipsis."""
        return CrossMoments(self.n[index], self.mean[index], self.m[index])

    def split(self, *, axis: int = -1, control: int = 0) -> tuple["CrossMoments", "CrossMoments"]:
        """Control (its axis kept, 1 long) and all other variants; `axis` counts the cell axes only."""
        others = [i for i in range(self.shape[axis]) if i != control % self.shape[axis]]
        rest = (slice(None),) * (axis % len(self.shape))
        return self[(*rest, [control])], self[(*rest, others)]

    def merge(self, other: "CrossMoments") -> "CrossMoments":
        """Cross moments of two parts that share no customer. Source: Chan, Golub & LeVeque (1983); Pebay (2008)."""
        n = self.n + other.n
        size = np.maximum(n, 1.0)
        both = ((self.n > 0) & (other.n > 0))[..., None]
        first = np.where((self.n > 0)[..., None], self.mean, 0.0)
        second = np.where((other.n > 0)[..., None], other.mean, 0.0)
        gap = np.where(both, second - first, 0.0)
        mean = np.where((self.n > 0)[..., None], first + gap * (other.n / size)[..., None], second)
        weight = (self.n * other.n / size)[..., None, None]
        return CrossMoments(n, mean, self.m + other.m + weight * gap[..., :, None] * gap[..., None, :])


def _common_shape(n: FloatArray, mean: FloatArray, m: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """The three arrays with one cell shape and one column count."""
    k = mean.shape[-1] if mean.ndim else 0
    if not k or m.shape[-2:] != (k, k):
        raise ValueError(f"columns do not match: means have shape {mean.shape}, cross products {m.shape}")
    try:
        cells = np.broadcast_shapes(n.shape, mean.shape[:-1], m.shape[:-2])
    except ValueError as error:
        raise ValueError(f"shapes do not broadcast: n {n.shape}, means {mean.shape}, products {m.shape}") from error
    return np.broadcast_to(n, cells), np.broadcast_to(mean, (*cells, k)), np.broadcast_to(m, (*cells, k, k))
