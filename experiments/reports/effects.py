"""The one effect of an experiment that a list, a home page or a report shows, with its interval and verdict."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from experiments import queries
from experiments.metrics.definition import SHARES
from experiments.models import Experiment

SMALLEST_RATIO = 0.05


@dataclass(frozen=True, slots=True)
class Effect:
    """The primary metric's comparison as people read it.

    `low`, `high`: the decision interval; none before the plan is reached or where nothing can be said. Absolute values
    are in the metric's unit: for proportions a share (0.02 is 2 pp).
    """

    metric: str
    kind: str
    unit: str
    variant: str
    treatments: int
    customers: int
    verdict: str
    estimate: float | None
    low: float | None
    high: float | None
    lift: float | None
    lift_low: float | None
    lift_high: float | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def is_share(self) -> bool:
        return self.kind in SHARES

    @property
    def scale(self) -> int:
        """What the absolute values are multiplied by before they are written: a share becomes percentage points."""
        return 100 if self.is_share else 1

    @property
    def shown_unit(self) -> str:
        return "pp" if self.is_share else self.unit

    @property
    def drawn(self) -> tuple[float, float, float] | None:
        """Lift, low and high as the small drawings place them: by ratio, so that half and double lie equally far."""
        if self.lift is None or self.lift_low is None or self.lift_high is None:
            return None
        lift, low, high = (
            math.log(max(SMALLEST_RATIO, 1 + part)) for part in (self.lift, self.lift_low, self.lift_high)
        )
        return lift, low, high

    @property
    def has_interval(self) -> bool:
        return None not in (self.estimate, self.low, self.high)


def primary_effect(document: dict[str, Any], *, variant: str | None = None) -> Effect | None:
    """The effect of `variant`, else of the treatment whose interval speaks most clearly. None while sealed."""
    metric = next((part for part in document["metrics"] if part["role"] == "primary"), None)
    if metric is None:
        return None
    comparisons = metric["comparisons"]
    chosen = next((c for c in comparisons if c["variant"] == variant), None) or min(comparisons, key=_p_value)
    return effect(metric, chosen)


def listed_effects(experiments: Iterable[Experiment]) -> list[Effect | None]:
    """The primary effect of each experiment, of the shipped variant where one was; None without a readout."""
    listed = list(experiments)
    documents = queries.documents(listed)
    return [_listed_effect(one, documents[one.pk]) if one.pk in documents else None for one in listed]


def _listed_effect(experiment: Experiment, document: dict[str, Any]) -> Effect | None:
    shipped = experiment.decision.variant if hasattr(experiment, "decision") else None
    return primary_effect(document, variant=shipped.key if shipped else None)


def shared_axis(effects: Iterable[Effect | None]) -> tuple[float, float] | None:
    """The ends of one axis for the drawn lifts of a list, with zero on it; None where there is nothing to draw."""
    ends = [end for found in effects if found is not None and found.drawn for end in found.drawn]
    return (min(0.0, *ends), max(0.0, *ends)) if ends else None


def effect(metric: dict[str, Any], comparison: dict[str, Any]) -> Effect:
    """One comparison of one metric of a readout document."""
    decision = comparison["decision"] or {"low": None, "high": None, "lift": {"low": None, "high": None}}
    is_shown = comparison["verdict"] != "invalid" and comparison["decision"] is not None
    return Effect(
        metric=metric["key"],
        kind=metric["kind"],
        unit=metric["unit"],
        variant=comparison["variant"],
        treatments=len(metric["comparisons"]),
        customers=sum(row["n"] for row in metric["variants"]),
        verdict=comparison["verdict"],
        estimate=comparison["absolute"]["estimate"] if is_shown else None,
        low=decision["low"] if is_shown else None,
        high=decision["high"] if is_shown else None,
        lift=comparison["lift"]["estimate"] if is_shown else None,
        lift_low=decision["lift"]["low"] if is_shown else None,
        lift_high=decision["lift"]["high"] if is_shown else None,
    )


def _p_value(comparison: dict[str, Any]) -> float:
    p = (comparison["decision"] or comparison).get("p_value")
    return 2.0 if p is None else p
