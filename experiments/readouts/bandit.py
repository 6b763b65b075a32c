"""A bandit's numbers: which batches are ripe, what each variant did under its shares, which is probably best.

The allocation follows the results, so plain means lean downwards and their intervals miss too often. What is said of a
difference rests on the propensities instead: each batch's shares were fixed before it was seen.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from experiments import stats
from experiments.metrics.clock import SECOND_US, microseconds
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.summarise import Array, MetricSums
from experiments.readouts.answers import limits, number
from experiments.readouts.metric_data import MetricData, metric_data

POLICY = "probability matching"
NOBODY = -1  # no batch has this number
KINDS = frozenset({"proportion", "retention", "mean"})  # what propensities can weigh: a share or a mean of customers


@dataclass(frozen=True, slots=True)
class Batch:
    """Customers who came in while the same shares were in force. `shares`: propensities, control first."""

    number: int
    at: datetime
    shares: tuple[float, ...]
    customers: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Batches:
    """A bandit's batches, oldest first. `is_open`: whether the newest still takes customers in."""

    every: Sequence[Batch]
    is_open: bool

    def ripe(self, definition: MetricDefinition, as_of: datetime) -> list[Batch]:
        """Those that teach: complete, and the metric's window of their last customer has closed.

        A batch counts whole or not at all: the early part of an open one is its quick converters.
        """
        complete = self.every[:-1] if self.is_open else self.every
        window_us = (definition.window_s or 0) * SECOND_US
        return [batch for batch in complete if batch.last_us + window_us <= microseconds(as_of)]

    def expected_shares(self, customers: Array) -> Array:
        """What part of all `customers` (one number a batch, of `every`) each variant should have got."""
        shares = np.array([batch.shares for batch in self.every])
        whole = customers.sum()
        return np.asarray(customers @ shares / whole) if whole else shares[0]


@dataclass(frozen=True)
class OfBandit(MetricData):
    """What every metric of a bandit says alike. `plain`: the same customers without their propensities.

    A covariate is not used: the propensities carry the design.
    """

    plain: MetricData

    def post_stratified(self) -> None:
        """None: strata of a bandit would need their own propensities."""
        return

    @property
    def has_covariate(self) -> bool:
        return False

    @property
    def fewest_events(self) -> Array | None:
        return self.plain.fewest_events

    @property
    def mean(self) -> Array:
        return self.plain.mean

    @property
    def mean_uncapped(self) -> Array:
        return self.plain.mean_uncapped

    @property
    def variance(self) -> Array:
        return self.plain.variance


@dataclass(frozen=True)
class BanditData(OfBandit):
    """A metric of a bandit: differences by inverse propensities over the ripe batches, plain means beside them.

    sums:      of everybody who counts, as any metric's: what is told of each variant by itself.
    by_batch:  sums of the ripe batches, shape (..., batch, variant), oldest first; `propensities`: (batch, variant).
    planned_decisions: customers of all variants together at the planned end.
    """

    by_batch: MetricSums
    propensities: Array
    planned_decisions: float

    def difference(self, alpha: ArrayLike = 0.05, *, p_of_interval: bool = False) -> stats.Estimate:
        return self.arms.contrasts(alpha=alpha)

    def lift(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        return self.arms.lifts(alpha=alpha)

    def unadjusted_difference(self, alpha: ArrayLike = 0.05, *, p_of_interval: bool = False) -> stats.Estimate:
        return self.plain.unadjusted_difference(alpha, p_of_interval=p_of_interval)

    def unadjusted_lift(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        return self.plain.unadjusted_lift(alpha)

    def sequence(self, planned_customers: ArrayLike, alpha: float = 0.05) -> stats.Estimate:
        """The limits after the newest ripe batch; `planned_customers` of a pair give way to those of all decisions."""
        return self.looks(alpha)[..., -1, :]

    def looks(self, alpha: float = 0.05) -> stats.Estimate:
        """The same after each ripe batch, shape (..., batch, treatment)."""
        return stats.aipw_sequence(self.log, planned_decisions=self.planned_decisions, alpha=alpha)

    def by_regression(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        """The second opinion: one regression a batch, robust to drift of the common level."""
        return stats.batched_ols(self.log, alpha=alpha)

    @cached_property
    def loading(self) -> Array:
        error = self.arms.squared_error
        return stats.dunnett_loading(error[..., :1], error[..., 1:])

    @cached_property
    def arms(self) -> stats.AdaptiveMeans:
        return stats.aipw(self.log)

    @cached_property
    def log(self) -> stats.BatchLog:
        sums = self.by_batch
        rewards: stats.Counts | stats.Moments
        if self.definition.is_share:
            rewards = stats.Counts(sums.n, sums.y1)
        else:
            rewards = stats.Moments.from_sums(sums.n, sums.y1, sums.y2, sums.y3)
        return stats.BatchLog.of(rewards, self.propensities)


@dataclass(frozen=True)
class UnweighedData(OfBandit):
    """A ratio or a quantile of a bandit: told of each variant, compared with none.

    Propensities weigh sums of customers; the plain comparison of anything else leans and its interval misses.
    """

    def difference(self, alpha: ArrayLike = 0.05, *, p_of_interval: bool = False) -> stats.Estimate:
        return self._ruled_out(self.plain.unadjusted_difference(alpha))

    def lift(self, alpha: ArrayLike = 0.05) -> stats.Estimate:
        return self._ruled_out(self.plain.unadjusted_lift(alpha))

    unadjusted_difference, unadjusted_lift = difference, lift

    def _ruled_out(self, found: stats.Estimate) -> stats.Estimate:
        return found.overruled(np.ones(found.shape, dtype=np.bool_), stats.Status.NOT_IDENTIFIED)


def bandit_data(
    definition: MetricDefinition,
    *,
    everybody: MetricSums,
    of_batches: Callable[[Sequence[int]], MetricSums],
    batches: Batches,
    as_of: datetime,
    planned_decisions: float,
) -> BanditData:
    """The metric of a bandit as of a time; before any batch is ripe one of nobody, of which nothing can be said."""
    ripe = batches.ripe(definition, as_of)
    sums, shares = of_batches([batch.number for batch in ripe]), [batch.shares for batch in ripe]
    if not ripe:
        variants = everybody.n.shape[-1]
        sums, shares = of_batches([NOBODY]), [(1.0 / variants,) * variants]
    plain = metric_data(definition, everybody)
    return BanditData(definition, everybody, plain, sums, np.array(shares), planned_decisions)


def posterior(definition: MetricDefinition, sums: MetricSums) -> stats.Posterior:
    """What is believed of each variant after the customers whose window has closed; shape (variant,)."""
    if definition.is_share:
        return stats.BetaPosterior.from_counts(sums.y1, sums.n - sums.y1)
    return stats.MeanPosterior.from_moments(stats.Moments.from_sums(sums.n, sums.y1, sums.y2, sums.y3))


def chances_of_being_best(definition: MetricDefinition, sums: MetricSums) -> Array:
    """Probability that each variant is the best on this metric, by quadrature: the same data, the same numbers."""
    return stats.probability_best(posterior(definition, sums), direction=definition.direction)


def best_variant(definition: MetricDefinition, sums: MetricSums) -> stats.BestArm:
    """Whether the data single out one variant, at every look alike, wrongly at most once in twenty."""
    if definition.is_share:
        return stats.best_rate(stats.Counts(sums.n, sums.y1), direction=definition.direction)
    moments = stats.Moments.from_sums(sums.n, sums.y1, sums.y2, sums.y3)
    return stats.best_mean(moments, direction=definition.direction)


def described(
    data: BanditData, batches: Batches, *, floor: float, variants: Sequence[str], others: Sequence[BanditData]
) -> dict[str, Any]:
    """The readout's `bandit`: what was done, who is probably best, and what each metric's variants come to.

    `data` is the primary metric's, `others` are the rest; `variants`: control first.
    """
    chances = chances_of_being_best(data.definition, data.sums)
    found, (leader, left) = best_variant(data.definition, data.sums), _remaining(data)
    return {
        "policy": POLICY,
        "floor": min(floor, 0.5 / len(variants)),
        "batches": [
            {
                "batch": batch.number,
                "at": batch.at.isoformat().replace("+00:00", "Z"),
                "shares": dict(zip(variants, map(float, batch.shares), strict=True)),
                "customers": batch.customers,
            }
            for batch in batches.every
        ],
        "probability_best": {v: float(p) for v, p in zip(variants, chances, strict=True)},
        "stopping": {
            "best_found": variants[int(found.leader)] if bool(found.is_found) else None,
            "leader": variants[int(leader)],
            "value_remaining": number(float(left)),
        },
        "estimates": [_estimates(one, variants) for one in (data, *others)],
    }


def _remaining(data: BanditData) -> tuple[NDArray[np.intp], Array]:
    return stats.value_remaining(posterior(data.definition, data.sums), direction=data.definition.direction)


def _estimates(data: BanditData, variants: Sequence[str]) -> dict[str, Any]:
    means, contrasts, regression = data.arms.values(), data.difference(), data.by_regression()
    drift = stats.drift_alarm(contrasts, regression)
    return {
        "metric": data.definition.key,
        "aipw": {
            "variants": [
                {
                    "variant": variant,
                    "n": int(data.arms.n[place]),
                    "status": str(means.status[place]),
                    "estimate": number(means.estimate[place]),
                    **limits(means, place),
                }
                for place, variant in enumerate(variants)
            ],
            "comparisons": _compared(contrasts, variants),
        },
        "batched-ols": {"comparisons": _compared(regression, variants)},
        "drift": {variant: bool(drift[place]) for place, variant in enumerate(variants[1:])},
    }


def _compared(found: stats.Estimate, variants: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "variant": variant,
            "control": variants[0],
            "status": str(found.status[place]),
            "estimate": number(found.estimate[place]),
            "se": number(found.se[place]),
            **limits(found, place),
            "p_value": number(found.p[place]),
        }
        for place, variant in enumerate(variants[1:])
    ]
