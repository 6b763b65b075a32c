"""What a plan must know of a metric to say how many customers it needs: its level and its noise before the start.

The figures come from a period before the experiment, never from the experiment itself: noise measured together
with the effect it is to judge makes every plan look sufficient.
"""

from dataclasses import dataclass, field, replace
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.moments import Moments
from experiments.stats.sample_mean import SampleMean
from experiments.stats.validation import FloatArray

# A covariate explains a little less of the future than of the past it was measured on.
R_SQUARED_DISCOUNT = 0.1


@dataclass(frozen=True, eq=False)
class PlannedMean:
    """A mean or a ratio: `variance` per customer (as winsorised, if the plan caps) and `mean`.

    mean:               for effects relative to it; NaN if unknown.
    treatment_variance: where it is expected to differ; otherwise the control's.
    Raises `ValueError` for a variance of 0 or less.
    """

    variance: FloatArray
    mean: FloatArray = field(default_factory=lambda: np.asarray(np.nan))
    treatment_variance: FloatArray | None = None

    def __post_init__(self) -> None:
        other = self.variance if self.treatment_variance is None else self.treatment_variance
        object.__setattr__(self, "variance", validation.positive("variance", self.variance))
        object.__setattr__(self, "treatment_variance", validation.positive("treatment_variance", other))
        object.__setattr__(self, "mean", validation.numbers("mean", self.mean))

    @classmethod
    def of(cls, past: Moments | SampleMean) -> Self:
        """The metric as a past period had it: plain moments, or the sample mean of a ratio."""
        side = SampleMean.of(past)
        return cls(side.squared_error * side.n, side.mean)

    def with_variance_times(self, factor: ArrayLike) -> "PlannedMean":
        """The metric with less noise (`adjusted_share`) or more (`design_effect`)."""
        times = validation.positive("factor", factor)
        return replace(self, variance=self.variance * times, treatment_variance=self.both_variances[1] * times)

    @property
    def both_variances(self) -> tuple[FloatArray, FloatArray]:
        """Variance per customer of control and treatment."""
        return self.variance, self.variance if self.treatment_variance is None else self.treatment_variance

    @property
    def level(self) -> FloatArray:
        """What a relative effect is relative to."""
        return self.mean

    def room(self, sign: float) -> FloatArray:
        """The largest effect towards `sign` that the metric allows: any."""
        return np.full(np.broadcast_shapes(self.variance.shape, self.mean.shape), np.inf)

    def spread(self, effect: FloatArray, allocation: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Standard error of the difference times the root of the control's customers: without effect and with it."""
        control, treatment = self.both_variances
        spread = np.sqrt(control + treatment / allocation) + np.zeros(effect.shape)
        return spread, spread


@dataclass(frozen=True, eq=False)
class PlannedRate:
    """A proportion or retention at its `rate` in control; the noise follows from it.

    factor: what the variance is multiplied by; unless it is 1 the two rates are compared as means.
    Raises `ValueError` for a rate outside (0, 1).
    """

    rate: FloatArray
    factor: FloatArray = field(default_factory=lambda: np.asarray(1.0))

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", validation.open_share("rate", self.rate))
        object.__setattr__(self, "factor", validation.positive("factor", self.factor))

    def with_variance_times(self, factor: ArrayLike) -> "PlannedRate":
        """The metric with less noise (`adjusted_share`) or more (`design_effect`)."""
        return replace(self, factor=self.factor * validation.positive("factor", factor))

    @property
    def level(self) -> FloatArray:
        """What a relative effect is relative to."""
        return self.rate

    def room(self, sign: float) -> FloatArray:
        """The largest effect towards `sign` that leaves the treatment's rate between 0 and 1."""
        return np.asarray(1.0 - self.rate if sign > 0 else self.rate)

    def spread(self, effect: FloatArray, allocation: FloatArray) -> tuple[FloatArray, FloatArray]:
        """As for means. Without effect both sides have the pooled rate (Fleiss, Levin & Paik 2003, eq. 4.14)."""
        other = np.clip(self.rate + effect, 0.0, 1.0)
        pooled = (self.rate + allocation * other) / (1.0 + allocation)
        own = self.rate * (1.0 - self.rate) + other * (1.0 - other) / allocation
        null = np.where(self.factor == 1.0, pooled * (1.0 - pooled) * (1.0 + 1.0 / allocation), own)
        return np.sqrt(null * self.factor), np.sqrt(own * self.factor)


PlannedMetric: TypeAlias = PlannedMean | PlannedRate


def adjusted_share(r_squared: ArrayLike, *, discount: float = R_SQUARED_DISCOUNT) -> FloatArray:
    """What adjustment leaves of the variance: `1 - R^2`, with R^2 taken a tenth smaller than it was measured.

    `r_squared` is the squared correlation of the metric with its prediction, from rows before the experiment.
    """
    explained = validation.finite("r_squared", r_squared)
    validation.refuse("r_squared", explained, (explained < 0) | (explained >= 1), "must lie in [0, 1)")
    return 1.0 - (1.0 - discount) * explained


def design_effect(cluster_size: ArrayLike, icc: ArrayLike, *, size_cv: ArrayLike = 0.0) -> FloatArray:
    """What clusters (shops, households) multiply the variance by: `1 + (m (1 + cv^2) - 1) icc`.

    cluster_size: mean customers a cluster, m. size_cv: standard deviation of the sizes over their mean.
    icc: the share of the variance that lies between clusters.
    """
    m, rho = validation.positive("cluster_size", cluster_size), validation.finite("icc", icc)
    validation.refuse("icc", rho, (rho < 0) | (rho > 1), "must lie in [0, 1]")
    return 1.0 + (m * (1.0 + validation.finite("size_cv", size_cv) ** 2) - 1.0) * rho
