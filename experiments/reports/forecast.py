"""The forecast of a plan: how many customers it needs, when they have come, and what other lengths would find."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.utils.translation import gettext as _

from experiments import stats
from experiments.choices import MetricKind
from experiments.metrics.definition import MetricDefinition

DAY = timedelta(days=1)
LENGTHS = (7, 14, 21, 28, 42, 56)
LONGEST_DAYS = 364  # a plan of more than a year is none
RATES = (MetricKind.PROPORTION, MetricKind.RETENTION)
FORECAST = (*RATES, MetricKind.MEAN, MetricKind.RATIO)


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What the forecast rests on.

    level:           base rate (a share) or average per customer; in the metric's unit, as `effect`, which is above 0.
    spread:          standard deviation per customer; None for a rate, whose noise follows from its level.
    customers_a_day: new customers who meet the experiment on a day, all variants together.
    """

    level: float
    effect: float
    customers_a_day: float
    power: float
    spread: float | None = None
    alpha: float = 0.05

    @property
    def relative_effect(self) -> float:
        """The effect as a share of the level, as a plan states it."""
        return round(self.effect / abs(self.level), 12)  # as it was typed, without the dust of a division


@dataclass(frozen=True, slots=True)
class Length:
    """What recruiting for `days` finds with the asked power; `effect` None where the rate has no room for it."""

    days: int
    customers: int
    effect: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """customers: per variant, control first. days: of recruiting, in whole weeks; None where a year is not enough.

    wait_days: from the last exposure until its window has closed. offers: what to change where the planned dates are
    too short; empty where they suffice or there are none.
    """

    customers: tuple[int, ...]
    days: int | None
    wait_days: int
    lengths: tuple[Length, ...]
    offers: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.customers)


def forecast(
    definition: MetricDefinition,
    shares: list[float],
    known: Assumptions,
    *,
    starts: datetime | None = None,
    ends: datetime | None = None,
) -> Forecast:
    """The forecast for the primary metric; control's share first. `ValueError` for an effect the rate has no room for.

    Judged as the readout will judge: two-sided, several treatments with Dunnett's correction, the smallest of them
    taken for all. A week is the least that is recruited, so that every weekday counts the same.
    """
    plan = _Plan(definition, shares, known)
    needed = plan.needed
    reach = known.customers_a_day * np.arange(1.0, LONGEST_DAYS + 1)
    recruiting = float(stats.required_days(needed, reach).recruiting)
    customers = tuple(int(np.ceil(needed * share - 1e-9)) for share in shares)
    return Forecast(
        customers,
        int(recruiting) if np.isfinite(recruiting) else None,
        -(-(definition.window_s or 0) // int(DAY.total_seconds())),
        tuple(Length(days, int(known.customers_a_day * days), plan.found(days)) for days in LENGTHS),
        plan.offers((ends - starts) // DAY if starts and ends else None),
    )


class _Plan:
    """The relation of customers and effect for this metric and these shares."""

    def __init__(self, definition: MetricDefinition, shares: list[float], known: Assumptions) -> None:
        self.known, self.control = known, shares[0]
        self.is_rate = definition.kind in RATES
        self.is_increase = definition.direction == "up"
        level = np.asarray(known.level)
        spread = np.asarray(known.spread or 0.0)
        self.metric = stats.PlannedRate(level) if self.is_rate else stats.PlannedMean(spread**2, np.abs(level))
        self.allocation = min(shares[1:]) / shares[0]
        self.rule = stats.SingleLook(known.alpha, treatments=len(shares) - 1)

    @property
    def needed(self) -> float:
        """Customers of all variants."""
        effect = self.known.effect if self.is_increase else -self.known.effect
        size = stats.required_customers(
            self.metric, effect=effect, power=self.known.power, allocation=self.allocation, rule=self.rule
        )
        return float(size.control) / self.control

    def found(self, days: int) -> float | None:
        """The smallest effect that so many days find."""
        smallest = stats.minimum_effect(
            self.metric,
            control_customers=max(self.known.customers_a_day * days * self.control, 2.0),
            power=self.known.power,
            allocation=self.allocation,
            rule=self.rule,
            is_increase=self.is_increase,
        )
        size = abs(float(smallest.absolute))
        return size if np.isfinite(size) else None

    def offers(self, days: int | None) -> tuple[str, ...]:
        """Three ways out where `days` bring too few customers; each then takes these days."""
        if not days or self.known.customers_a_day * days >= self.needed:
            return ()
        found, share = self.found(days), self.known.customers_a_day * days / self.needed
        larger = _("A larger minimum effect: %(days)d days find %(effect)s.") % {
            "days": days, "effect": amount(found, is_rate=self.is_rate),
        }  # fmt: skip
        wider = _("A wider audience: with %(count)s new customers a day %(days)d days are enough.") % {
            "count": f"{int(np.ceil(self.needed / days)):,}", "days": days,
        }  # fmt: skip
        quieter = _("A metric with less noise: with %(share).0f%% less variance %(days)d days are enough.") % {
            "share": 100 * (1 - share), "days": days,
        }  # fmt: skip
        return larger, wider, quieter


def amount(effect: float | None, *, is_rate: bool) -> str:
    """An effect as people read it: points of a rate, else the metric's own unit."""
    if effect is None:
        return _("nothing that a rate has room for")
    return _("%(points)s points") % {"points": f"{100 * effect:.2g}"} if is_rate else f"{effect:.3g}"
