"""Comparisons within strata, put together by how many customers each stratum has."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.estimate import Estimate, Method, Note
from experiments.stats.lift import relative_lift
from experiments.stats.means import welch
from experiments.stats.moments import Moments
from experiments.stats.sample_mean import SampleMean
from experiments.stats.validation import Alternative, BoolArray, FloatArray

FEWEST_PER_SIDE = 2.0

MERGED_NOTE = "A stratum with fewer than 2 customers in a variant was merged with the smallest other stratum."


def post_stratify(
    control: Moments,
    treatment: Moments,
    *,
    shares: ArrayLike | None = None,
    axis: int = -1,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    null_difference: ArrayLike = 0.0,
) -> Estimate:
    """Treatment minus control within each stratum, weighted by the strata's shares of all customers.

    control, treatment: moments with strata along `axis`, which the answer lacks.
    shares: of each stratum over all variants along the last axis, summing to 1; by default those of both sides
            together. With several treatments pass them, so that all share them.
    Unit:   that of the metric.
    Edge:   a stratum with fewer than 2 customers in a side is merged with the smallest other one, and noted; where
            that leaves one stratum with fewer than 2, the status is `too_few`.
    Source: Miratrix, Sekhon & Yu (2013); degrees of freedom by Satterthwaite (1946).
    """
    sides = _Strata.of(control, treatment, shares, axis)
    found = welch(
        *sides.means(),
        alpha=alpha,
        alternative=alternative,
        null_difference=null_difference,
        method=Method.POST_STRATIFICATION,
    )
    return found.noted(Note(MERGED_NOTE, sides.is_merged))


def post_stratified_lift(
    control: Moments,
    treatment: Moments,
    *,
    shares: ArrayLike | None = None,
    axis: int = -1,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    can_be_negative: ArrayLike = False,
) -> Estimate:
    """The difference of `post_stratify` as a share of the control mean at the same strata shares.

    Arguments as there, interval and statuses as `relative_lift`.
    """
    sides = _Strata.of(control, treatment, shares, axis)
    found = relative_lift(*sides.means(), alpha=alpha, alternative=alternative, can_be_negative=can_be_negative)
    return found.noted(Note(MERGED_NOTE, sides.is_merged))


@dataclass(frozen=True)
class _Strata:
    """Both sides with strata last, and where each stratum went: `home[..., stratum, group]` is one-hot."""

    control: Moments
    treatment: Moments
    shares: FloatArray
    home: FloatArray

    @classmethod
    def of(cls, control: Moments, treatment: Moments, shares: ArrayLike | None, axis: int) -> "_Strata":
        one, two = _strata_last(control, axis), _strata_last(treatment, axis)
        n_control, n_treatment = validation.broadcast(control=one.n, treatment=two.n)
        total = n_control + n_treatment
        known = total / np.maximum(total.sum(axis=-1, keepdims=True), 1.0)
        weight = known if shares is None else np.broadcast_to(validation.shares("shares", shares), total.shape)
        return cls(one, two, weight, _homes(n_control, n_treatment, weight))

    @property
    def is_merged(self) -> BoolArray:
        return np.asarray((np.einsum("...hh->...h", self.home) < 1).any(axis=-1))

    def means(self) -> tuple[SampleMean, SampleMean]:
        weight = _gathered(self.shares, self.home)
        return _weighted(self.control, self.home, weight), _weighted(self.treatment, self.home, weight)


def _strata_last(side: Moments, axis: int) -> Moments:
    fields = (side.n, side.mean, side.m2) + (() if side.m3 is None else (side.m3,))
    return Moments(*(np.moveaxis(field, axis, -1) for field in fields))


def _gathered(values: FloatArray, home: FloatArray) -> FloatArray:
    """Sums of `values[..., stratum]` by group."""
    return np.asarray((values[..., :, None] * home).sum(axis=-2))


def _homes(control: FloatArray, treatment: FloatArray, weight: FloatArray) -> FloatArray:
    """Merges thin strata, thinnest first, until every group has 2 customers a side or one group is left."""
    count = control.shape[-1]
    home = np.broadcast_to(np.eye(count), (*control.shape, count)).copy()
    for _ in range(count - 1):
        sizes = [_gathered(side, home) for side in (control, treatment)]
        is_used = (_gathered(weight, home) > 0) | (sizes[0] + sizes[1] > 0)
        is_thin = is_used & (np.minimum(*sizes) < FEWEST_PER_SIDE)
        source = _smallest(sizes[0] + sizes[1], is_thin)
        target = _smallest(sizes[0] + sizes[1], is_used & ~source)
        moves = np.asarray(source.any(axis=-1) & target.any(axis=-1))[..., None, None]
        if not moves.any():
            break
        moved = (home * source[..., None, :]).sum(axis=-1, keepdims=True)
        home = np.where(moves, home * ~source[..., None, :] + moved * target[..., None, :], home)
    return home


def _smallest(size: FloatArray, among: BoolArray) -> BoolArray:
    """The smallest of the allowed groups as a mask; all False where none is allowed."""
    best = np.argmin(np.where(among, size, np.inf), axis=-1, keepdims=True)
    return np.asarray((np.arange(size.shape[-1]) == best) & among)


def _weighted(side: Moments, home: FloatArray, weight: FloatArray) -> SampleMean:
    """One side's mean at the groups' shares."""
    groups = _grouped(side, home)
    is_used = weight > 0
    share = np.where(is_used, weight, 0.0)
    mean = (share * np.where(is_used, groups.mean, 0.0)).sum(axis=-1)
    terms = np.where(is_used, share**2 * groups.variance / np.maximum(groups.n, 1.0), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        df = terms.sum(axis=-1) ** 2 / np.where(terms > 0, terms**2 / (groups.n - 1.0), 0.0).sum(axis=-1)
    whole = _grouped(side, np.ones((*side.shape, 1)))
    no = np.zeros(mean.shape, dtype=np.bool_)
    return SampleMean(
        n=np.broadcast_to(whole.n[..., 0], mean.shape),
        mean=mean,
        squared_error=terms.sum(axis=-1),
        df=df,
        skewness=np.broadcast_to(whole.skewness[..., 0], mean.shape),
        is_undefined=no,
        is_weak=no,
    )


def _grouped(side: Moments, home: FloatArray) -> Moments:
    """Moments of the groups that strata were gathered into."""
    known = np.where(side.n > 0, side.mean, 0.0)
    n = _gathered(side.n, home)
    mean = _gathered(side.n * known, home) / np.maximum(n, 1.0)
    gap = (known[..., :, None] - mean[..., None, :]) * home * (side.n > 0)[..., :, None]
    m2 = (home * side.m2[..., :, None] + side.n[..., :, None] * gap**2).sum(axis=-2)
    if side.m3 is None:
        return Moments(n, mean, m2)
    within = home * side.m3[..., :, None] + 3.0 * gap * side.m2[..., :, None]
    return Moments(n, mean, m2, (within + side.n[..., :, None] * gap**3).sum(axis=-2))
