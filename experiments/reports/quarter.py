"""A quarter as leadership reads it: what was learned, what was decided, how much was done."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backlog.models import Idea, VotingRound
from backlog.quarters import Quarter
from engagement.accounts.queries import workspace
from engagement.core.clock import now
from engagement.core.errors import NotFound
from experiments import stats
from experiments.choices import VERDICT_LABELS
from experiments.lifecycle import State
from experiments.models import Decision, Experiment
from experiments.reports.effects import primary_effect

EARLIEST, LATEST = 2000, 2199


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
    decisions = decisions.prefetch_related("experiment__variants")
    rows = [_row(decision) for decision in decisions]
    started = _launched().filter(starts__gte=start, starts__lt=end).select_related("pod")
    launched = [_launched_row(experiment) for experiment in started]
    return {
        "schema": "report/1",
        "quarter": str(quarter),
        "workspace": house.name,
        "from": start.date().isoformat(),
        "to": (end.date()).isoformat(),
        "made_at": now().isoformat(timespec="seconds").replace("+00:00", "Z"),
        "is_demonstration": house.is_demonstration,
        "pods": sorted({row["pod"] for row in rows if row["pod"]}),
        "counts": _counts(start, end, rows, launched),
        "learnings": [row["experiment"] for row in clearest(rows)],
        "decisions": rows,
        "launched": launched,
    }


def quarter_named(text: str) -> Quarter:
    """The quarter of that name, such as 2026-Q3; refuses anything else, and years nobody reports on."""
    try:
        quarter = Quarter.parse(text)
    except ValueError as error:
        raise NotFound(_("%(why)s.") % {"why": error}) from error
    if not EARLIEST <= quarter.year <= LATEST or str(quarter) != text:
        raise NotFound(_("There is no report for %(quarter)s.") % {"quarter": quarter})
    return quarter


def quarter_of(moment: datetime) -> Quarter:
    """The quarter a moment belongs to, in the workspace's zone."""
    return Quarter.of(moment.astimezone(ZoneInfo(workspace().time_zone)).date())


def reported_quarters() -> dict[Quarter, int]:
    """The quarters in which something was launched or decided, newest first, with the number of decisions."""
    zone = ZoneInfo(workspace().time_zone)
    decided = Counter(
        Quarter.of(at.astimezone(zone).date()) for at in Decision.objects.values_list("decided_at", flat=True)
    )
    launched = {Quarter.of(at.astimezone(zone).date()) for at in _launched().values_list("starts", flat=True) if at}
    return {quarter: decided[quarter] for quarter in sorted(launched | set(decided), reverse=True)}


def clearest(rows: Sequence[dict[str, Any]], *, most: int = 3) -> list[dict[str, Any]]:
    """The decisions to learn from first: those that speak (better or worse) before the rest, each newest first."""
    speaking = (stats.Verdict.BETTER, stats.Verdict.WORSE)
    return sorted(rows, key=lambda row: not row["effect"] or row["effect"]["verdict"] not in speaking)[:most]


def _launched() -> QuerySet[Experiment]:
    return Experiment.objects.exclude(state__in=(State.DRAFT, State.READY))


def bounds(quarter: Quarter, time_zone: str) -> tuple[datetime, datetime]:
    """First moment of the quarter and first moment after it, in the workspace's zone."""
    zone = ZoneInfo(time_zone)
    days = (quarter.first_day, quarter.first_day_after)
    start, end = (datetime.combine(day, time.min, zone) for day in days)
    return start, end


def _row(decision: Decision) -> dict[str, Any]:
    experiment = decision.experiment
    effect = primary_effect(decision.readout.document, variant=decision.variant.key if decision.variant else None)
    names = {variant.key: variant.name for variant in experiment.variants.all()}
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
        "treatment": names[effect.variant] if effect else None,
        "effect": effect.as_json() if effect else None,
    }


def _launched_row(experiment: Experiment) -> dict[str, Any]:
    return {
        "experiment": experiment.key,
        "name": experiment.name,
        "pod": experiment.pod.name if experiment.pod else "",
        "state": experiment.state,
        "state_label": str(experiment.get_state_display()),
        "is_simulated": experiment.is_simulated,
    }


def _counts(
    start: datetime, end: datetime, rows: list[dict[str, Any]], launched: list[dict[str, Any]]
) -> dict[str, Any]:
    verdicts = Counter(row["effect"]["verdict"] for row in rows if row["effect"])
    return {
        "ideas_added": Idea.objects.filter(created_at__gte=start, created_at__lt=end).count(),
        "rounds_closed": VotingRound.objects.filter(closed_at__gte=start, closed_at__lt=end).count(),
        "experiments_launched": len(launched),
        "experiments_decided": len(rows),
        "verdicts": {verdict: verdicts.get(verdict, 0) for verdict in VERDICT_LABELS},
    }
