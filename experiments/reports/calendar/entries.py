"""The experiments of some weeks: when they were to run, when they ran, for how many customers, under which goal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, Q, QuerySet, Subquery

from backlog.models import Goal
from engagement.customers.models import AudienceCount
from experiments import queries
from experiments.choices import MetricRole
from experiments.lifecycle import PLANNED, State
from experiments.models import Experiment, Metric, Readout
from experiments.reports.calendar.weeks import Weeks

OVER = (State.ENDED, State.DECIDED, State.CLOSED)
QUARTER_WEEKS = 13


@dataclass(frozen=True, slots=True)
class Dates:
    """From one moment until before another."""

    starts: datetime
    ends: datetime

    @property
    def last_moment(self) -> datetime:
        """On the last day that belongs to them."""
        return self.ends - timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """An experiment in the calendar. `kind` is planned, running or ended; `actual` is there once it was launched.

    customers: all variants together; None where neither plan nor result, audience or idea says how many.
    """

    experiment: Experiment
    goal: Goal | None
    kind: str
    planned: Dates | None
    actual: Dates | None
    customers: int | None

    @property
    def dates(self) -> Dates | None:
        """Those it has now."""
        return self.actual or self.planned

    def load(self, weeks: Weeks) -> list[float]:
        """Customers it takes in each week: all of them, spread evenly over its days."""
        dates = self.dates
        if dates is None or not self.customers:
            return [0.0] * weeks.count
        start, end = weeks.place(dates.starts), weeks.place(dates.ends)
        shares = [max(0.0, min(end, week + 1.0) - max(start, float(week))) for week in range(weeks.count)]
        return [self.customers * share / (end - start) for share in shares]


def entries(weeks: Weeks, goals: Sequence[Goal]) -> list[Entry]:
    """What was to run or ran in any of these weeks, by its start; and what is planned without dates, last."""
    found = list(_in(weeks))
    customers = _customers(found)
    made = [_entry(one, goals, customers.get(one.pk)) for one in found]
    return sorted(made, key=lambda entry: (entry.dates is None, entry.dates.starts if entry.dates else 0))


def _in(weeks: Weeks) -> QuerySet[Experiment]:
    first, after = weeks.bounds
    now = Q(starts__lt=after, ends__gt=first)
    once = Q(planned_starts__lt=after, planned_ends__gt=first)
    undated = Q(state__in=PLANNED) & (Q(starts=None) | Q(ends=None))
    primary = Metric.objects.filter(experiment=OuterRef("pk"), role=MetricRole.PRIMARY).values("key")[:1]
    found = Experiment.objects.filter(now | once | undated).annotate(primary_key=Subquery(primary))
    return found.select_related("pod", "idea__serves", "decision__readout", "decision__variant").order_by("pk")


def _entry(experiment: Experiment, goals: Sequence[Goal], customers: int | None) -> Entry:
    dates = _dates(experiment.starts, experiment.ends)
    goal = goal_of(experiment, goals, metric_key=getattr(experiment, "primary_key", None))
    if experiment.state in PLANNED:
        return Entry(experiment, goal, "planned", dates, None, customers)
    kind = "ended" if experiment.state in OVER else "running"
    planned = _dates(experiment.planned_starts, experiment.planned_ends)
    return Entry(experiment, goal, kind, planned, dates, customers)


def _dates(starts: datetime | None, ends: datetime | None) -> Dates | None:
    return Dates(starts, ends) if starts and ends else None


def goal_of(experiment: Experiment, goals: Sequence[Goal], *, metric_key: str | None) -> Goal | None:
    """The goal its idea serves; else its pod's goal for its primary metric."""
    served = experiment.idea.serves_id if experiment.idea else None
    for goal in goals:
        if goal.pk == served:
            return goal
    for goal in goals:
        if goal.metric_key == metric_key and goal.pod_id == experiment.pod_id:
            return goal
    return None


def _customers(found: Iterable[Experiment]) -> dict[int, int]:
    """As the plan says; else as were counted; else as its audience has; else as its idea expects."""
    listed = list(found)
    unsized = [one for one in listed if not (one.plan or {}).get("customers")]
    readouts, counts = queries.newest_readouts(unsized), _counts(unsized)
    known: dict[int, int] = {}
    for one in listed:
        said = (one.plan or {}).get("customers") or _measured(readouts.get(one.pk)) or counts.get(str(one.uid))
        said = said or _expected(one)
        if said:
            known[one.pk] = int(said)
    return known


def _measured(readout: Readout | None) -> int:
    return sum(variant["customers"] for variant in readout.document["variants"]) if readout else 0


def _counts(experiments: Iterable[Experiment]) -> dict[str, int]:
    """Of those with an audience the newest count, by uid."""
    uids = [str(one.uid) for one in experiments if one.audience_version_id]
    found = AudienceCount.objects.filter(experiment__in=uids).order_by("at", "pk") if uids else ()
    return {one.experiment: one.left for one in found}


def _expected(experiment: Experiment) -> float:
    """An idea says whom it would meet in a quarter; the experiment meets them in its own days."""
    expected = experiment.idea.expected_audience if experiment.idea else None
    dates = _dates(experiment.starts, experiment.ends)
    if not expected or dates is None:
        return 0.0
    return expected * min(1.0, (dates.ends - dates.starts).days / (7 * QUARTER_WEEKS))
