"""Adjusted p-values for families of tests, and the interval level that agrees with them.

NaN marks a test that could not be made: it is left out of the family's size and stays NaN.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.validation import FloatArray

FamilyAxes: TypeAlias = int | tuple[int, ...] | None


class Correction(StrEnum):
    """Rules for a family of tests, in the words of the readout."""

    BONFERRONI = "bonferroni"
    HOLM = "holm"
    HOCHBERG = "hochberg"
    HOMMEL = "hommel"
    BENJAMINI_HOCHBERG = "benjamini-hochberg"
    BENJAMINI_YEKUTIELI = "benjamini-yekutieli"


def adjusted_p(p: ArrayLike, correction: str, *, axis: FamilyAxes = -1) -> FloatArray:
    """p-values that may be compared with alpha directly; shape as `p`.

    The family runs along `axis`: one axis, several (treatments x metrics), or None for all cells together.
    Bonferroni, Holm, Hochberg and Hommel bound the chance of any false find (the latter two if the tests are
    independent or positively dependent); the Benjamini rules bound the expected share of false finds among the finds.
    """
    return _per_family(p, axis, _RULES[Correction(correction)])


def holm(p: ArrayLike, *, axis: FamilyAxes = -1) -> FloatArray:
    """Adjusted p-values that bound the family's error under any dependence. Source: Holm (1979)."""
    return _per_family(p, axis, _holm)


def hochberg(p: ArrayLike, *, axis: FamilyAxes = -1) -> FloatArray:
    """Adjusted p-values, never above Holm's; not for negatively dependent tests. Source: Hochberg (1988)."""
    return _per_family(p, axis, _hochberg)


def benjamini_hochberg(p: ArrayLike, *, axis: FamilyAxes = -1) -> FloatArray:
    """Adjusted p-values that bound the false discovery rate. Source: Benjamini & Hochberg (1995)."""
    return _per_family(p, axis, _benjamini_hochberg)


def benjamini_yekutieli(p: ArrayLike, *, axis: FamilyAxes = -1) -> FloatArray:
    """The same under any dependence, at a price of about log m. Source: Benjamini & Yekutieli (2001)."""
    return _per_family(p, axis, _benjamini_yekutieli)


def matching_alpha(p: ArrayLike, *, alpha: ArrayLike = 0.05, axis: FamilyAxes = -1) -> FloatArray:
    """The alpha at which intervals exclude zero exactly where Benjamini & Hochberg's rule rejects.

    `max(R, 1) alpha / m` for R rejections among m tests: pass it as `alpha` to the comparison itself. The family's
    axes stay, 1 long, so that the answer broadcasts. A family without any test gives alpha itself.
    Source: Benjamini & Yekutieli (2005), intervals with a controlled false coverage rate.
    """
    level = validation.significance(alpha)
    adjusted = benjamini_hochberg(p, axis=axis)
    size = np.sum(~np.isnan(adjusted), axis=axis, keepdims=True)
    rejected = np.sum(adjusted <= level, axis=axis, keepdims=True)
    return np.asarray(level * np.maximum(rejected, 1) / np.maximum(size, 1))


# Each rule gets p sorted ascending along the last axis with NaN replaced by infinity, the ranks from 1, and the number
# of real tests, 1 long on the last axis.
_Rule: TypeAlias = Callable[[FloatArray, FloatArray, FloatArray], FloatArray]


def _per_family(p: ArrayLike, axis: FamilyAxes, rule: _Rule) -> FloatArray:
    values = validation.p_values("p", p)
    axes = tuple(range(values.ndim)) if axis is None else np.atleast_1d(np.asarray(axis, dtype=np.intp)) % values.ndim
    last = tuple(range(-len(axes), 0))
    moved = np.moveaxis(values, tuple(axes), last)
    flat = moved.reshape(*moved.shape[: moved.ndim - len(axes)], -1)
    order = np.argsort(flat, axis=-1)
    ordered = np.take_along_axis(flat, order, axis=-1)
    size = np.sum(~np.isnan(flat), axis=-1, keepdims=True).astype(np.float64)
    ranks = np.arange(1.0, flat.shape[-1] + 1.0)
    adjusted = np.minimum(rule(np.where(np.isnan(ordered), np.inf, ordered), ranks, size), 1.0)
    answer = np.empty_like(flat)
    np.put_along_axis(answer, order, np.where(np.isnan(ordered), np.nan, adjusted), axis=-1)
    return np.moveaxis(answer.reshape(moved.shape), last, tuple(axes))


def _step_down(values: FloatArray) -> FloatArray:
    return np.asarray(np.maximum.accumulate(values, axis=-1))


def _step_up(values: FloatArray) -> FloatArray:
    return np.asarray(np.minimum.accumulate(values[..., ::-1], axis=-1)[..., ::-1])


def _bonferroni(p: FloatArray, ranks: FloatArray, size: FloatArray) -> FloatArray:
    return p * np.maximum(size, 1.0)


def _holm(p: FloatArray, ranks: FloatArray, size: FloatArray) -> FloatArray:
    return _step_down(p * np.maximum(size - ranks + 1.0, 1.0))


def _hochberg(p: FloatArray, ranks: FloatArray, size: FloatArray) -> FloatArray:
    return _step_up(p * np.maximum(size - ranks + 1.0, 1.0))


def _benjamini_hochberg(p: FloatArray, ranks: FloatArray, size: FloatArray) -> FloatArray:
    return _step_up(p * np.maximum(size, 1.0) / ranks)


def _benjamini_yekutieli(p: FloatArray, ranks: FloatArray, size: FloatArray) -> FloatArray:
    harmonic = np.sum(np.where(ranks <= size, 1.0 / ranks, 0.0), axis=-1, keepdims=True)
    return np.asarray(_benjamini_hochberg(p, ranks, size) * np.maximum(harmonic, 1.0))


def _hommel(p: FloatArray, ranks: FloatArray, size: FloatArray) -> FloatArray:
    """Closed testing with Simes tests: the worst Simes p of any subset that holds the hypothesis.

    Among subsets of m tests the worst for a hypothesis is itself with the m - 1 largest p. Source: Hommel (1988).
    """
    families = zip(p.reshape(-1, p.shape[-1]), size.reshape(-1), strict=True)
    rows = [np.concatenate([_hommel_row(row[: int(m)]), row[int(m) :]]) for row, m in families]
    return np.asarray(rows).reshape(p.shape)


def _hommel_row(p: FloatArray) -> FloatArray:
    total = len(p)
    worst = p.copy()
    for m in range(2, total + 1):
        largest = p[total - m + 1 :]
        others = np.min(m * largest / np.arange(2, m + 1))
        own = np.minimum(m * np.minimum(p, p[total - m]), others)
        worst = np.maximum(worst, own)
    return worst


_RULES: dict[Correction, _Rule] = {
    Correction.BONFERRONI: _bonferroni,
    Correction.HOLM: _holm,
    Correction.HOCHBERG: _hochberg,
    Correction.HOMMEL: _hommel,
    Correction.BENJAMINI_HOCHBERG: _benjamini_hochberg,
    Correction.BENJAMINI_YEKUTIELI: _benjamini_yekutieli,
}
