"""The spread of true effects behind a set of estimates: what past experiments say about the next one."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.bisection import boundary
from experiments.stats.normal_prior import NormalPrior
from experiments.stats.validation import BoolArray, FloatArray

# The restricted likelihood is climbed by steps that shrink to 1e-12 of the spread long before this many.
REML_STEPS = 500


class SpreadMethod(StrEnum):
    """Estimators of the variance between experiments."""

    PAULE_MANDEL = "paule-mandel"
    DERSIMONIAN_LAIRD = "dersimonian-laird"
    REML = "reml"


@dataclass(frozen=True, eq=False, kw_only=True)
class RandomEffects:
    """Estimates seen as draws about a common mean; shape: that of the input without its last axis.

    tau2:         variance of the true effects; 0 is a legal answer.
    mean, se:     of the distribution of true effects, weights `1 / (variance + tau2)`.
    fixed_mean:   with weights `1 / variance`, as if all true effects were one.
    q, df, p:     Cochran's test of that; df is NaN below two estimates.
    i2:           share of the observed variation that is not noise, `max(0, (q - df) / q)`.
    """

    tau2: FloatArray
    mean: FloatArray
    se: FloatArray
    fixed_mean: FloatArray
    q: FloatArray
    df: FloatArray
    p: FloatArray
    i2: FloatArray

    @property
    def prior(self) -> NormalPrior:
        """The fitted distribution as a prior for one effect: plug-in, without the uncertainty of the fit."""
        return NormalPrior(self.mean, self.tau2)


def random_effects(
    estimates: ArrayLike, variances: ArrayLike, *, method: str = SpreadMethod.PAULE_MANDEL
) -> RandomEffects:
    """Mean and variance of true effects from `estimates[..., experiment]` with known sampling `variances`.

    Use one metric on one scale (log lift), and every closed experiment: leaving out the failed ones biases the answer.
    Edge:   NaN estimates are left out; with fewer than two, tau2 and all that follows are NaN.
    Errors: `ValueError` for variances of 0 or less.
    Source: Paule & Mandel (1982), the root of the generalised Q; DerSimonian & Laird (1986); REML as in Viechtbauer
            (2005); Cochran (1954) for Q.
    """
    data = Estimates.checked(estimates, variances)
    tau2 = _ESTIMATORS[SpreadMethod(method)](data)
    tau2 = np.where(data.count > 1, tau2, np.nan)
    zero = np.zeros(data.count.shape)
    q, df = data.q(zero), np.where(data.count > 1, data.count - 1.0, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        i2 = np.maximum(0.0, np.where(q > 0, (q - df) / q, 0.0))
    with np.errstate(divide="ignore"):
        se = 1.0 / np.sqrt(data.precision(tau2))
    return RandomEffects(
        tau2=tau2,
        mean=data.mean(tau2),
        se=se,
        fixed_mean=data.mean(zero),
        q=q,
        df=df,
        p=np.asarray(special.chdtrc(df, q)),
        i2=np.where(np.isnan(df), np.nan, i2),
    )


@dataclass(frozen=True)
class Estimates:
    """Values and variances along the last axis; those left out have weight 0."""

    value: FloatArray
    variance: FloatArray
    is_known: BoolArray

    @classmethod
    def checked(cls, estimates: ArrayLike, variances: ArrayLike) -> "Estimates":
        value, variance = validation.numbers("estimates", estimates), validation.numbers("variances", variances)
        validation.refuse("variances", variance, variance <= 0, "must be above 0")
        value, variance = validation.broadcast(estimates=np.atleast_1d(value), variances=np.atleast_1d(variance))
        is_known = np.isfinite(value) & np.isfinite(variance)
        return cls(np.where(is_known, value, 0.0), np.where(is_known, variance, 1.0), is_known)

    @property
    def count(self) -> FloatArray:
        return np.asarray(self.is_known.sum(axis=-1), dtype=np.float64)

    def weight(self, tau2: FloatArray) -> FloatArray:
        return np.asarray(self.is_known / (self.variance + tau2[..., None]))

    def precision(self, tau2: FloatArray) -> FloatArray:
        return np.asarray(self.weight(tau2).sum(axis=-1))

    def mean(self, tau2: FloatArray) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((self.weight(tau2) * self.value).sum(axis=-1) / self.precision(tau2))

    def squared_gap(self, tau2: FloatArray) -> FloatArray:
        return np.asarray((self.value - self.mean(tau2)[..., None]) ** 2)

    def q(self, tau2: FloatArray) -> FloatArray:
        """Squared distances from the mean in units of the total variance; falls as tau2 grows."""
        return np.asarray((self.weight(tau2) * self.squared_gap(tau2)).sum(axis=-1))


def _paule_mandel(data: Estimates) -> FloatArray:
    known = np.where(data.is_known, data.value, np.nan)
    span = np.zeros(data.count.shape)
    if known.shape[-1]:
        span = np.fmax.reduce(known, axis=-1) - np.fmin.reduce(known, axis=-1)
    # At twice the squared span every squared distance is below half a unit, and so is each of their n - 1.
    zero, highest = np.zeros(data.count.shape), 2.0 * np.nan_to_num(span) ** 2
    root = boundary(lambda tau2: data.q(tau2) > data.count - 1.0, zero, highest)
    return np.where(data.q(zero) > data.count - 1.0, root, 0.0)


def _dersimonian_laird(data: Estimates) -> FloatArray:
    zero = np.zeros(data.count.shape)
    weight = data.weight(zero)
    total = weight.sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = total - (weight**2).sum(axis=-1) / total
        return np.asarray(np.maximum(0.0, (data.q(zero) - data.count + 1.0) / unit))


def _reml(data: Estimates) -> FloatArray:
    tau2 = np.nan_to_num(_dersimonian_laird(data))
    for _ in range(REML_STEPS):
        previous, weight = tau2, data.weight(tau2)
        with np.errstate(divide="ignore", invalid="ignore"):
            gap = (weight**2 * (data.squared_gap(tau2) - data.variance)).sum(axis=-1) / (weight**2).sum(axis=-1)
            tau2 = np.maximum(0.0, np.nan_to_num(gap + 1.0 / weight.sum(axis=-1)))
        if (np.abs(tau2 - previous) <= 1e-13 * tau2).all():
            break
    return tau2


_ESTIMATORS: dict[SpreadMethod, Callable[[Estimates], FloatArray]] = {
    SpreadMethod.PAULE_MANDEL: _paule_mandel,
    SpreadMethod.DERSIMONIAN_LAIRD: _dersimonian_laird,
    SpreadMethod.REML: _reml,
}
