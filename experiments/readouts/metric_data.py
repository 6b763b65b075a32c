"""One metric's numbers, ready to be compared: the method that suits its kind, at whatever level is asked."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments import stats
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.summarise import MetricSums

Array = NDArray[np.float64]


@dataclass(frozen=True)
class MetricData:
    """The sums of one metric over variants, control first; every comparison is an array over the treatments."""

    definition: MetricDefinition
    sums: MetricSums

    def difference(self, alpha: ArrayLike = 0.05, *, p_of_interval: bool = False) -> stats.Estimate:
        """The absolute effect of each treatment, with variance reduction where a covariate is declared."""
        if not self.definition.covariate:
            return self.unadjusted_difference(alpha, p_of_interval=p_of_interval)
        control, treatments = self._cross_moments.split()
        weak = self.unadjusted_difference(alpha).status == stats.Status.APPROXIMATION_WEAK
        return stats.lin(control, treatments, everyone=self._everyone, alpha=alpha, names=self._names, is_weak=weak)

    def lift(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        """The relative effect of each treatment, with variance reduction where a covariate is declared."""
        if not self.definition.covariate:
            return self.unadjusted_lift(alpha)
        control, treatments = self._cross_moments.split()
        weak = self.unadjusted_difference(alpha).status == stats.Status.APPROXIMATION_WEAK
        return stats.lin_lift(
            control, treatments, everyone=self._everyone, alpha=alpha, names=self._names, is_weak=weak
        )

    def unadjusted_difference(self, alpha: ArrayLike = 0.05, *, p_of_interval: bool = False) -> stats.Estimate:
        """The absolute effect without variance reduction.

        `p_of_interval`: p is the level at which the interval reaches zero, so that the two never disagree; for means
        it is so anyway.
        """
        if self.definition.kind == "proportion":
            return stats.newcombe(*self._counts.split(), alpha=alpha, invert_interval=p_of_interval)
        return stats.welch(*self._moments.split(), alpha=alpha)

    def unadjusted_lift(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        """The relative effect without variance reduction, on the scale that suits the control."""
        if self.definition.kind == "proportion":
            return stats.proportion_lift(*self._counts.split(), alpha=alpha)
        return stats.relative_lift(*self._moments.split(), alpha=alpha)

    def sequence(self, planned_customers: float) -> stats.Estimate:
        """The absolute effect with limits and e-value that hold at every look."""
        fewest = None
        if self.definition.kind == "proportion":
            fewest = np.minimum(self.sums.y1[:1], self.sums.y1[1:])
        return stats.confidence_sequence(self.difference(), planned_customers=planned_customers, fewest_events=fewest)

    def covariate_balance(self) -> stats.Estimate:
        """The difference of the covariate before exposure, where there should be none."""
        return stats.covariate_balance(*self._cross_moments.split())

    @cached_property
    def loading(self) -> Array:
        """The control's part in the variance of each comparison, as Dunnett's family needs it.

        Unadjusted variances serve an adjusted metric too: adjustment shrinks all of them much alike.
        """
        error = np.where(self.n > 1, self.variance / np.maximum(self.n, 1), np.nan)
        return stats.dunnett_loading(error[:1], error[1:])

    @property
    def n(self) -> Array:
        return self.sums.n

    @property
    def mean(self) -> Array:
        return self._moments.mean

    @property
    def mean_uncapped(self) -> Array:
        return np.where(self.n > 0, self.sums.u1 / np.maximum(self.n, 1), np.nan)

    @property
    def variance(self) -> Array:
        return self._moments.variance

    @cached_property
    def _moments(self) -> stats.Moments:
        return stats.Moments.from_sums(self.n, self.sums.y1, self.sums.y2, self.sums.y3)

    @cached_property
    def _cross_moments(self) -> stats.CrossMoments:
        sums = self.sums
        first = np.stack([sums.y1, sums.x1], axis=-1)
        second = np.stack([np.stack([sums.y2, sums.xy], axis=-1), np.stack([sums.xy, sums.x2], axis=-1)], axis=-2)
        return stats.CrossMoments.from_sums(self.n, first, second)

    @cached_property
    def _everyone(self) -> stats.CrossMoments:
        return self._cross_moments.pooled()

    @property
    def _names(self) -> tuple[str, ...]:
        return (f"“{self.definition.key} before exposure”",)

    @cached_property
    def _counts(self) -> stats.Counts:
        return stats.Counts(self.n, self.sums.y1)
