"""Differences of means adjusted by regression for what was known of the customers before the experiment.

All functions take `CrossMoments` whose first column is the outcome and whose other columns are covariates measured
before exposure: the outcome's own value in the period before is the best of them.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import contrast, regression, validation
from experiments.stats.contrast import Contrast
from experiments.stats.covariates import IMBALANCE_ALPHA, covariate_balance, spread
from experiments.stats.cross_moments import CrossMoments
from experiments.stats.estimate import Estimate, Method, Note
from experiments.stats.status import Status
from experiments.stats.validation import Alternative, BoolArray, FloatArray

IMBALANCE_NOTE = "covariate_imbalance: {name} differs between the variants though it was measured before exposure."
LEFT_OUT_NOTE = "Covariate {name} was left out: in at least one variant it is constant or follows from the others."


def lin(
    control: CrossMoments,
    treatment: CrossMoments,
    *,
    everyone: CrossMoments | None = None,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    null_difference: ArrayLike = 0.0,
    names: Sequence[str] = (),
    is_weak: ArrayLike = False,
    finite_population: bool = False,
) -> Estimate:
    """Treatment mean minus control mean, adjusted with slopes of each side's own: never wider in large samples.

    everyone: all variants of the experiment together (`CrossMoments.pooled`), whose covariate means both sides are
              moved to; by default control and treatment. With several treatments pass it, so that all share it.
    names:    of the covariates, for the notes. is_weak: cells whose outcome is too skewed for its sample (from
              `welch` with third sums), to carry the status on.
    Shape:    whatever the cells of both sides and `alpha` broadcast to. Unit: that of the outcome.
    Variance: for customers like these, not only these; `finite_population` leaves out the term for who was drawn.
    Edge:     statuses of `welch`; `too_few` also where a side has no degree of freedom left after its covariates.
              Covariates that are collinear (or constant in one side) are left out of both sides and noted, as is a
              covariate whose means differ between the sides at p < 0.001.
    Source:   Lin (2013), section 4; degrees of freedom by Satterthwaite (1946).
    """
    found = _lin(control, treatment, everyone, names=names, is_weak=is_weak, finite_population=finite_population)
    return contrast.absolute(found, Method.LIN, alpha=alpha, alternative=alternative, null_difference=null_difference)


def lin_lift(
    control: CrossMoments,
    treatment: CrossMoments,
    *,
    everyone: CrossMoments | None = None,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    can_be_negative: ArrayLike = False,
    names: Sequence[str] = (),
    is_weak: ArrayLike = False,
) -> Estimate:
    """The adjusted difference of `lin` as a share of the control mean as it was measured.

    Unit: a share. The interval is on the log scale, or Fieller's by the rule of `relative_lift`; p is that of the
    adjusted difference. Arguments and edges are those of `lin`, and `relative_undefined`, `relative_sign` as there.
    Source: delta method with all covariances of the adjusted difference and the control mean.
    """
    found = _lin(control, treatment, everyone, names=names, is_weak=is_weak)
    return contrast.relative(found, alpha=alpha, alternative=alternative, can_be_negative=can_be_negative)


def ancova(
    control: CrossMoments,
    treatment: CrossMoments,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    names: Sequence[str] = (),
) -> Estimate:
    """Treatment minus control from one regression with common slopes and one residual variance.

    For comparison with other tools: with unequal groups whose slopes differ it can be worse than no adjustment, and
    its standard error assumes equal variances. Arguments and edges are those of `lin`.
    Source: ordinary least squares of the outcome on a treatment indicator and the covariates.
    """
    n, mean, products = _stacked(control, treatment)
    joint = regression.fit(products.sum(axis=-3, keepdims=True))
    gap = mean[..., 1, 1:] - mean[..., 0, 1:]
    df = n.sum(axis=-1) - 2.0 - joint.size
    variance = _per_freedom(joint.residual[..., 0], df)
    leverage = np.einsum("...i,...ij,...j->...", gap, joint.inverse[..., 0, :, :], gap)
    with np.errstate(divide="ignore"):
        squared_error = variance * ((1.0 / n).sum(axis=-1) + leverage)
    found = Contrast(
        difference=mean[..., 1, 0] - mean[..., 0, 0] - (joint.slopes[..., 0, :] * gap).sum(axis=-1),
        squared_error=squared_error,
        df=df,
        control_mean=mean[..., 0, 0],
        control_squared_error=np.full(df.shape, np.nan),
        covariance=np.full(df.shape, np.nan),
        n_control=n[..., 0],
        n_treatment=n[..., 1],
        hindrances=_hindrances(n, df, joint.residual[..., 0] == 0, False),
        notes=_notes(control, treatment, joint.kept, names),
    )
    return contrast.absolute(found, Method.ANCOVA, alpha=alpha, alternative=alternative)


def common_slopes(control: CrossMoments, treatment: CrossMoments) -> FloatArray:
    """The slopes of `ancova`, shape (..., covariate): outcome units per covariate unit, 0 for one left out."""
    return regression.fit(_stacked(control, treatment)[2].sum(axis=-3, keepdims=True)).slopes[..., 0, :]


def _lin(
    control: CrossMoments,
    treatment: CrossMoments,
    everyone: CrossMoments | None,
    *,
    names: Sequence[str],
    is_weak: ArrayLike,
    finite_population: bool = False,
) -> Contrast:
    """Lin's estimate with what a lift needs: one regression a side, moved to everyone's covariate means."""
    n, mean, products = _stacked(control, treatment)
    everyone = control.merge(treatment) if everyone is None else everyone
    if everyone.columns != control.columns:
        raise ValueError(f"columns do not match: everyone has {everyone.columns}, control {control.columns}")
    own = regression.fit(products)
    offset = mean[..., 1:] - everyone.mean[..., None, 1:]
    adjusted = mean[..., 0] - (own.slopes * offset).sum(axis=-1)
    df = n - 1.0 - own.size[..., None]
    terms = _per_freedom(own.residual, df) / np.maximum(n, 1.0)
    gap = own.slopes[..., 1, :] - own.slopes[..., 0, :]
    across = np.einsum("...i,...ij,...j->...", gap, everyone.covariance[..., 1:, 1:], gap)
    drawn = (0.0 if finite_population else across) / np.maximum(everyone.n, 1.0)
    control_variance = _per_freedom(products[..., 0, 0, :], n[..., 0] - 1.0)
    shared = (gap * control_variance[..., 1:]).sum(axis=-1) / np.maximum(everyone.n, 1.0)
    unexplained = control_variance[..., 0] - (own.slopes[..., 0, :] * control_variance[..., 1:]).sum(axis=-1)
    squared_error = terms.sum(axis=-1) + drawn
    with np.errstate(divide="ignore", invalid="ignore"):
        total_df = squared_error**2 / ((terms**2 / df).sum(axis=-1) + drawn**2 / (everyone.n - 1.0))
    return Contrast(
        difference=adjusted[..., 1] - adjusted[..., 0],
        squared_error=squared_error,
        df=total_df,
        control_mean=mean[..., 0, 0],
        control_squared_error=control_variance[..., 0] / np.maximum(n[..., 0], 1.0),
        covariance=shared - unexplained / np.maximum(n[..., 0], 1.0),
        n_control=n[..., 0],
        n_treatment=n[..., 1],
        hindrances=_hindrances(n, df.min(axis=-1), (own.residual == 0).all(axis=-1), is_weak),
        notes=_notes(control, treatment, own.kept, names),
    )


def _stacked(control: CrossMoments, treatment: CrossMoments) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sizes, means and cross products of both sides at their common shape, with a group axis: 0 is control."""
    if control.columns != treatment.columns:
        raise ValueError(f"columns do not match: control has {control.columns}, treatment {treatment.columns}")
    n = np.stack(validation.broadcast(control=control.n, treatment=treatment.n), axis=-1)
    cells, columns = n.shape[:-1], control.columns
    means = [np.broadcast_to(side.mean, (*cells, columns)) for side in (control, treatment)]
    products = [np.broadcast_to(side.m, (*cells, columns, columns)) for side in (control, treatment)]
    return n, np.stack(means, axis=-2), np.stack(products, axis=-3)


def _per_freedom(squares: FloatArray, df: FloatArray) -> FloatArray:
    """Sums of squares per degree of freedom, NaN where there is none left."""
    df = df.reshape(df.shape + (1,) * (squares.ndim - df.ndim))
    return np.where(df > 0, squares / np.where(df > 0, df, 1.0), np.nan)


def _hindrances(
    n: FloatArray, df: FloatArray, is_flat: BoolArray, is_weak: ArrayLike
) -> tuple[tuple[BoolArray, Status], ...]:
    return (
        (n.min(axis=-1) == 0, Status.EMPTY_ARM),
        ((n.min(axis=-1) < 2) | (df < 1), Status.TOO_FEW),
        (is_flat, Status.ZERO_VARIANCE),
        (np.asarray(is_weak, dtype=np.bool_), Status.APPROXIMATION_WEAK),
    )


def _notes(control: CrossMoments, treatment: CrossMoments, kept: BoolArray, names: Sequence[str]) -> tuple[Note, ...]:
    """Which covariates were left out although they vary, and which differ between the sides."""
    varies = (spread(control) > 0) | (spread(treatment) > 0)
    unlike = covariate_balance(control, treatment).p < IMBALANCE_ALPHA
    labels = names or [str(index + 1) for index in range(kept.shape[-1])]
    cells = list(zip(labels, np.moveaxis(varies & ~kept, -1, 0), np.moveaxis(unlike, -1, 0), strict=True))
    left_out = (Note(LEFT_OUT_NOTE.format(name=name), where) for name, where, _ in cells)
    return (*left_out, *(Note(IMBALANCE_NOTE.format(name=name), where) for name, _, where in cells))
