"""How many customers an experiment needs, what it can find, and with what chance.

One relation joins customers, effect and power; it is solved for whichever is missing. The plan's decision rule
enters as the chance that it rejects at a drift, the true effect over its standard error at the planned end.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import student, validation
from experiments.stats.bisection import boundary
from experiments.stats.dunnett import dunnett_critical
from experiments.stats.group_sequential import GroupSequential
from experiments.stats.planned_metrics import PlannedMean, PlannedMetric
from experiments.stats.sample_mean import welch_df
from experiments.stats.validation import Alternative, BoolArray, FloatArray

# No rule in use has less than full power at this drift.
HIGHEST_DRIFT = 40.0


@dataclass(frozen=True)
class SingleLook:
    """One decision at the planned end.

    alpha:         of the test; a guardrail is one-sided at 0.05 with its margin as the effect.
    is_one_sided:  only the side of the effect is looked for.
    treatments:    all compared with one control (Dunnett); `allocation` is that of each.
    t_below:       Student's t where control has fewer customers than this; infinity for always, 0 for never.
    has_pooled_df: the t test pools the variances, as other tools assume; ours is Welch's.
    """

    alpha: float = 0.05
    is_one_sided: bool = False
    treatments: int = 1
    t_below: float = 200.0
    has_pooled_df: bool = False

    def tail(self, allocation: FloatArray) -> FloatArray:
        """The alpha of one tail of one comparison; shape of `allocation`."""
        if self.treatments == 1:
            return np.full(allocation.shape, self.alpha if self.is_one_sided else self.alpha / 2.0)
        loading = np.repeat((allocation / (1.0 + allocation))[..., None], self.treatments, axis=-1)
        side = Alternative.GREATER if self.is_one_sided else Alternative.TWO_SIDED
        return np.asarray(special.ndtr(-dunnett_critical(loading, alpha=self.alpha, alternative=side)))


DecisionRule: TypeAlias = SingleLook | GroupSequential


@dataclass(frozen=True, eq=False)
class SampleSize:
    """Customers needed, not yet rounded up; `treatment` is each treatment, `total` all variants together."""

    control: FloatArray
    treatment: FloatArray
    total: FloatArray


@dataclass(frozen=True, eq=False)
class MinimumEffect:
    """The smallest effect found with the asked power: in the metric's unit, and as a share of the control's level."""

    absolute: FloatArray
    relative: FloatArray


def achieved_power(
    metric: PlannedMetric,
    *,
    effect: ArrayLike,
    control_customers: ArrayLike,
    allocation: ArrayLike = 1.0,
    rule: DecisionRule = SingleLook(),
) -> FloatArray:
    """The chance to find `effect` with so many customers; shape: whatever the arguments broadcast to.

    effect:            in the metric's unit; its sign matters for rates only.
    control_customers: matured ones at the planned end. allocation: customers of a treatment for each in control.
    rule:              `SingleLook`, or the schedule of `group_sequential` or `sequence_schedule`.
    Errors: `ValueError` for an effect that leaves a rate outside [0, 1].
    Source: normal approximation with the null variance in the critical part; noncentral t for small means.
    """
    size, n, k = _inputs(metric, effect, control_customers, allocation)
    return _Plan.of(metric, rule, k).chance(size, n)


def required_customers(
    metric: PlannedMetric,
    *,
    effect: ArrayLike,
    power: ArrayLike = 0.8,
    allocation: ArrayLike = 1.0,
    rule: DecisionRule = SingleLook(),
) -> SampleSize:
    """Customers at which `effect` is found with the given power; arguments, shape and errors as `achieved_power`.

    Errors: `ValueError` for an effect of 0, which no number of customers shows.
    """
    wanted = validation.open_share("power", power)
    size, _, k = _inputs(metric, effect, 1.0, allocation)
    validation.refuse("effect", size, size == 0, "must not be 0")
    n = _Plan.of(metric, rule, k).customers(size, wanted)
    return SampleSize(n, n * k, n * (1.0 + rule.treatments * k))


def minimum_effect(
    metric: PlannedMetric,
    *,
    control_customers: ArrayLike,
    power: ArrayLike = 0.8,
    allocation: ArrayLike = 1.0,
    rule: DecisionRule = SingleLook(),
    is_increase: bool = True,
) -> MinimumEffect:
    """The smallest effect found with the given power; arguments and shape as for `achieved_power`.

    `is_increase` says which way to look: a rate has more noise above than below. An effect towards a decrease is
    negative. NaN where a rate has no room for an effect that large.
    """
    wanted, sign = validation.open_share("power", power), 1.0 if is_increase else -1.0
    _, n, k = _inputs(metric, 0.0, control_customers, allocation)
    reach = HIGHEST_DRIFT * metric.spread(np.zeros(n.shape), k)[1] / np.sqrt(n)
    highest = np.where(np.isinf(metric.room(sign)), reach, metric.room(sign))
    highest = np.broadcast_to(highest, np.broadcast_shapes(highest.shape, wanted.shape))

    plan = _Plan.of(metric, rule, k)

    def is_missed(size: FloatArray) -> BoolArray:
        return np.asarray(plan.chance(sign * size, n) <= wanted)

    found = np.where(is_missed(highest), np.nan, sign * boundary(is_missed, np.zeros(highest.shape), highest))
    return MinimumEffect(found, found / metric.level)


def optimal_control_share(treatments: int) -> float:
    """The control's share of all customers that makes every comparison with it sharpest: `sqrt(T) / (sqrt(T) + T)`.

    The treatments share the rest equally.
    """
    count = validation.whole_number("treatments", treatments, least=1)
    return float(np.sqrt(count) / (np.sqrt(count) + count))


def quarterly_value(
    effect: ArrayLike, customers_per_quarter: ArrayLike, *, value_per_unit: ArrayLike = 1.0
) -> FloatArray:
    """Money a quarter that an absolute effect per customer is worth over all customers it would reach.

    value_per_unit: money per unit of the metric: 1 for revenue, the value of a conversion for a rate.
    """
    return np.asarray(
        validation.numbers("effect", effect)
        * validation.finite("customers_per_quarter", customers_per_quarter)
        * validation.finite("value_per_unit", value_per_unit)
    )


def _inputs(
    metric: PlannedMetric, effect: ArrayLike, customers: ArrayLike, allocation: ArrayLike
) -> tuple[FloatArray, FloatArray, FloatArray]:
    size, n, k, _ = validation.broadcast(
        effect=validation.finite("effect", effect),
        control_customers=validation.positive("control_customers", customers),
        allocation=validation.positive("allocation", allocation),
        metric=metric.level,
    )
    room = np.where(size > 0, metric.room(1.0), metric.room(-1.0))
    validation.refuse("effect", size, np.abs(size) > room, "leaves the treatment's rate outside [0, 1]")
    return size, n, k


@dataclass(frozen=True)
class _Plan:
    """All that is fixed while customers or effect are sought; `tail` is the alpha of one tail of the last look."""

    metric: PlannedMetric
    rule: DecisionRule
    allocation: FloatArray
    tail: FloatArray
    t_test: "_StudentTest | None"

    @classmethod
    def of(cls, metric: PlannedMetric, rule: DecisionRule, allocation: FloatArray) -> "_Plan":
        if isinstance(rule, GroupSequential):
            return cls(metric, rule, allocation, np.asarray(rule.nominal_alpha[-1] / 2.0), None)
        tail = rule.tail(allocation)
        t_test = _StudentTest(metric, rule, allocation, tail) if isinstance(metric, PlannedMean) else None
        return cls(metric, rule, allocation, tail, t_test)

    def chance(self, effect: FloatArray, n: FloatArray) -> FloatArray:
        """Power at `effect` with `n` customers in control."""
        null, own = self.metric.spread(effect, self.allocation)
        power = self._power(np.abs(effect) * np.sqrt(n) / own, null / own)
        if self.t_test is None or not (small := n < self.t_test.rule.t_below).any():
            return power
        return np.where(small, self.t_test.chance(effect, n), power)

    def customers(self, effect: FloatArray, power: FloatArray) -> FloatArray:
        """Customers in control at which `effect` is found with `power`."""
        null, own = self.metric.spread(effect, self.allocation)
        zero = np.zeros(np.broadcast_shapes(own.shape, power.shape))
        drift = boundary(lambda drift: self._power(drift, null / own) <= power, zero, zero + HIGHEST_DRIFT)
        n = (drift * own / effect) ** 2
        if self.t_test is None or not (small := n < self.t_test.rule.t_below).any():
            return n
        return np.where(small, self.t_test.customers(effect, power, n), n)

    def _power(self, drift: FloatArray, inflation: FloatArray) -> FloatArray:
        """The chance to reject at `drift`, with the boundary `inflation` times as far out as the drift's unit."""
        critical = -special.ndtri(self.tail)
        if isinstance(self.rule, GroupSequential):
            # The inflation is within a few percent of 1 and matters most where most experiments stop: at the end.
            return self.rule.power(np.maximum(drift - (inflation - 1.0) * critical, 0.0))
        wrong_side = 0.0 if self.rule.is_one_sided else special.ndtr(-drift - critical * inflation)
        return np.asarray(special.ndtr(drift - critical * inflation) + wrong_side)


@dataclass(frozen=True)
class _StudentTest:
    """Small means, whose critical value and noise are both those of Student's t."""

    metric: PlannedMean
    rule: SingleLook
    allocation: FloatArray
    tail: FloatArray

    def chance(self, effect: FloatArray, n: FloatArray) -> FloatArray:
        """Power by the noncentral t; NaN where a variant has fewer than two customers."""
        m = n * self.allocation
        control, treatment = self.metric.both_variances[0] / n, self.metric.both_variances[1] / m
        with np.errstate(divide="ignore", invalid="ignore"):
            own_df = welch_df(control, treatment, n - 1.0, m - 1.0)
        df = np.where(np.minimum(n, m) >= 2.0, n + m - 2.0 if self.rule.has_pooled_df else own_df, np.nan)
        drift, critical = np.abs(effect) / np.sqrt(control + treatment), -student.quantile(df, self.tail)
        # Farther out the library's noncentral t breaks down, and the answers are 1 and 0 to eight digits.
        found = 1.0 - special.nctdtr(df, np.minimum(drift, 20.0), critical)
        wrong_side = np.where(drift < 8.0, special.nctdtr(df, np.minimum(drift, 8.0), -critical), 0.0)
        return np.asarray(found if self.rule.is_one_sided else found + wrong_side)

    def customers(self, effect: FloatArray, power: FloatArray, normal: FloatArray) -> FloatArray:
        """More than the `normal` answer, and at least two in each variant."""
        fewest = np.broadcast_to(2.0 * np.maximum(1.0, 1.0 / self.allocation), normal.shape)
        most = 10.0 * normal + 25.0 * fewest
        return boundary(lambda n: ~(self.chance(effect, n) > power), fewest, most)
