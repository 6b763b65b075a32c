"""Who came back: customers by the week they began in, and the share active again in later weeks of their own. Pure."""

from ibis.expr.types import Table

DAY_US = 86_400 * 1_000_000
WEEK_US = 7 * DAY_US
MONDAY_US = 4 * DAY_US  # 1970 began on a Thursday: weeks from here begin on Mondays
WEEKS = (1, 2, 4, 8)
COHORTS = 12


def began(events: Table, *, at_us: int) -> Table:
    """Rows `customer, first_us, cohort` of everybody with an event before `at_us`; a cohort is a week's number."""
    before = events.filter(events.occurred_us < at_us)
    first = before.group_by("customer").aggregate(first_us=before.occurred_us.min())
    return first.mutate(cohort=((first.first_us - MONDAY_US) // WEEK_US).cast("int64"))


def sizes(first: Table, *, oldest: int) -> Table:
    """Rows `cohort, customers` from the week `oldest` on."""
    recent = first.filter(first.cohort >= oldest)
    return recent.group_by("cohort").aggregate(customers=recent.count())


def returned(first: Table, events: Table, *, at_us: int, oldest: int) -> Table:
    """Rows `cohort, week, customers`: active, by any event, in the week of their own that begins so many weeks after
    their first event. Whether a whole cohort's week is over is for the reader of the numbers to ask."""
    recent = first.filter(first.cohort >= oldest)
    joined = recent.inner_join(events.filter(events.occurred_us < at_us), "customer")
    weeks = ((joined.occurred_us - joined.first_us) // WEEK_US).cast("int64")
    seen = joined.mutate(week=weeks).filter(weeks.isin(WEEKS))
    found = seen.group_by("cohort", "week").aggregate(customers=seen.customer.nunique())
    return found.select("cohort", "week", "customers")


def is_over(cohort: int, week: int, *, at_us: int) -> bool:
    """Whether that week has ended for the last customer who can have begun in the cohort."""
    return MONDAY_US + (cohort + 1) * WEEK_US + (week + 1) * WEEK_US <= at_us
