"""A quarter to plan in: goals, experiments in every state, ideas, and customers for them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backlog.models import Goal
from backlog.queries import current_quarter
from engagement.core.clock import now
from engagement.customers.models import Customer
from experiments.models import Experiment
from experiments.reports.calendar.weeks import Weeks
from tests.experiments.builders import planned

DAY = timedelta(days=1)


def customers(count: int) -> None:
    Customer.objects.bulk_create(Customer(external_id=f"c{number}") for number in range(count))


def this_quarter() -> Weeks:
    return Weeks.of(current_quarter(now()), ZoneInfo("UTC"))


def at(week: int, *, weeks: Weeks | None = None) -> datetime:
    """Midnight of a week's Monday in this quarter."""
    found = weeks or this_quarter()
    return datetime.combine(found.first, datetime.min.time(), UTC) + 7 * DAY * week


def experiment(
    key: str, first: int, after: int, *, state: str = "draft", customers: int | None = None, goal: Goal | None = None,
    **columns: Any,
) -> Experiment:  # fmt: skip
    """From one week's Monday until before another's; `goal` by its metric and pod."""
    made = planned(key=key, name=columns.pop("name", key.title()), starts=at(first), ends=at(after))
    plan = {"customers": customers} if customers else None
    Experiment.objects.filter(pk=made.pk).update(state=state, plan=plan, pod=goal.pod if goal else None, **columns)
    if goal:
        made.metrics.filter(role="primary").update(key=goal.metric_key)
    made.refresh_from_db()
    return made
