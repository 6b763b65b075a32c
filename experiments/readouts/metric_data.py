"""One metric's numbers, ready to be compared: the method that suits its kind, at whatever level is asked.

Each kind of metric is one class; all answer the same questions, as arrays over the treatments.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments import stats
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.summarise import MetricSums

Array = NDArray[np.float64]
FEWEST_MATURED = 30  # below it a retention is told, and no interval of it


@dataclass(frozen=True)
class MetricData(ABC):
    """The sums of one metric, arrays of shape (..., variant), control first; answers have shape (..., treatment)."""

    definition: MetricDefinition
    sums: MetricSums

    def difference(self, alpha: ArrayLike = 0.05, *, p_of_interval: bool = False) -> stats.Estimate:
        """The absolute effect of each treatment, with variance reduction where a covariate is declared.

        `p_of_interval`: p is the level at which the interval reaches zero, so that the two never disagree.
        """
        if not self.has_covariate:
            return self.unadjusted_difference(alpha, p_of_interval=p_of_interval)
        control, treatments = self._cross_moments.split()
        return stats.lin(
            control, treatments, everyone=self._everyone, alpha=alpha, names=self._names, is_weak=self._weak
        )

    def lift(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        """The relative effect of each treatment, with variance reduction where a covariate is declared."""
        if not self.has_covariate:
            return self.unadjusted_lift(alpha)
        control, treatments = self._cross_moments.split()
        return stats.lin_lift(
            control, treatments, everyone=self._everyone, alpha=alpha, names=self._names, is_weak=self._weak
        )

    @abstractmethod
    def unadjusted_difference(self, alpha: ArrayLike = 0.05, *, p_of_interval: bool = False) -> stats.Estimate:
        """The absolute effect without variance reduction."""

    @abstractmethod
    def unadjusted_lift(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        """The relative effect without variance reduction, on the scale that suits the control."""

    @property
    def fewest_events(self) -> Array | None:
        """Conversions in the variant of each comparison that has fewer, where the metric counts such."""
        return None

    def sequence(self, planned_customers: ArrayLike, alpha: float = 0.05) -> stats.Estimate:
        """The absolute effect with limits and e-value that hold at every look."""
        return stats.confidence_sequence(
            self.difference(), planned_customers=planned_customers, alpha=alpha, fewest_events=self.fewest_events
        )

    def harm(self, planned_customers: ArrayLike) -> Array:
        """Evidence at every look that the treatment does harm; an alarm at 100."""
        return stats.harm_e_value(
            self.difference(), planned_customers=planned_customers, direction=self.definition.direction,
            fewest_events=self.fewest_events,
        )  # fmt: skip

    def margin(self) -> stats.NonInferiority | None:
        """The guardrail's test against its margin; None where no margin is declared."""
        margin, is_relative = self._margin
        if margin is None:
            return None
        effect = self.lift() if is_relative else self.difference()
        return stats.non_inferiority(
            effect, margin=margin, is_relative=is_relative, direction=self.definition.direction
        )

    def post_stratified(self) -> tuple[stats.Estimate, stats.Estimate] | None:
        """Difference and lift of subgroups (first axis) put together at their shares of all customers, as strata.

        None where the metric is no mean over customers.
        """
        everybody = self.n.sum()
        if not everybody:
            return None
        control, treatments = self._moments.split()
        shares = self.n.sum(axis=-1) / everybody
        return (
            stats.post_stratify(control, treatments, shares=shares, axis=0),
            stats.post_stratified_lift(control, treatments, shares=shares, axis=0),
        )

    def covariate_balance(self) -> stats.Estimate:
        """The difference of the covariate before exposure, where there should be none."""
        return stats.covariate_balance(*self._cross_moments.split())

    @property
    def has_covariate(self) -> bool:
        return self.definition.covariate is not None

    @property
    def n(self) -> Array:
        """Customers who count."""
        return self.sums.n

    @property
    def mean(self) -> Array:
        """What is compared: the share, the mean, the ratio, the quantile."""
        return self._moments.mean

    @property
    def mean_uncapped(self) -> Array:
        return np.where(self.n > 0, self.sums.u1 / np.maximum(self.n, 1), np.nan)

    @property
    def variance(self) -> Array:
        """Per customer."""
        return self._moments.variance

    @cached_property
    def loading(self) -> Array:
        """The control's part in the variance of each comparison, as Dunnett's family needs it.

        Unadjusted variances serve an adjusted metric too: adjustment shrinks all of them much alike.
        """
        error = np.where(self.n > 1, self.variance / np.maximum(self.n, 1), np.nan)
        return stats.dunnett_loading(error[:1], error[1:])

    @property
    def _margin(self) -> tuple[float | None, bool]:
        absolute = self.definition.margin_absolute
        return (absolute, False) if absolute is not None else (self.definition.margin, True)

    @cached_property
    def _moments(self) -> stats.Moments:
        return stats.Moments.from_sums(self.n, self.sums.y1, self.sums.y2, self.sums.y3)

    @cached_property
    def _cross_moments(self) -> stats.CrossMoments:
        """Outcome first, then the covariate, or a ratio's denominator."""
        sums = self.sums
        first = np.stack([sums.y1, sums.x1], axis=-1)
        second = np.stack([np.stack([sums.y2, sums.xy], axis=-1), np.stack([sums.xy, sums.x2], axis=-1)], axis=-2)
        return stats.CrossMoments.from_sums(self.n, first, second)

    @cached_property
    def _everyone(self) -> stats.CrossMoments:
        return self._cross_moments.pooled()

    @cached_property
    def _weak(self) -> NDArray[np.bool_]:
        """Cross moments hold no third sums: the warning comes from the comparison without covariate."""
        return np.asarray(self.unadjusted_difference().status == stats.Status.APPROXIMATION_WEAK)

    @property
    def _names(self) -> tuple[str, ...]:
        return (f"“{self.definition.key} before exposure”",)


class ShareData(MetricData):
    """A proportion or a retention: successes among customers whose window is closed."""

    def unadjusted_difference(self, alpha: ArrayLike = 0.05, *, p_of_interval: bool = False) -> stats.Estimate:
        found = stats.newcombe(*self._counts.split(), alpha=alpha, invert_interval=p_of_interval)
        return found.overruled(self._is_immature, stats.Status.IMMATURE)

    def unadjusted_lift(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        found = stats.proportion_lift(*self._counts.split(), alpha=alpha)
        return found.overruled(self._is_immature, stats.Status.IMMATURE)

    def margin(self) -> stats.NonInferiority | None:
        margin, is_relative = self._margin
        if margin is None or self.has_covariate:
            return super().margin()
        return stats.rate_non_inferiority(
            *self._counts.split(), margin=margin, is_relative=is_relative, direction=self.definition.direction
        )

    @property
    def fewest_events(self) -> Array | None:
        return np.minimum(self.sums.y1[..., :1], self.sums.y1[..., 1:])

    @property
    def _is_immature(self) -> NDArray[np.bool_]:
        if self.definition.kind != "retention":
            return np.zeros(self.n[..., 1:].shape, dtype=np.bool_)
        return np.asarray(np.minimum(self.n[..., :1], self.n[..., 1:]) < FEWEST_MATURED)

    @cached_property
    def _counts(self) -> stats.Counts:
        return stats.Counts(self.n, self.sums.y1)


class MeanData(MetricData):
    """An amount per exposed customer, zeros included."""

    def unadjusted_difference(self, alpha: ArrayLike = 0.05, *, p_of_interval: bool = False) -> stats.Estimate:
        return stats.welch(*self._moments.split(), alpha=alpha)

    def unadjusted_lift(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        return stats.relative_lift(*self._moments.split(), alpha=alpha)


class RatioData(MetricData):
    """Sum over sum, both per customer."""

    def unadjusted_difference(self, alpha: ArrayLike = 0.05, *, p_of_interval: bool = False) -> stats.Estimate:
        return stats.ratio(*self._cross_moments.split(), alpha=alpha)

    def unadjusted_lift(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        return stats.ratio_lift(*self._cross_moments.split(), alpha=alpha)

    def post_stratified(self) -> None:
        return None

    @property
    def has_covariate(self) -> bool:
        return False  # the second column is the denominator

    @property
    def mean(self) -> Array:
        return self._side.mean

    @property
    def mean_uncapped(self) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.sums.x1 != 0, self.sums.u1 / self.sums.x1, np.nan)

    @property
    def variance(self) -> Array:
        return np.where(self.n > 1, self._side.squared_error * self.n, np.nan)

    @cached_property
    def _side(self) -> stats.SampleMean:
        return stats.ratio_mean(self._cross_moments)


@dataclass(frozen=True)
class QuantileData(MetricData):
    """A quantile of the amount per customer, from the order statistics around it; each of shape (variant,)."""

    estimate: Array
    lower: Array
    upper: Array

    def unadjusted_difference(self, alpha: ArrayLike = 0.05, *, p_of_interval: bool = False) -> stats.Estimate:
        return stats.quantile_difference(*self._sides(), alpha=alpha)

    def unadjusted_lift(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        return stats.relative_lift(*self._sides(), alpha=alpha)

    @property
    def has_covariate(self) -> bool:
        return False

    @property
    def mean(self) -> Array:
        return self.estimate

    @property
    def mean_uncapped(self) -> Array:
        return self.estimate

    @property
    def variance(self) -> Array:
        return np.where(self.n > 1, self._side(slice(None)).squared_error * self.n, np.nan)

    def _sides(self) -> tuple[stats.SampleMean, stats.SampleMean]:
        return self._side(slice(0, 1)), self._side(slice(1, None))

    def _side(self, part: slice) -> stats.SampleMean:
        return stats.sample_quantile(self.n[part], self.estimate[part], self.lower[part], self.upper[part])


KINDS: dict[str, type[MetricData]] = {
    "proportion": ShareData,
    "retention": ShareData,
    "mean": MeanData,
    "ratio": RatioData,
}


def metric_data(definition: MetricDefinition, sums: MetricSums) -> MetricData:
    """The numbers of a metric of any kind that is made of sums; a quantile is made of `QuantileData` itself."""
    return KINDS[definition.kind](definition, sums)
