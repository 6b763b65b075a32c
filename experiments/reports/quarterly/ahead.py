"""What the next quarter plans: experiments under their goals, and the customers they ask for of those there are."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from backlog.models import Goal
from backlog.quarters import Quarter
from experiments.reports.calendar.capacity import WeekLoad, free_customers, loads
from experiments.reports.calendar.entries import Entry, entries
from experiments.reports.calendar.weeks import Weeks
from experiments.reports.quarterly.period import bounds
from experiments.reports.quarterly.targets import targets


def plan_ahead(quarter: Quarter, goals: Sequence[Goal], *, time_zone: str, at: datetime) -> dict[str, Any]:
    """JSON-ready: the quarter's `goals`, the `experiments` that start in it, its `weeks`, and who asks for too much.

    `over`: the over-booked week with most customers too many, with all that ask for some in it; None where there is
    none. `unsized`: those of which nothing says how many customers they take, so that no week counts them.
    """
    weeks = Weeks.of(quarter, ZoneInfo(time_zone))
    found = entries(weeks, goals)
    inside = [entry for entry in found if entry.dates]
    taken = loads(weeks, found, free_customers([quarter]))
    start, end = bounds(quarter, time_zone)
    return {
        "quarter": str(quarter),
        "goals": targets(goals, before=min(start, at)),
        "experiments": [_experiment(one, weeks) for one in found if _begins(one, start, end)],
        "weeks": [_week(week) for week in taken],
        "over": _over(weeks, inside, taken),
        "unsized": [entry.experiment.name for entry in inside if not entry.customers],
    }


def audience_used(quarter: Quarter, *, time_zone: str) -> float | None:
    """The share of the customers there for experiments that its weeks took; None where nobody is there."""
    weeks = Weeks.of(quarter, ZoneInfo(time_zone))
    taken = loads(weeks, entries(weeks, []), free_customers([quarter]))
    there = sum(week.free for week in taken)
    return sum(week.booked for week in taken) / there if there else None


def _begins(entry: Entry, start: datetime, end: datetime) -> bool:
    return entry.experiment.starts is not None and start <= entry.experiment.starts < end


def _experiment(entry: Entry, weeks: Weeks) -> dict[str, Any]:
    one = entry.experiment
    return {
        "experiment": one.key,
        "name": one.name,
        "pod": one.pod.name if one.pod else "",
        "state": one.state,
        "state_label": str(one.get_state_display()),
        "is_simulated": one.is_simulated,
        "goal": entry.goal.pk if entry.goal else None,
        "starts": one.starts.astimezone(weeks.zone).date().isoformat() if one.starts else None,
        "customers": entry.customers,
    }


def _week(week: WeekLoad) -> dict[str, Any]:
    return {
        "monday": week.monday.isoformat(), "booked": week.booked, "planned": week.planned, "free": week.free,
        "over": week.over,
    }  # fmt: skip


def _over(weeks: Weeks, found: Sequence[Entry], taken: Sequence[WeekLoad]) -> dict[str, Any] | None:
    place, worst = max(enumerate(taken), key=lambda pair: pair[1].over)
    if not worst.over:
        return None
    asking = [entry.experiment.name for entry in found if entry.load(weeks)[place] > 0]
    return {**_week(worst), "weeks": sum(bool(week.over) for week in taken), "experiments": asking}
