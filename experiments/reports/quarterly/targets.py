"""The quarter's goals as its report names them: each with its target, and how far that lies from where it stood."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from backlog.choices import GoalKind
from backlog.models import Goal
from experiments import queries
from experiments.choices import DecisionKind
from experiments.models import Decision
from experiments.reports.calendar.entries import goal_of


def targets(goals: Sequence[Goal], *, before: datetime) -> list[dict[str, Any]]:
    """One entry a goal, JSON-ready. Of a value whose start nobody stated, it is where the metric stood `before`.

    `lift` is None where nobody knows from where; `target` of a lift is its size, as the goal has it.
    """
    unstated = {goal.metric_key for goal in goals if goal.kind == GoalKind.VALUE and not goal.baseline}
    levels = queries.levels_before(unstated, before) if unstated else {}
    return [_target(goal, levels.get(goal.metric_key)) for goal in goals]


def _target(goal: Goal, level: float | None) -> dict[str, Any]:
    stated = float(goal.baseline) if goal.baseline else level
    baseline = stated if goal.kind == GoalKind.VALUE else None
    lift = goal.lift if baseline is None else float(goal.target) / baseline - 1
    return {
        "id": goal.pk, "name": goal.name, "pod": goal.pod.name, "metric": goal.metric_key, "direction": goal.direction,
        "kind": goal.kind, "target": float(goal.target), "baseline": baseline, "unit": goal.unit,
        "lift": None if lift is None else float(lift),
    }  # fmt: skip


def sizes(found: Iterable[dict[str, Any]]) -> dict[str, float]:
    """Per metric the lift that the quarter was to bring, as a size; of several the smallest, hardest to show."""
    smallest: dict[str, float] = {}
    for entry in found:
        if entry["lift"]:
            size = abs(entry["lift"])
            smallest[entry["metric"]] = min(size, smallest.get(entry["metric"], size))
    return smallest


def goal_served(decision: Decision, goals: Sequence[Goal]) -> Goal | None:
    """The goal of these under which its experiment stands."""
    metrics = decision.readout.document["metrics"]
    primary = next((metric["key"] for metric in metrics if metric["role"] == "primary"), None)
    return goal_of(decision.experiment, goals, metric_key=primary)


def with_counts(
    found: Iterable[dict[str, Any]], decisions: Iterable[Decision], goals: Sequence[Goal]
) -> list[dict[str, Any]]:
    """Each goal with how many experiments under it were decided, and how many of these were shipped."""
    served = [(goal_served(decision, goals), decision.kind == DecisionKind.SHIP) for decision in decisions]
    decided = Counter(goal.pk for goal, _shipped in served if goal)
    shipped = Counter(goal.pk for goal, is_shipped in served if goal and is_shipped)
    return [{**entry, "decided": decided[entry["id"]], "shipped": shipped[entry["id"]]} for entry in found]
