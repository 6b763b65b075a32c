"""Means with unknown variance: normal-inverse-gamma priors, which stay in their family."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import student, validation
from experiments.stats.belief import Belief
from experiments.stats.independent_pair import TAIL, IndependentPair, Rule
from experiments.stats.moments import Totals
from experiments.stats.validation import BoolArray, FloatArray
from experiments.stats.verdict import Direction


@dataclass(frozen=True, eq=False)
class NormalInverseGamma:
    """What is believed of a mean and a variance together.

    The variance is inverse gamma with shape `a` and scale `b`; given it the mean is normal about `m`, as sure as
    `kappa` customers would make it. All above 0 but `m`, in the metric's unit (`b` in its square).
    Source: Murphy (2007), section 6.
    """

    m: FloatArray
    kappa: FloatArray
    a: FloatArray
    b: FloatArray

    def __post_init__(self) -> None:
        checked = {name: validation.positive(name, getattr(self, name)) for name in ("kappa", "a", "b")}
        m, kappa, a, b = validation.broadcast(m=validation.finite("m", self.m), **checked)
        for name, value in {"m": m, "kappa": kappa, "a": a, "b": b}.items():
            object.__setattr__(self, name, value)

    def updated(self, data: Totals) -> "NormalInverseGamma":
        """The belief after these customers; nobody changes nothing."""
        kappa = self.kappa + data.n
        seen = np.where(data.n > 0, data.mean, self.m)
        surprise = self.kappa * data.n * (seen - self.m) ** 2 / (2.0 * kappa)
        return NormalInverseGamma(
            self.m + data.n * (seen - self.m) / kappa,
            kappa,
            self.a + data.n / 2.0,
            self.b + data.m2 / 2.0 + surprise,
        )

    @property
    def df(self) -> FloatArray:
        """Degrees of freedom of the mean's Student t."""
        return 2.0 * self.a

    @property
    def scale(self) -> FloatArray:
        """Scale of the mean's Student t."""
        return np.sqrt(self.b / (self.a * self.kappa))

    @property
    def variance_of_mean(self) -> FloatArray:
        """Variance of what is believed of the mean; infinite up to 2 degrees of freedom."""
        return np.where(self.df > 2.0, self.b / (np.maximum(self.a - 1.0, 1e-300) * self.kappa), np.inf)

    def chance_above(self, value: ArrayLike) -> FloatArray:
        """Probability that the mean lies above `value`."""
        return np.asarray(special.stdtr(self.df, (self.m - np.asarray(value)) / self.scale))

    def interval(self, *, alpha: ArrayLike = 0.05) -> tuple[FloatArray, FloatArray]:
        """Central credible limits of the mean."""
        reach = -student.quantile(self.df, validation.significance(alpha) / 2.0) * self.scale
        return self.m - reach, self.m + reach


def mean_belief(
    control: NormalInverseGamma,
    treatment: NormalInverseGamma,
    *,
    alpha: ArrayLike = 0.05,
    direction: str = Direction.UP,
) -> Belief:
    """The belief about the difference of two means, each after its own data; `direction` is the good one.

    Unit:  that of the metric. Shape: whatever the two broadcast to.
    Edge:  the sd is infinite up to 2 degrees of freedom on a side, the losses up to 1.
    Source: the difference of two independent Student t, by 200 Gauss-Legendre nodes.
    """
    level = validation.significance(alpha)
    fields = (control.m, control.scale, control.df, treatment.m, treatment.scale, treatment.df, level)
    same = np.broadcast_arrays(*fields)
    pair = IndependentPair.of(_StudentT(*same[:3]), _StudentT(*same[3:6]))
    return Belief.stated(
        direction,
        above=pair.chance_above(),
        gain=pair.mean_gain(),
        loss=pair.mean_loss(),
        mean=pair.mean,
        sd=np.sqrt(control.variance_of_mean + treatment.variance_of_mean),
        low=pair.quantile(same[6] / 2.0),
        high=pair.quantile(1.0 - same[6] / 2.0),
        level=1.0 - level,
    )


class _StudentT(NamedTuple):
    """Student t distributions about `mean`."""

    mean: FloatArray
    width: FloatArray
    df: FloatArray

    def where(self, condition: BoolArray, other: Self) -> Self:
        return self._replace(
            mean=np.where(condition, self.mean, other.mean),
            width=np.where(condition, self.width, other.width),
            df=np.where(condition, self.df, other.df),
        )

    def below(self, x: FloatArray) -> FloatArray:
        return np.asarray(special.stdtr(self.df[..., None], self._standardised(x)))

    def above(self, x: FloatArray) -> FloatArray:
        return np.asarray(special.stdtr(self.df[..., None], -self._standardised(x)))

    def shortfall(self, x: FloatArray) -> FloatArray:
        return self._excess(-self._standardised(x))

    def excess(self, x: FloatArray) -> FloatArray:
        return self._excess(self._standardised(x))

    def quantile(self, probability: FloatArray) -> FloatArray:
        return self.mean + self.width * special.stdtrit(self.df, probability)

    def nodes(self, rule: Rule) -> tuple[FloatArray, FloatArray]:
        """Over the inverse hyperbolic sine, which brings the heavy tails of few degrees of freedom within reach."""
        df, width = self.df[..., None], self.width[..., None]
        reach = np.arcsinh(-special.stdtrit(df, TAIL))
        t = np.sinh(reach * rule[0])
        density = rule[1] * np.cosh(reach * rule[0]) * np.exp(-(df + 1.0) / 2.0 * np.log1p(t**2 / df))
        return self.mean[..., None] + width * t, density / density.sum(axis=-1, keepdims=True)

    def _standardised(self, x: FloatArray) -> FloatArray:
        return (x - self.mean[..., None]) / self.width[..., None]

    def _excess(self, t: FloatArray) -> FloatArray:
        """`E max(T - t, 0)` times the width, from the density and the tail at t."""
        df = self.df[..., None]
        log_factor = special.gammaln((df + 1.0) / 2.0) - special.gammaln(df / 2.0) - np.log(df * np.pi) / 2.0
        density = np.exp(log_factor - (df + 1.0) / 2.0 * np.log1p(t**2 / df))
        with np.errstate(divide="ignore", invalid="ignore"):
            part = np.where(df > 1.0, (df + t**2) / (df - 1.0) * density, np.inf)
        return np.asarray(self.width[..., None] * (part - t * special.stdtr(df, -t)))
