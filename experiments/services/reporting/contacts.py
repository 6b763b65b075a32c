"""How much customers heard from us: messages per customer and week, as far as exposures in the store tell."""

import math
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from backlog.quarters import Quarter
from engagement.accounts.queries import workspace
from engagement.customers.queries import resolved, survivors
from engagement.messaging.choices import Channel
from engagement.warehouse.engines import Warehouse, connect
from experiments.metrics.clock import microseconds
from experiments.models import Variant
from experiments.reports.calendar.weeks import Weeks

# Channels on which a variant reaches the customer itself; whom a webhook calls is not known here.
HEARD_ON = frozenset({Channel.EMAIL, Channel.PUSH, Channel.IN_APP})


def contacts(*, quarter: Quarter) -> dict[str, dict[str, Any] | None]:
    """`now` and `before`: the quarter's weeks and those of the one before it; None where nobody was contacted.

    A contact is an exposure to a variant with a message on e-mail, push or in-app: one, however many of these it goes
    by. `median` and `p95` are of the contacts in a week, over all weeks in which a customer had any: so many or fewer
    in half, in 95% of them. `unsaid`: experiments with exposures in these weeks of which no variant holds a message.
    """
    zone = ZoneInfo(workspace().time_zone)
    sent, speaking = _sent()
    with connect() as warehouse:
        exposures = resolved(warehouse.table("exposures"), survivors())
        spans = {"now": Weeks.of(quarter, zone), "before": Weeks.of(quarter.previous, zone)}
        return {name: _told(warehouse, exposures, weeks, sent, speaking) for name, weeks in spans.items()}


def _sent() -> tuple[pa.Table, set[str]]:
    """The variants that are heard, and the experiments of which some variant says anything at all."""
    said = Variant.objects.filter(message__isnull=False).select_related("message", "experiment")
    listed = [(str(one.experiment.uid), one.key, set(one.message.channels)) for one in said if one.message]
    heard = [(experiment, variant) for experiment, variant, channels in listed if channels & HEARD_ON]
    columns = {
        "sent_experiment": pa.array([experiment for experiment, _variant in heard], pa.string()),
        "sent_variant": pa.array([variant for _experiment, variant in heard], pa.string()),
    }
    return pa.table(columns), {experiment for experiment, _variant, channels in listed if channels}


def _told(
    warehouse: Warehouse, exposures: Table, weeks: Weeks, sent: pa.Table, speaking: set[str]
) -> dict[str, Any] | None:
    first, after = weeks.bounds
    inside = exposures.filter(exposures.exposed_at >= first, exposures.exposed_at < after)
    met = {row["experiment"] for row in warehouse.rows(inside.select("experiment").distinct())}
    heard_of = met & set(sent["sent_experiment"].to_pylist())
    if not heard_of:
        return None
    messages = ibis.memtable(sent)
    is_sent = [inside.experiment == messages.sent_experiment, inside.variant == messages.sent_variant]
    heard = inside.semi_join(messages, is_sent).mutate(week=_week(inside, weeks))
    weekly = warehouse.kept(heard.group_by("customer", "week").aggregate(contacts=heard.count()))
    counted = weekly.group_by("contacts").aggregate(customer_weeks=weekly.count())
    histogram = {int(row["contacts"]): int(row["customer_weeks"]) for row in warehouse.rows(counted)}
    if not histogram:
        return None
    return {
        "median": _quantile(histogram, 0.5),
        "p95": _quantile(histogram, 0.95),
        "customers": warehouse.number(weekly.customer.nunique()),
        "customer_weeks": sum(histogram.values()),
        "contacts": sum(count * number for count, number in histogram.items()),
        "experiments": len(heard_of),
        "unsaid": len(met - speaking),
    }


def _week(exposures: Table, weeks: Weeks) -> Any:
    """The number of the week; each begins at its own midnight, also where clocks change."""
    begun = [exposures.exposed_us >= microseconds(weeks.moment(monday)) for monday in weeks.mondays]
    return sum((one.cast("int64") for one in begun[1:]), begun[0].cast("int64"))


def _quantile(histogram: Mapping[int, int], share: float) -> int:
    """The least number that covers this share: no value between two that occurred."""
    wanted, covered = math.ceil(share * sum(histogram.values())), 0
    for value in sorted(histogram):
        covered += histogram[value]
        if covered >= wanted:
            return value
    raise AssertionError("A histogram covers all of itself.")
