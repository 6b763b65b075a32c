"""A quarter as leadership reads it: what was learned, what was decided, how much was done."""

from collections import Counter
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from backlog.models import Idea, VotingRound
from backlog.quarters import Quarter
from engagement.accounts.queries import workspace
from engagement.core.clock import now
from experiments.choices import VERDICT_LABELS
from experiments.models import Decision, Experiment
from experiments.reports.effects import primary_effect


def quarter_report(quarter: Quarter) -> dict[str, Any]:
    """The `report/1` document: JSON-ready, the same for page, API and command.

    A quarter runs from midnight to midnight in the workspace's zone. An experiment belongs to the quarter of its
    decision; losses and unclear results stand in the same list as successes, newest first.
    """
    house = workspace()
    start, end = bounds(quarter, house.time_zone)
    decisions = Decision.objects.filter(decided_at__gte=start, decided_at__lt=end).select_related(
        "experiment__idea", "experiment__pod", "readout", "variant", "decided_by"
    )
    rows = [_row(decision) for decision in decisions]
    return {
        "schema": "report/1",
        "quarter": str(quarter),
        "workspace": house.name,
        "from": start.date().isoformat(),
        "to": (end.date()).isoformat(),
        "made_at": now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        "is_demonstration": house.is_demonstration,
        "pods": sorted({row["pod"] for row in rows if row["pod"]}),
        "counts": _counts(start, end, rows),
        "decisions": rows,
    }


def bounds(quarter: Quarter, time_zone: str) -> tuple[datetime, datetime]:
    """First moment of the quarter and first moment after it, in the workspace's zone."""
    zone = ZoneInfo(time_zone)
    days = (quarter.first_day, quarter.first_day_after)
    start, end = (datetime.combine(day, time.min, zone) for day in days)
    return start, end


def _row(decision: Decision) -> dict[str, Any]:
    experiment = decision.experiment
    effect = primary_effect(decision.readout.document, variant=decision.variant.key if decision.variant else None)
    return {
        "experiment": experiment.key,
        "name": experiment.name,
        "pod": experiment.pod.name if experiment.pod else "",
        "idea": experiment.idea_id,
        "is_simulated": experiment.is_simulated,
        "learning": decision.learning,
        "decision": decision.kind,
        "decision_label": str(decision.get_kind_display()),
        "variant": decision.variant.name if decision.variant else None,
        "reason": decision.reason,
        "decided_by": decision.decided_by.name if decision.decided_by else "command line",
        "decided_at": decision.decided_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "effect": effect.as_json() if effect else None,
    }


def _counts(start: datetime, end: datetime, rows: list[dict[str, Any]]) -> dict[str, Any]:
    verdicts = Counter(row["effect"]["verdict"] for row in rows if row["effect"])
    return {
        "ideas_added": Idea.objects.filter(created_at__gte=start, created_at__lt=end).count(),
        "rounds_closed": VotingRound.objects.filter(closed_at__gte=start, closed_at__lt=end).count(),
        "experiments_launched": Experiment.objects.filter(starts__gte=start, starts__lt=end)
        .exclude(state__in=("draft", "ready"))
        .count(),
        "experiments_decided": len(rows),
        "verdicts": {verdict: verdicts.get(verdict, 0) for verdict in VERDICT_LABELS},
    }
