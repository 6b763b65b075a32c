"""How the quarter went as work: how much, how long, how carefully. Each figure beside the quarter before."""

from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Q

from backlog.models import Idea, VotingRound
from engagement.core.clock import now
from experiments.choices import DecisionKind, MarkKind
from experiments.lifecycle import State
from experiments.models import ChecklistMark, Decision, Experiment, Milestone
from experiments.queries import launched
from experiments.queries.warning_signs import CLOSED_WITHIN, DECIDED_WITHIN

Figures = dict[str, Any]


def process(decisions: Sequence[Decision], start: datetime, end: datetime) -> Figures:
    """Counts of one quarter; `median_days` is None where nothing decided came from an idea."""
    waived = Count("pk", distinct=True, filter=Q(checklist_marks__kind=MarkKind.WAIVER))
    begun = launched().filter(starts__gte=start, starts__lt=end).order_by()
    begun_counts = begun.aggregate(launched=Count("pk", distinct=True), waived=waived)
    days = [
        (decision.decided_at - decision.experiment.idea.created_at).days
        for decision in decisions
        if decision.experiment.idea
    ]
    return {
        "ideas_added": Idea.objects.filter(created_at__gte=start, created_at__lt=end).count(),
        "rounds_closed": VotingRound.objects.filter(closed_at__gte=start, closed_at__lt=end).count(),
        **begun_counts,
        "decided": len(decisions),
        "median_days": median(days) if days else None,
        "closed": sum(decision.experiment.state == State.CLOSED for decision in decisions),
        "not_recommended": sum(is_against_the_rule(decision) for decision in decisions),
        "stopped_early": sum(bool(decision.experiment.early_stop_reason) for decision in decisions),
        **warning_signs(start, end),
    }


def warning_signs(start: datetime, end: datetime) -> Figures:
    """How many warning signs came up in the quarter, as records tell afterwards, and how many were answered in it.

    A milestone undone on the day after it was due: answered by doing it. An experiment without a decision a week after
    its end, or without a retro two weeks after its decision: answered by deciding, by closing. What a pod's page shows
    of the moment alone (turnout, over-load) leaves no record and is not counted.
    """
    last = min(end, now())
    found = [
        (datetime.combine(step.due + timedelta(days=1), time.min, start.tzinfo), step.done_at)
        for step in Milestone.objects.filter(due__gte=start.date() - timedelta(days=1), due__lt=last.date())
    ]
    run_here = Experiment.objects.filter(ends__lt=last, results_import=None)  # a file is brought in when it is over
    for one in run_here.select_related("decision", "retro"):
        decision, retro = getattr(one, "decision", None), getattr(one, "retro", None)
        if one.ends is not None:
            found.append((one.ends + DECIDED_WITHIN, decision.decided_at if decision else None))
        if decision is not None:
            found.append((decision.decided_at + CLOSED_WITHIN, retro.written_at if retro else None))
    raised = [answer for came, answer in found if start <= came < last and (answer is None or answer > came)]
    answered = sum(answer is not None and answer < end for answer in raised)
    return {"warning_signs": len(raised), "warnings_answered": answered}


def departures(decisions: Sequence[Decision], start: datetime, end: datetime) -> list[dict[str, str]]:
    """What went another way than planned, with the reason given then.

    Early stops, waivers of what was launched, and rounds closed without their quorum (those have no `experiment`).
    """
    stops = [
        {"experiment": each.experiment.key, "name": each.experiment.name, "what": "stopped_early",
         "reason": each.experiment.early_stop_reason}
        for each in decisions if each.experiment.early_stop_reason
    ]  # fmt: skip
    waivers = ChecklistMark.objects.filter(
        kind=MarkKind.WAIVER, experiment__in=launched().filter(starts__gte=start, starts__lt=end)
    )
    rounds = VotingRound.objects.filter(closed_at__gte=start, closed_at__lt=end, waived_at__isnull=False)
    return [
        *stops,
        *(
            {"experiment": each.experiment.key, "name": each.experiment.name, "what": "waived", "reason": each.reason}
            for each in waivers.select_related("experiment").order_by("experiment__starts", "at", "pk")
        ),
        *(
            {"experiment": "", "name": each.name, "what": "quorum_waived", "reason": each.waiver}
            for each in rounds.order_by("closed_at", "pk")
        ),
    ]


def is_against_the_rule(decision: Decision) -> bool:
    """Shipped what the frozen rule did not recommend."""
    recommended = decision.readout.document["recommendation"] or {"variant": None}
    key = decision.variant.key if decision.variant else None
    return decision.kind == DecisionKind.SHIP and recommended["variant"] != key


def stages(decisions: Sequence[Decision]) -> list[dict[str, Any]]:
    """Decided experiments by the lifecycle stage of their idea, most first; those without one last."""
    return _by(decisions, "stage", lambda idea: idea.get_lifecycle_stage_display())


def customer_states(decisions: Sequence[Decision]) -> list[dict[str, Any]]:
    """The same by the customer state that their idea is for."""
    return _by(decisions, "state", lambda idea: idea.get_customer_state_display())


def _by(decisions: Sequence[Decision], name: str, label: Callable[[Idea], Any]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for decision in decisions:
        idea = decision.experiment.idea
        key = str(label(idea)) if idea else ""
        row = found.setdefault(key, {name: key, "decided": 0, "shipped": 0})
        row["decided"] += 1
        row["shipped"] += decision.kind == DecisionKind.SHIP
    return sorted(found.values(), key=lambda row: (not row[name], -row["decided"], row[name]))
