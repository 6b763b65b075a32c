"""The rule frozen at launch, at one analysis: which look this is, and what it leaves of each family.

A single look at the end is judged at the plan's alpha, with Dunnett's correction over several treatments. Several looks
spend alpha look by look; each treatment spends its own part. An analysis that takes no look repeats the last decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments import stats
from experiments.readouts.metric_data import MetricData

Array = NDArray[np.float64]
PLANNED_CUSTOMERS = 10_000  # where no plan says: the sample at which the confidence sequence is narrowest


@dataclass(frozen=True, slots=True)
class Plan:
    """What the experiment was sized for. `customers` counts all variants together."""

    customers: int | None = None
    minimum_effect: float | None = None
    power: float = 0.8
    alpha: float = 0.05
    looks: int = 1


def planned_for(plan: Plan, shares: Mapping[str, float], variant: str) -> float:
    """The planned customers of one comparison: control (the first of `shares`) and the one treatment."""
    if plan.customers is None:
        return float(PLANNED_CUSTOMERS)
    return plan.customers * (next(iter(shares.values())) + shares[variant])


@dataclass(frozen=True)
class Family:
    """Metrics whose comparisons are corrected together: p [metric, treatment] and the alpha their intervals take."""

    name: str
    method: str
    size: int
    p: Array
    alpha: Array

    def multiplicity(self, index: tuple[int, int]) -> dict[str, Any] | None:
        p = float(self.p[index])
        if self.size == 1:
            return None
        return {"method": self.method, "family": self.name, "size": self.size, "p_value": None if np.isnan(p) else p}


@dataclass(frozen=True)
class Rule:
    """The plan at one analysis. `taken` are earlier looks; `due` is the look this analysis takes, if any."""

    plan: Plan = field(default_factory=Plan)
    taken: tuple[stats.Look, ...] = ()
    due: stats.Look | None = None

    @classmethod
    def at(cls, plan: Plan, *, matured: float, is_over: bool, taken: Sequence[Mapping[str, Any]]) -> "Rule":
        """The rule when `matured` customers count; `is_over`: ended, and every window of the primary has closed."""
        earlier = tuple(stats.Look(look["look"], look["information"], look["is_final"]) for look in taken)
        if plan.looks == 1:
            due = stats.Look(1, 1.0, is_final=True) if is_over and not earlier else None
            return cls(plan, earlier, due)
        share = matured / (plan.customers or PLANNED_CUSTOMERS)
        return cls(plan, earlier, stats.due_look(share, planned_looks=plan.looks, taken=earlier, is_over=is_over))

    @property
    def looks(self) -> tuple[stats.Look, ...]:
        """All looks, the one due now included."""
        return (*self.taken, self.due) if self.due else self.taken

    @property
    def is_sequential(self) -> bool:
        return self.plan.looks > 1

    def primary(self, data: MetricData) -> Family:
        """The family of the treatments on the metric that decides, at this look."""
        p = data.difference(p_of_interval=True).p
        size = p.size
        if self.is_sequential:
            alpha = self._schedule(size).nominal_alpha[-1]
            return Family("primary", "group-sequential", size, self._repeated(p, size)[None], np.array([alpha]))
        if size == 1:
            return Family("primary", "fixed", 1, p[None], np.array([self.plan.alpha]))
        alpha = stats.dunnett_alpha(data.loading, alpha=self.plan.alpha)
        return Family("primary", "dunnett", size, stats.dunnett_adjusted_p(p, data.loading)[None], np.array([alpha]))

    def secondary(self, datas: Sequence[MetricData]) -> Family:
        """Benjamini and Hochberg over treatments × metrics, at the critical value of this look."""
        return self.together("secondary", np.array([data.difference(p_of_interval=True).p for data in datas]))

    def together(self, name: str, p: Array) -> Family:
        """Benjamini and Hochberg over all of p [row, treatment], at the critical value of this look."""
        size = int(np.sum(~np.isnan(p)))
        level = self._schedule(1).nominal_alpha[-1] if self.is_sequential else self.plan.alpha
        alpha = stats.matching_alpha(p, alpha=level, axis=(0, 1))
        adjusted = stats.benjamini_hochberg(p, axis=(0, 1))
        method = "benjamini-hochberg" if size > 1 else "group-sequential" if self.is_sequential else "fixed"
        final = self._repeated(adjusted, 1) if self.is_sequential else adjusted
        return Family(name, method, size, final, np.broadcast_to(alpha[:, 0], len(p)))

    def single(self, data: MetricData) -> Family:
        """A comparison by itself: guardrails, which must all pass anyway, and diagnostics, which decide nothing."""
        p = data.difference(p_of_interval=True).p
        level = self._schedule(1).nominal_alpha[-1] if self.is_sequential else self.plan.alpha
        final = self._repeated(p, 1) if self.is_sequential else p
        return Family(
            "single", "group-sequential" if self.is_sequential else "fixed", 1, final[None], np.array([level])
        )

    def _schedule(self, treatments: int) -> stats.GroupSequential:
        return stats.group_sequential(
            [look.information for look in self.looks], alpha=self.plan.alpha, treatments=treatments,
            is_final=self.looks[-1].is_final,
        )  # fmt: skip

    def _repeated(self, p: Array, treatments: int) -> Array:
        return stats.repeated_p_value(
            p, [look.information for look in self.looks], alpha=self.plan.alpha, treatments=treatments,
            is_final=self.looks[-1].is_final,
        )  # fmt: skip
