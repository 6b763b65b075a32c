"""A quarter as leadership reads it: what was learned, what was decided, what it is worth, how much was done."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from backlog.models import Goal
from backlog.quarters import Quarter
from backlog.queries import goals_of
from engagement.accounts.queries import workspace
from engagement.core.clock import now
from engagement.customers.models import Customer
from experiments import queries, stats
from experiments.choices import VERDICT_LABELS
from experiments.models import Ask, Decision, Experiment, ReportText
from experiments.reports.effects import primary_effect
from experiments.reports.quarterly.ahead import audience_used, plan_ahead
from experiments.reports.quarterly.judging import judging, outcomes
from experiments.reports.quarterly.maturity import maturity
from experiments.reports.quarterly.money import money
from experiments.reports.quarterly.period import bounds
from experiments.reports.quarterly.process import customer_states, departures, is_against_the_rule, process, stages
from experiments.reports.quarterly.programme import measured_lifts, programme
from experiments.reports.quarterly.targets import goal_served, sizes, targets, with_counts
from experiments.stats.programme import TotalEffect

MOST_LEARNINGS = 3


def quarter_report(
    quarter: Quarter,
    *,
    felt: Sequence[dict[str, Any]] = (),
    holdouts: Mapping[str, TotalEffect] | None = None,
    contacts: Mapping[str, dict[str, Any] | None] | None = None,
) -> dict[str, Any]:
    """The `report/1` document: JSON-ready, the same for page, PDF, API and command.

    A quarter runs from midnight to midnight in the workspace's zone. An experiment belongs to the quarter of its
    decision; losses and unclear results stand in the same list as successes, newest first.

    felt: what customers felt, holdouts: what holdouts measured, by metric, and contacts: how much customers heard
    from us; whoever may open the warehouse says.
    """
    house = workspace()
    start, end = bounds(quarter, house.time_zone)
    decisions = list(_decisions().filter(decided_at__gte=start, decided_at__lt=end))
    goals = list(goals_of(quarter))
    aims = targets(goals, before=start)
    earlier_start, _same = bounds(quarter.previous, house.time_zone)
    before = list(_decisions().filter(decided_at__gte=earlier_start, decided_at__lt=start))
    customers = Customer.objects.filter(merged_into=None).count()
    rows = [_row(decision, goal_served(decision, goals)) for decision in decisions]
    started = queries.launched().filter(starts__gte=start, starts__lt=end).select_related("pod")
    launched = [_launched_row(experiment) for experiment in started]
    measured = measured_lifts(decisions, all_customers=customers)
    figures = {
        "now": _process(quarter, decisions, house.time_zone),
        "before": _process(quarter.previous, before, house.time_zone),
    }
    told = dict(contacts or {"now": None, "before": None})
    ahead = plan_ahead(quarter.next, list(goals_of(quarter.next)), time_zone=house.time_zone, at=now())
    text = ReportText.objects.filter(quarter=str(quarter)).first()
    return {
        "schema": "report/1",
        "quarter": str(quarter),
        "workspace": house.name,
        "from": start.date().isoformat(),
        "to": (end.date()).isoformat(),
        "made_at": _written(now()),
        "is_demonstration": house.is_demonstration,
        "pods": sorted({row["pod"] for row in rows if row["pod"]}),
        "title": text.title if text else "",
        "counts": _counts(rows, figures["now"]),
        "learnings": _learnings(text, rows),
        "felt": list(felt),
        "goals": with_counts(aims, decisions, goals),
        "programme": programme(measured, holdouts=holdouts or {}, goals=sizes(aims)),
        "decisions": rows,
        "money": money(decisions, all_customers=customers),
        "stages": stages(decisions),
        "customer_states": customer_states(decisions),
        "judging": judging(outcomes(_decisions().filter(decided_at__lt=end))),
        "process": figures,
        "contacts": told,
        "maturity": maturity(
            str(quarter),
            decisions=decisions,
            process=figures["now"],
            felt=felt,
            contacts=told["now"],
            start=start,
            end=end,
        ),
        "departures": departures(decisions, start, end),
        "launched": launched,
        "planned": ahead.pop("experiments"),
        "next": ahead,
        "asks": [_ask(ask) for ask in _asks(quarter)],
    }


def clearest(rows: Sequence[dict[str, Any]], *, most: int = MOST_LEARNINGS) -> list[dict[str, Any]]:
    """The decisions to learn from first: those that speak (better or worse) before the rest, each newest first."""
    speaking = (stats.Verdict.BETTER, stats.Verdict.WORSE)
    return sorted(rows, key=lambda row: not row["effect"] or row["effect"]["verdict"] not in speaking)[:most]


def _decisions() -> QuerySet[Decision]:
    found = Decision.objects.select_related("experiment__idea", "experiment__pod", "readout", "variant", "decided_by")
    return found.prefetch_related("experiment__variants")


def _process(quarter: Quarter, decisions: Sequence[Decision], time_zone: str) -> dict[str, Any]:
    return {
        **process(decisions, *bounds(quarter, time_zone)),
        "audience_used": audience_used(quarter, time_zone=time_zone),
    }


def _asks(quarter: Quarter) -> QuerySet[Ask]:
    return Ask.objects.filter(quarter=str(quarter), withdrawn_at=None).select_related("owner")


def _ask(ask: Ask) -> dict[str, Any]:
    return {
        "id": ask.pk, "text": ask.text, "kind": ask.kind, "kind_label": str(ask.get_kind_display()),
        "owner": ask.owner.name, "due": ask.due.isoformat(),
    }  # fmt: skip


def _learnings(text: ReportText | None, rows: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """What people wrote, else what the clearest decisions say."""
    if text and text.learnings:
        return list(text.learnings)
    return [{"text": row["learning"], "experiment": row["experiment"]} for row in clearest(rows)]


def _row(decision: Decision, goal: Goal | None) -> dict[str, Any]:
    experiment = decision.experiment
    effect = primary_effect(decision.readout.document, variant=decision.variant.key if decision.variant else None)
    names = {variant.key: variant.name for variant in experiment.variants.all()}
    return {
        "experiment": experiment.key,
        "name": experiment.name,
        "pod": experiment.pod.name if experiment.pod else "",
        "idea": experiment.idea_id,
        "goal": goal.pk if goal else None,
        "is_simulated": experiment.is_simulated,
        "learning": decision.learning,
        "decision": decision.kind,
        "decision_label": str(decision.get_kind_display()),
        "variant": decision.variant.name if decision.variant else None,
        "reason": decision.reason,
        "is_against_the_rule": is_against_the_rule(decision),
        "why_invalid": _why_invalid(decision.readout.document),
        "decided_by": decision.decided_by.name if decision.decided_by else "command line",
        "decided_at": _written(decision.decided_at),
        "treatment": names[effect.variant] if effect else None,
        "effect": effect.as_json() if effect else None,
    }


def _why_invalid(document: dict[str, Any]) -> list[str]:
    """The checks that failed, by name."""
    return [item["check"] for item in document["health"] if item["status"] == "fail"]


def _launched_row(experiment: Experiment) -> dict[str, Any]:
    return {
        "experiment": experiment.key,
        "name": experiment.name,
        "pod": experiment.pod.name if experiment.pod else "",
        "state": experiment.state,
        "state_label": str(experiment.get_state_display()),
        "is_simulated": experiment.is_simulated,
    }


def _counts(rows: list[dict[str, Any]], figures: dict[str, Any]) -> dict[str, Any]:
    verdicts = Counter(row["effect"]["verdict"] for row in rows if row["effect"])
    return {
        "ideas_added": figures["ideas_added"],
        "rounds_closed": figures["rounds_closed"],
        "experiments_launched": figures["launched"],
        "experiments_decided": len(rows),
        "verdicts": {verdict: verdicts.get(verdict, 0) for verdict in VERDICT_LABELS},
    }


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
