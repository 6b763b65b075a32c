"""Several treatments against one control: the critical value that covers all comparisons at once.

All comparisons share the control's error, so they are correlated with `sqrt(loading_i loading_j)`, where
`loading_i = v_0 / (v_0 + v_i)` is the control's part of the variance of comparison i. Given the control's error
the treatments are independent, which leaves one integral (two with estimated variance).
"""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import student, validation
from experiments.stats.bisection import boundary
from experiments.stats.estimate import Estimate, Method
from experiments.stats.means import welch
from experiments.stats.moments import Moments
from experiments.stats.sample_mean import SampleMean
from experiments.stats.validation import Alternative, FloatArray

# The shared error is integrated this far beyond the critical value; past 38 standard deviations floats end.
TAIL = 5.0
FARTHEST = 38.0
NODES_PER_PANEL = 8
SCALE_NODES = 64
CHI_TAIL = 1e-14
# Halvings of a bracket less than one standard error wide.
STEPS = 45
# A treatment without any error of its own would need a grid without end; the cap widens intervals by under 1%.
HIGHEST_LOADING = 1.0 - 1e-4


def dunnett_loading(control_squared_error: ArrayLike, treatment_squared_error: ArrayLike) -> FloatArray:
    """The control's part of each comparison's variance, in [0, 1]; squared errors are variances of the means.

    At equal variances this is `n_i / (n_i + n_0)`. NaN where a side has no variance estimate: that comparison is
    then left out of the family.
    """
    one = validation.numbers("control_squared_error", control_squared_error)
    two = validation.numbers("treatment_squared_error", treatment_squared_error)
    one, two = validation.broadcast(control_squared_error=one, treatment_squared_error=two)
    validation.refuse("squared error", np.minimum(one, two), (one < 0) | (two < 0), "must be 0 or more")
    with np.errstate(divide="ignore", invalid="ignore"):
        return one / (one + two)


def dunnett_critical(
    loading: ArrayLike,
    *,
    df: ArrayLike = np.inf,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
) -> FloatArray:
    """How many standard errors simultaneous intervals reach; `loading[..., treatment]`, answer of shape (...).

    `df` are those of a variance common to all variants; infinite for large samples with variances of their own.
    Source: Dunnett (1955, 1964).
    """
    level, side = validation.significance(alpha), Alternative(alternative)
    lam, freedom = _loading(loading), _freedom(df)
    shape = np.broadcast_shapes(lam.shape[:-1], freedom.shape, level.shape)
    level, freedom = np.broadcast_to(level, shape), np.broadcast_to(freedom, shape)
    treatments = np.maximum(np.sum(~np.isnan(lam), axis=-1), 1)
    # One comparison alone reaches less far, Bonferroni's bound at least as far.
    shortest = student.critical_value(freedom, level, side)
    longest = student.critical_value(freedom, level / treatments, side)
    return boundary(lambda c: _outside(c, lam, freedom, side) >= level, shortest, longest, steps=STEPS)


def dunnett_alpha(
    loading: ArrayLike, *, alpha: ArrayLike = 0.05, alternative: str = Alternative.TWO_SIDED
) -> FloatArray:
    """The alpha of a single comparison at Dunnett's critical value c (`2 Phi(-c)`), answer of shape (...).

    Any comparison of this package made at this alpha (Welch, Newcombe, adjusted ...) is simultaneous over the
    treatments, and `dunnett_adjusted_p` of its p-value falls below the family's alpha just when the interval
    excludes zero.
    """
    critical = dunnett_critical(loading, alpha=alpha, alternative=alternative)
    return student.p_value(-critical, np.asarray(np.inf), _one_tail(Alternative(alternative)))


def dunnett_adjusted_p(p: ArrayLike, loading: ArrayLike, *, alternative: str = Alternative.TWO_SIDED) -> FloatArray:
    """Single-comparison p-values `p[..., treatment]` adjusted for the family; same shape, NaN left out and kept.

    Each p is read as a normal tail, so p-values of t, score and z tests can all be adjusted.
    """
    values, side = validation.p_values("p", p), Alternative(alternative)
    lam = np.where(np.isnan(values), np.nan, _loading(loading))
    # p = 0 would be an infinite statistic; it stays 0 through the last line.
    floor = np.maximum(values, np.finfo(np.float64).tiny)
    z = -special.ndtri(floor / 2.0 if side is Alternative.TWO_SIDED else floor)
    adjusted = _outside(z, lam[..., None, :], np.full(z.shape, np.inf), side)
    treatments = np.sum(~np.isnan(lam), axis=-1, keepdims=True)
    return np.clip(adjusted, values, np.minimum(values * treatments, 1.0))


def dunnett_welch(
    control: Moments | SampleMean,
    treatments: Moments | SampleMean,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
) -> Estimate:
    """Welch comparisons of `treatments[..., treatment]` with one control, simultaneous over the last axis.

    Intervals are Welch's at Dunnett's level and p is adjusted; `level` is that of the family. The control's last
    axis is 1 long (see `Moments.split`). Unit, edges and statuses as for `welch`; a comparison that cannot be made
    is left out of the family.
    """
    one, many = SampleMean.of(control), SampleMean.of(treatments)
    loading = np.where(np.minimum(one.n, many.n) > 1, dunnett_loading(one.squared_error, many.squared_error), np.nan)
    level = validation.significance(alpha)
    single = dunnett_alpha(loading, alpha=level, alternative=alternative)[..., None]
    found = welch(one, many, alpha=single, alternative=alternative, method=Method.DUNNETT)
    family_level = np.broadcast_to(1.0 - level, found.shape)
    return replace(found, p=dunnett_adjusted_p(found.p, loading, alternative=alternative), level=family_level)


def dunnett_pooled(
    control: Moments,
    treatments: Moments,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
) -> Estimate:
    """Dunnett's original comparisons, with one variance pooled over all variants along the last axis.

    For normal data of equal variance; revenue and rates are neither, so `dunnett_welch` is the default.
    Source: Dunnett (1955).
    """
    df = np.sum(np.maximum(treatments.n - 1.0, 0.0), axis=-1, keepdims=True) + control.n - 1.0
    pooled = (np.sum(treatments.m2, axis=-1, keepdims=True) + control.m2) / np.maximum(df, 1.0)
    one, many = (_with_variance(side, pooled) for side in (control, treatments))
    loading = np.where(many.n > 0, dunnett_loading(one.squared_error, many.squared_error), np.nan)
    critical = dunnett_critical(loading, df=df[..., 0], alpha=alpha, alternative=alternative)[..., None]
    side = Alternative(alternative)
    found = welch(one, many, alpha=alpha, alternative=alternative, method=Method.DUNNETT)
    low, high = student.limits(found.estimate, critical * found.se, side)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = found.estimate / found.se
    signed = {Alternative.TWO_SIDED: np.abs(t), Alternative.LESS: -t, Alternative.GREATER: t}[side]
    freedom = np.broadcast_to(df, t.shape)
    p = _outside(signed, loading[..., None, :], freedom, side)
    return replace(found, low=low, high=high, df=np.where(np.isnan(found.p), np.nan, freedom), p=p)


def _with_variance(side: Moments, variance: FloatArray) -> SampleMean:
    return replace(SampleMean.of(side), squared_error=variance / np.maximum(side.n, 1.0))


def _one_tail(side: Alternative) -> Alternative:
    return Alternative.TWO_SIDED if side is Alternative.TWO_SIDED else Alternative.LESS


def _loading(values: ArrayLike) -> FloatArray:
    loading = validation.numbers("loading", values)
    if loading.ndim == 0:
        raise ValueError("loading must have a treatment axis")
    validation.refuse("loading", loading, (loading < 0) | (loading > 1), "must lie in [0, 1]")
    return np.minimum(loading, HIGHEST_LOADING)


def _freedom(values: ArrayLike) -> FloatArray:
    df = validation.numbers("df", values)
    validation.refuse("df", df, ~(df > 0), "must be above 0")
    return df


def _outside(c: FloatArray, loading: FloatArray, df: FloatArray, side: Alternative) -> FloatArray:
    """Probability that any comparison reaches beyond c standard errors; c and df (...), loading (..., treatment)."""
    normal = _normal_outside(c, loading, side)
    if np.isinf(df).all():
        return normal
    scale, weight = _chi_scale(np.where(np.isinf(df), 1.0, df))
    estimated = (_normal_outside(c[..., None] * scale, loading[..., None, :], side) * weight).sum(axis=-1)
    return np.where(np.isinf(df), normal, estimated)


def _normal_outside(c: FloatArray, loading: FloatArray, side: Alternative) -> FloatArray:
    u, weight = _shared_error(c, loading)
    own = np.sqrt(1.0 - loading)[..., None]
    shift = np.sqrt(loading)[..., None] * u
    reach = c[..., None, None]
    beyond = special.ndtr(-(reach - shift) / own)
    if side is Alternative.TWO_SIDED:
        beyond = beyond + special.ndtr(-(reach + shift) / own)
    # log1p and expm1 keep the digits of a small tail; a comparison left out of the family never reaches anywhere.
    with np.errstate(divide="ignore"):
        none_beyond = np.where(np.isnan(loading)[..., None], 0.0, np.log1p(-np.minimum(beyond, 1.0))).sum(axis=-2)
    return np.asarray((-np.expm1(none_beyond) * weight).sum(axis=-1))


def _shared_error(c: FloatArray, loading: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes over the control's standardised error and their normal weights: Gauss-Legendre, panel by panel."""
    farthest = min(float(np.max(c, initial=0.0, where=np.isfinite(c))) + TAIL, FARTHEST)
    highest = float(np.max(loading, initial=0.5, where=~np.isnan(loading)))
    # The integrand steps from 0 to 1 over the treatment's own error; panels must not be much wider than that step.
    panels = int(np.ceil(2.0 * farthest / min(1.0, 4.0 * np.sqrt((1.0 - highest) / highest))))
    node, weight = np.polynomial.legendre.leggauss(NODES_PER_PANEL)
    half = farthest / panels
    centres = half * (2.0 * np.arange(panels) + 1.0) - farthest
    u = (centres[:, None] + half * node).ravel()
    density = np.exp(-u * u / 2.0) / np.sqrt(2.0 * np.pi)
    return u, np.tile(half * weight, panels) * density


def _chi_scale(df: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights over `sqrt(chi2 / df)`, an extra last axis: what the estimated error is to the true one."""
    node, weight = np.polynomial.legendre.leggauss(SCALE_NODES)
    lowest = np.sqrt(special.chdtri(df, 1.0 - CHI_TAIL) / df)[..., None]
    highest = np.sqrt(special.chdtri(df, CHI_TAIL) / df)[..., None]
    half = (highest - lowest) / 2.0
    s = lowest + half * (1.0 + node)
    shape = df[..., None]
    log_density = np.log(2.0) + shape / 2.0 * np.log(shape / 2.0) - special.gammaln(shape / 2.0)
    log_density = log_density + (shape - 1.0) * np.log(s) - shape * s * s / 2.0
    density = np.exp(log_density) * half * weight
    return s, density / density.sum(axis=-1, keepdims=True)
