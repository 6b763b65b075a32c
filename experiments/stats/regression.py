"""Least squares from centred cross products, for many cells at once; covariates that add nothing are left out."""

from dataclasses import dataclass

import numpy as np

from experiments.stats.validation import BoolArray, FloatArray

# A covariate is left out when the others explain all but this share of its variance.
SMALLEST_PIVOT = 1e-10
# A residual below this share of the outcome's variance is rounding: the covariates explain everything.
ROUNDING_RESIDUAL = 1e-13


@dataclass(frozen=True, eq=False)
class Fit:
    """One regression per group, all on the same covariates.

    slopes:   (..., group, k), 0 for a covariate left out. residual: (..., group), the residual sum of squares.
    inverse:  (..., group, k, k), inverse of the covariates' cross products, 0 where left out.
    kept:     (..., k), covariates used. A covariate is used only if every group can tell its slope.
    """

    slopes: FloatArray
    residual: FloatArray
    inverse: FloatArray
    kept: BoolArray

    @property
    def size(self) -> FloatArray:
        """How many covariates each cell uses."""
        return np.asarray(self.kept.sum(axis=-1), dtype=np.float64)


def fit(products: FloatArray) -> Fit:
    """The regressions of column 0 on the other columns, from centred `products[..., group, 1 + k, 1 + k]`.

    Covariates enter by size of what the ones before leave unexplained, judged on the correlation scale so that no unit
    matters, until that falls below 1e-10.
    Source: elimination with diagonal pivoting, the pivoted Cholesky factor applied as it is found (the sweep
    operator; Goodnight 1979), which leaves slopes, residual and inverse in one table.
    """
    size = np.sqrt(np.einsum("...ii->...i", products))
    scale = np.where(size > 0, size, 1.0)
    table = products / scale[..., :, None] / scale[..., None, :]
    kept = np.zeros((*table.shape[:-3], table.shape[-1] - 1), dtype=np.bool_)
    for _ in range(kept.shape[-1]):
        chosen = _strongest(table, kept)
        kept, table = kept | chosen, _swept(table, chosen)
    used = np.expand_dims(kept, -2)
    slopes = table[..., 1:, 0] * scale[..., :1] / scale[..., 1:]
    inverse = -table[..., 1:, 1:] / scale[..., 1:, None] / scale[..., None, 1:]
    residual = np.where(table[..., 0, 0] > ROUNDING_RESIDUAL, table[..., 0, 0], 0.0) * size[..., 0] ** 2
    return Fit(
        slopes=np.where(used, slopes, 0.0),
        residual=residual,
        inverse=np.where(used[..., :, None] & used[..., None, :], inverse, 0.0),
        kept=kept,
    )


def _strongest(table: FloatArray, kept: BoolArray) -> BoolArray:
    """The next covariate of each cell as a mask, all False where none is left that every group can use."""
    pivots = np.einsum("...ii->...i", table)[..., 1:].min(axis=-2)
    pivots = np.where(kept, -np.inf, pivots)
    best = np.argmax(pivots, axis=-1, keepdims=True) if pivots.shape[-1] else np.zeros((*kept.shape[:-1], 1), np.intp)
    is_best = np.arange(pivots.shape[-1]) == best
    return np.asarray(is_best & (pivots >= SMALLEST_PIVOT))


def _swept(table: FloatArray, chosen: BoolArray) -> FloatArray:
    """`table` with the chosen covariate of each cell brought into the regression."""
    unit = np.concatenate([np.zeros((*chosen.shape[:-1], 1)), chosen], axis=-1)[..., None, :]
    column = (table * unit[..., None, :]).sum(axis=-1)
    pivot = (column * unit).sum(axis=-1)[..., None, None]
    pivot = np.where(pivot > 0, pivot, 1.0)
    rest = column * (1.0 - unit)
    eliminated = table - column[..., :, None] * column[..., None, :] / pivot
    entered = unit[..., :, None] * rest[..., None, :] + rest[..., :, None] * unit[..., None, :]
    return np.asarray(eliminated + (entered - unit[..., :, None] * unit[..., None, :]) / pivot)
