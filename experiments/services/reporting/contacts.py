"""How much customers heard from us: messages per customer and week, as far as deliveries and exposures tell."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from backlog.quarters import Quarter
from engagement.accounts.queries import workspace
from engagement.customers.queries import resolved, survivors
from engagement.messaging.choices import Channel
from engagement.messaging.queries import sent_between
from engagement.warehouse.engines import Warehouse, connect
from experiments.metrics.clock import microseconds
from experiments.models import Sending, Variant
from experiments.reports.calendar.weeks import Weeks

# Channels on which a variant reaches the customer itself; whom a webhook calls is not known here.
HEARD_ON = frozenset({Channel.EMAIL, Channel.PUSH, Channel.IN_APP})


@dataclass(frozen=True, slots=True)
class Said:
    """Experiments by uid: of those that others send the variants that are heard, and all that say anything."""

    heard: frozenset[tuple[str, str]]
    speaking: frozenset[str]


def contacts(*, quarter: Quarter) -> dict[str, dict[str, Any] | None]:
    """`now` and `before`: the quarter's weeks and those of the one before it; None where nobody was contacted.

    A contact is a message that left here; of experiments that others send, an exposure to a variant with a message on
    e-mail, push or in-app: one, however many of these it goes by. `median` and `p95` are of the contacts in a week,
    over all weeks in which a customer had any: so many or fewer in half, in 95% of them. `unsaid`: experiments with
    exposures in these weeks of which no variant holds a message.
    """
    zone, said = ZoneInfo(workspace().time_zone), _said()
    with connect() as warehouse:
        merged = survivors()
        exposures = resolved(warehouse.table("exposures"), merged)
        spans = {"now": Weeks.of(quarter, zone), "before": Weeks.of(quarter.previous, zone)}
        return {name: _told(warehouse, exposures, merged, weeks, said) for name, weeks in spans.items()}


def _said() -> Said:
    variants = Variant.objects.filter(message__isnull=False).select_related("message", "experiment")
    listed = [(str(one.experiment.uid), one.key, set(one.message.channels)) for one in variants if one.message]
    sent_here = {str(uid) for uid in Sending.objects.values_list("experiment__uid", flat=True)}
    return Said(
        heard=frozenset((uid, key) for uid, key, on in listed if on & HEARD_ON and uid not in sent_here),
        speaking=frozenset(uid for uid, _key, on in listed if on),
    )


def _told(
    warehouse: Warehouse, exposures: Table, merged: Table | None, weeks: Weeks, said: Said
) -> dict[str, Any] | None:
    first, after = weeks.bounds
    inside = exposures.filter(exposures.exposed_at >= first, exposures.exposed_at < after)
    met = {row["experiment"] for row in warehouse.rows(inside.select("experiment").distinct())}
    here, senders = _sent_here(weeks)
    heard = _heard(inside, said.heard).union(resolved(ibis.memtable(here), merged))
    placed = heard.mutate(week=_week(heard, weeks))
    kept = warehouse.kept(placed.group_by("customer", "week").aggregate(contacts=placed.count()))
    counted = kept.group_by("contacts").aggregate(customer_weeks=kept.count())
    histogram = {int(row["contacts"]): int(row["customer_weeks"]) for row in warehouse.rows(counted)}
    if not histogram:
        return None
    return {
        "median": _quantile(histogram, 0.5),
        "p95": _quantile(histogram, 0.95),
        "customers": warehouse.number(kept.customer.nunique()),
        "customer_weeks": sum(histogram.values()),
        "contacts": sum(count * number for count, number in histogram.items()),
        "experiments": len(senders | (met & {uid for uid, _key in said.heard})),
        "unsaid": len(met - said.speaking),
    }


def _sent_here(weeks: Weeks) -> tuple[pa.Table, set[str]]:
    """What left here: rows `customer, exposed_us`, and the experiments they belong to."""
    found = sent_between(*weeks.bounds).filter(channel__in=HEARD_ON)
    rows = list(found.values_list("experiment", "customer_id", "done_at"))
    columns = {
        "customer": pa.array([customer for _uid, customer, _at in rows], pa.int64()),
        "exposed_us": pa.array([microseconds(at) for _uid, _customer, at in rows if at], pa.int64()),
    }
    return pa.table(columns), {uid for uid, _customer, _at in rows}


def _heard(inside: Table, variants: Collection[tuple[str, str]]) -> Table:
    listed = sorted(variants)
    columns = {
        "said_by": pa.array([uid for uid, _key in listed], pa.string()),
        "said_in": pa.array([key for _uid, key in listed], pa.string()),
    }
    said = ibis.memtable(pa.table(columns))
    found = inside.semi_join(said, [inside.experiment == said.said_by, inside.variant == said.said_in])
    return found.select("customer", "exposed_us")


def _week(heard: Table, weeks: Weeks) -> Any:
    """The number of the week; each begins at its own midnight, also where clocks change."""
    begun = [(heard.exposed_us >= microseconds(weeks.moment(monday))).cast("int64") for monday in weeks.mondays]
    return sum(begun[1:], begun[0])


def _quantile(histogram: Mapping[int, int], share: float) -> int:
    """The least number that covers this share: no value between two that occurred."""
    wanted, covered = math.ceil(share * sum(histogram.values())), 0
    for value in sorted(histogram):
        covered += histogram[value]
        if covered >= wanted:
            return value
    raise AssertionError("A histogram covers all of itself.")
