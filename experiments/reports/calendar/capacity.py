"""How many customers there are for experiments, and how many of them are taken, week by week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from backlog.quarters import Quarter
from engagement.customers.models import Customer
from engagement.customers.queries import suppressed
from experiments.models import Holdout
from experiments.reports.calendar.entries import Entry
from experiments.reports.calendar.weeks import Weeks


@dataclass(frozen=True, slots=True)
class WeekLoad:
    """One week: customers booked by what was launched, asked for by what is planned, and there for experiments."""

    monday: date
    booked: int
    planned: int
    free: int

    @property
    def over(self) -> int:
        return max(0, self.booked + self.planned - self.free)


def counted_customers() -> tuple[int, int]:
    """All customers, and those of them whom we do not leave in peace everywhere."""
    left_in_peace = Q(pk__in=suppressed().values("customer"))
    everybody = Customer.objects.filter(merged_into=None)
    counted = everybody.aggregate(all=Count("pk"), asked=Count("pk", filter=~left_in_peace))
    return counted["all"], counted["asked"]


def free_customers(quarters: Sequence[Quarter], *, asked: int | None = None) -> dict[Quarter, int]:
    """Whom experiments may ask, without each quarter's holdout; `asked` of `counted_customers`, where it is known."""
    there = counted_customers()[1] if asked is None else asked
    held = dict(Holdout.objects.filter(quarter__in=[str(one) for one in quarters]).values_list("quarter", "share"))
    return {one: round(there * (1.0 - held.get(str(one), 0.0))) for one in quarters}


def loads(weeks: Weeks, entries: Sequence[Entry], free: dict[Quarter, int]) -> list[WeekLoad]:
    booked, planned = [0.0] * weeks.count, [0.0] * weeks.count
    for entry in entries:
        sums = planned if entry.kind == "planned" else booked
        for week, load in enumerate(entry.load(weeks)):
            sums[week] += load
    return [
        WeekLoad(monday, round(booked[week]), round(planned[week]), free[Quarter.of(monday)])
        for week, monday in enumerate(weeks.mondays)
    ]
