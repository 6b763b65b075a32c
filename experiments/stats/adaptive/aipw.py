"""Means and differences after adaptive collection, by augmented inverse propensity weighting of batch moments.

A bandit stops playing an arm when its luck was bad, so plain means are biased downwards and their intervals miss too
often. The score `mu + 1{arm played} (y - mu) / e` has the right mean in every batch, whatever the bandit does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import student, validation
from experiments.stats.adaptive.batches import BatchLog
from experiments.stats.adaptive.weights import DECAY, Weights, evaluation_weights
from experiments.stats.contrast import Contrast, absolute, relative
from experiments.stats.estimate import Estimate, Method, Note
from experiments.stats.sample_mean import welch_df
from experiments.stats.status import Standing, Status
from experiments.stats.validation import Alternative, BoolArray, FloatArray


@dataclass(frozen=True, eq=False)
class AdaptiveMeans:
    """Mean reward of every arm, as if everybody had got it, with the covariances that contrasts need.

    estimate:        (..., arm), in the metric's unit. covariance: (..., arm, arm). n: customers who got the arm.
    df:              degrees of freedom of each variance, `BatchLog.variance_df`; infinite without third sums.
    weights:         the evaluation weights used; a note names them where they are not uniform.
    is_unidentified: the arm had propensity 0 in some batch with customers: `not_identified`, all numbers NaN.
    is_flat:         no two of the arm's rewards differ: `zero_variance` where that holds of every arm in the answer.
    is_weak:         see `BatchLog.is_weak`: `approximation_weak`.
    """

    estimate: FloatArray
    covariance: FloatArray
    n: FloatArray
    df: FloatArray
    weights: Weights
    is_unidentified: BoolArray
    is_flat: BoolArray
    is_weak: BoolArray

    @property
    def squared_error(self) -> FloatArray:
        """Variance of each arm's estimate, shape (..., arm)."""
        return np.asarray(np.einsum("...kk->...k", self.covariance))

    def values(self, *, alpha: ArrayLike = 0.05) -> Estimate:
        """Each arm's mean with its interval, shape (..., arm). Nothing is compared: no control, and p is NaN."""
        level, se = validation.significance(alpha), np.sqrt(self.squared_error)
        reach = student.critical_value(self.df, level, Alternative.TWO_SIDED) * se
        arms = list(range(self.n.shape[-1]))
        return Estimate.judged(
            Standing(reach.shape, self._hindrances(arms, arms)),
            estimate=self.estimate,
            se=se,
            df=self.df,
            low=self.estimate - reach,
            high=self.estimate + reach,
            p=np.full(reach.shape, np.nan),
            method=Method.AIPW,
            alpha=level,
            n_control=np.zeros_like(self.n),
            n_treatment=self.n,
            notes=self._notes,
        )

    def contrasts(self, *, control: int = 0, alpha: ArrayLike = 0.05) -> Estimate:
        """Each other arm minus `control` in the metric's unit, shape (..., arm - 1), with a t interval."""
        return absolute(self._contrast(control), Method.AIPW, alpha=alpha, alternative=Alternative.TWO_SIDED)

    def lifts(self, *, control: int = 0, alpha: ArrayLike = 0.05, can_be_negative: ArrayLike = False) -> Estimate:
        """Each other arm over `control`, minus one, shape (..., arm - 1); interval by the rule of `relative_lift`."""
        contrast = self._contrast(control)
        return relative(contrast, alpha=alpha, alternative=Alternative.TWO_SIDED, can_be_negative=can_be_negative)

    def _contrast(self, control: int) -> Contrast:
        one, *others = control_first(self.n.shape[-1], control)
        own = [one]
        variance, shared = self.squared_error, self.covariance[..., one, :][..., others]
        return Contrast(
            difference=self.estimate[..., others] - self.estimate[..., own],
            squared_error=variance[..., others] + variance[..., own] - 2.0 * shared,
            df=welch_df(variance[..., own], variance[..., others], self.df[..., own], self.df[..., others]),
            control_mean=self.estimate[..., own],
            control_squared_error=variance[..., own],
            covariance=shared - variance[..., own],
            n_control=self.n[..., own],
            n_treatment=self.n[..., others],
            hindrances=self._hindrances(own, others),
            notes=self._notes,
        )

    def _hindrances(self, one: list[int], two: list[int]) -> tuple[tuple[BoolArray, Status], ...]:
        """What stands against an answer about these arms together, gravest first."""
        fewest = np.minimum(self.n[..., one], self.n[..., two])
        return (
            (fewest == 0, Status.EMPTY_ARM),
            (self.is_unidentified[..., one] | self.is_unidentified[..., two], Status.NOT_IDENTIFIED),
            (fewest < 2, Status.TOO_FEW),
            (self.is_flat[..., one] & self.is_flat[..., two], Status.ZERO_VARIANCE),
            (self.is_weak[..., one] | self.is_weak[..., two], Status.APPROXIMATION_WEAK),
        )

    @property
    def _notes(self) -> tuple[Note, ...]:
        if self.weights is Weights.UNIFORM:
            return ()
        return (Note(f"Batches weighted by the {self.weights} rule.", np.asarray(True)),)


def aipw(log: BatchLog, *, weights: str = Weights.UNIFORM, decay: float = DECAY) -> AdaptiveMeans:
    """Mean reward of every arm over all decisions of the log, with covariances; ask it for values, contrasts, lifts.

    `weights` other than uniform give narrower intervals that miss somewhat more often at rare outcomes; take
    two-point where a floor falls below 1%. `decay` belongs to two-point only.
    Edge: see `AdaptiveMeans`. Single decisions are batches of one and give the answer of a pass over the rows.
    Source: Hadad, Hirshberg, Zhan, Wager & Athey (2021), eqs. 5-9; t in place of the normal is ours: with the normal,
    contrasts of rare outcomes at a floor of 1% are covered in 93.0%, with t in 94.7% (95% asked for).
    """
    h, size = evaluation_weights(log, weights, decay=decay), log.decisions[..., None]
    sums, squares = log.residuals()
    weighed = (h * size).sum(axis=-2)
    total = np.where(weighed > 0, weighed, 1.0)  # nobody yet: every sum is 0 as well
    estimate = (h * (size * log.plug_in + sums)).sum(axis=-2) / total
    offset = log.plug_in - estimate[..., None, :]
    totals = log.totals
    return AdaptiveMeans(
        estimate=estimate,
        covariance=_covariance(h / total[..., None, :], size, offset, sums, squares),
        n=totals.n,
        df=log.variance_df(h),
        weights=Weights(weights),
        is_unidentified=log.is_unidentified,
        is_flat=log.is_flat,
        is_weak=log.is_weak,
    )


def control_first(arms: int, control: int) -> list[int]:
    """Indices of the arms, the control's at the head."""
    return [control % arms, *(arm for arm in range(arms) if arm != control % arms)]


def _covariance(
    h: FloatArray, size: FloatArray, offset: FloatArray, sums: FloatArray, squares: FloatArray
) -> FloatArray:
    """`sum h_k h_l (G_k - Q_k)(G_l - Q_l)` over all decisions, from the sums of each batch.

    `G_k - Q_k = offset_k + residual_k`, and of two arms at most one has a residual in any decision.
    """
    offsets, residuals = h * offset, h * sums
    common = np.einsum("...bk,...bl->...kl", size * offsets, offsets)
    across = np.einsum("...bk,...bl->...kl", offsets, residuals)
    own = np.einsum("...bk,kl->...kl", h**2 * squares, np.eye(h.shape[-1]))
    return np.asarray(common + across + np.swapaxes(across, -1, -2) + own)
