"""Who came back: customers by the week or month they began in, and the share active again in later ones of their own.

A customer's own weeks are of seven days and own months of thirty, from their first event on. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import ibis
from ibis.expr.types import Table

DAY_US = 86_400 * 1_000_000
WEEK_US, MONTH_US = 7 * DAY_US, 30 * DAY_US
MONDAY_US = 4 * DAY_US  # 1970 began on a Thursday: weeks from here begin on Mondays
STEPS = {"week": (1, 2, 4, 8), "month": (1, 2, 3, 6)}
COHORTS = 12


@dataclass(frozen=True, slots=True)
class Cohorts:
    """The newest cohorts of one length, the unfinished one too; times in microseconds since 1970.

    starts: where each begins and, last, where the newest ends. own_us: how long a week or month of one's own is.
    steps: after how many of those it is asked who is back.
    """

    starts: Sequence[int]
    own_us: int
    steps: Sequence[int]

    def is_over(self, cohort: int, step: int, *, at_us: int) -> bool:
        """Whether that week or month has ended for the last customer who can have begun in the cohort."""
        return self.starts[cohort + 1] + (step + 1) * self.own_us <= at_us


def weekly(at_us: int) -> Cohorts:
    """From Monday to Monday, in UTC."""
    this = (at_us - MONDAY_US) // WEEK_US
    return Cohorts([MONDAY_US + (this - back) * WEEK_US for back in range(COHORTS, -2, -1)], WEEK_US, STEPS["week"])


def monthly(at_us: int) -> Cohorts:
    """By the calendar, in UTC."""
    day = datetime.fromtimestamp(at_us // 1_000_000, UTC)
    this = 12 * day.year + day.month - 1
    months = [divmod(this - back, 12) for back in range(COHORTS, -2, -1)]
    starts = [int(datetime(year, month + 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 for year, month in months]
    return Cohorts(starts, MONTH_US, STEPS["month"])


def began(events: Table, *, at_us: int) -> Table:
    """Rows `customer, first_us` of everybody with an event before `at_us`."""
    before = events.filter(events.occurred_us < at_us)
    return before.group_by("customer").aggregate(first_us=before.occurred_us.min())


def sizes(first: Table, cohorts: Cohorts) -> Table:
    """Rows `cohort, customers`: its place in `starts`, and how many began in it."""
    recent = _placed(first, cohorts)
    return recent.group_by("cohort").aggregate(customers=recent.count())


def returned(first: Table, events: Table, cohorts: Cohorts, *, at_us: int) -> Table:
    """Rows `cohort, step, customers`: active, by any event, in the week or month of their own that begins so many after
    their first event. Whether it is over for the whole cohort is for the reader of the numbers to ask."""
    recent = _placed(first, cohorts)
    since = events.filter(events.occurred_us >= cohorts.starts[0], events.occurred_us < at_us)
    joined = recent.inner_join(since, "customer")
    steps = ((joined.occurred_us - joined.first_us) // cohorts.own_us).cast("int64")
    seen = joined.mutate(step=steps).filter(steps.isin(cohorts.steps))
    found = seen.group_by("cohort", "step").aggregate(customers=seen.customer.nunique())
    return found.select("cohort", "step", "customers")


def _placed(first: Table, cohorts: Cohorts) -> Table:
    """Whoever began in one of the cohorts, with its place."""
    recent = first.filter(first.first_us >= cohorts.starts[0], first.first_us < cohorts.starts[-1])
    last = len(cohorts.starts) - 2
    branches = [(recent.first_us >= cohorts.starts[place], place) for place in range(last, 0, -1)]
    return recent.mutate(cohort=ibis.cases(*branches, else_=0).cast("int64"))
