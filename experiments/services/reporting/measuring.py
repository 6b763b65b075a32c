"""What only the store can tell a report: what customers felt, and what a holdout measures of the whole programme."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from ibis.expr.types import Table

from backlog.quarters import Quarter
from engagement.accounts.queries import workspace
from engagement.core.clock import now
from engagement.customers.models import Customer
from engagement.customers.queries import resolved, survivors
from engagement.warehouse.engines import Warehouse, connect
from experiments import stats
from experiments.assignment import encoded, units
from experiments.metrics.clock import microseconds
from experiments.metrics.compile import per_customer
from experiments.metrics.definition import DAY_S, MetricDefinition
from experiments.metrics.spans import Span
from experiments.models import Decision, Holdout, Metric
from experiments.reports.quarterly.period import bounds
from experiments.reports.quarterly.programme import ALPHA
from experiments.stats.programme import TotalEffect

# What customers do when a message was one too many, by the names that the tracking guide tells.
FELT = ("complaint", "unsubscribe")
KEPT_OUT, ALL_OTHERS = 0, 1
ACTIVE_WITHIN = timedelta(days=91)
LEAST_ACTIVE_S = 7 * DAY_S
MEASURED = ("proportion", "mean", "retention")


def felt(*, quarter: Quarter) -> list[dict[str, Any]]:
    """Per event of annoyance the share of the quarter's active customers who had it, with its interval, and the same
    of the quarter before (None: nobody was active). Events that nobody ever reported are left out."""
    zone = workspace().time_zone
    start, end = bounds(quarter, zone)
    earlier, _same = bounds(quarter.previous, zone)
    with connect() as warehouse:
        events = resolved(warehouse.table("events"), survivors())
        sides = [_shares(warehouse, events, *span) for span in ((start, end), (earlier, start))]
    return [
        {"event": event, **current, "before": sides[1].get(event, {}).get("share")}
        for event, current in sides[0].items()
        if current["customers"] or sides[1].get(event, {}).get("customers")
    ]


def _shares(warehouse: Warehouse, events: Table, start: datetime, end: datetime) -> dict[str, dict[str, Any]]:
    inside = events.filter(events.occurred_at >= start, events.occurred_at < end)
    named = {event: inside.customer.nunique(where=inside.event == event) for event in FELT}
    row = warehouse.rows(inside.aggregate(active=inside.customer.nunique(), **named))[0]
    active = int(row["active"] or 0)
    return {event: _share(int(row[event] or 0), active) for event in FELT} if active else {}


def _share(customers: int, active: int) -> dict[str, Any]:
    counts = stats.Counts(n=np.array([active]), successes=np.array([customers]))
    low, high = (float(end[0]) for end in stats.wilson_interval(counts))
    return {"customers": customers, "active": active, "share": customers / active, "low": low, "high": high}


def holdouts(*, quarter: Quarter) -> dict[str, TotalEffect]:
    """Per primary metric of the quarter's decisions what everybody else did over those kept from all experiments.

    The people: customers who did anything in the 91 days before the quarter, so that nobody is in a group for having
    been reached. The outcome: the metric's events of the whole quarter, of a retention metric those of its last week.
    Empty without a holdout, and before the quarter is over.
    """
    held = Holdout.objects.filter(quarter=str(quarter), share__gt=0).first()
    start, end = bounds(quarter, workspace().time_zone)
    if held is None or now() < end:
        return {}
    definitions = [_of_the_quarter(one, end - start) for one in _primaries(start, end)]
    if not definitions:
        return {}
    with connect() as warehouse:
        events = resolved(warehouse.table("events"), survivors())
        first = _people(held, start, _active_before(warehouse, events, start))
        if not first.num_rows:
            return {}
        spans = {definition.key: Span(end) for definition in definitions}
        outcomes = warehouse.kept(per_customer(ibis.memtable(first), events, definitions, spans=spans))
        found = {d.key: _lift(warehouse, outcomes, number, d) for number, d in enumerate(definitions)}
    return {key: total for key, total in found.items() if total is not None}


def _primaries(start: datetime, end: datetime) -> Iterable[MetricDefinition]:
    """One definition a key: the one that was decided on last."""
    decided = Decision.objects.filter(decided_at__gte=start, decided_at__lt=end)
    metrics = Metric.objects.filter(role="primary", experiment__decision__in=decided, kind__in=MEASURED)
    newest = {metric.key: metric.definition for metric in metrics.order_by("experiment__decision__decided_at")}
    return newest.values()


def _of_the_quarter(definition: MetricDefinition, length: timedelta) -> MetricDefinition:
    """The metric with the quarter as its window, from its first moment."""
    seconds = int(length.total_seconds())
    width = max((definition.window_s or 0) - definition.from_s, LEAST_ACTIVE_S)
    opens = seconds - width if definition.kind == "retention" else 0
    return replace(definition, from_s=opens, window_s=seconds, cap=None, winsorise=None, covariate=None)


def _active_before(warehouse: Warehouse, events: Table, start: datetime) -> set[int]:
    before = events.filter(events.occurred_at < start, events.occurred_at >= start - ACTIVE_WITHIN)
    return {row["customer"] for row in warehouse.rows(before.select("customer").distinct())}


def _people(held: Holdout, start: datetime, active: set[int]) -> pa.Table:
    known = Customer.objects.filter(merged_into=None, external_id__isnull=False).values_list("pk", "external_id")
    rows = [(pk, name) for pk, name in known.iterator() if name and pk in active]
    numbers = units(held.salt, encoded([name for _pk, name in rows]))
    columns = {
        "customer": np.array([pk for pk, _name in rows], dtype=np.int64),
        "variant": np.where(numbers < held.share, KEPT_OUT, ALL_OTHERS).astype(np.int64),
        "exposed_us": np.full(len(rows), microseconds(start), dtype=np.int64),
    }
    return pa.table(columns)


def _lift(warehouse: Warehouse, outcomes: Table, number: int, definition: MetricDefinition) -> TotalEffect | None:
    y = outcomes[f"u_{number}"]
    sums = outcomes.group_by("variant").aggregate(n=outcomes.count(), s1=y.sum(), s2=(y * y).sum())
    rows = {row["variant"]: row for row in warehouse.rows(sums)}
    if set(rows) != {KEPT_OUT, ALL_OTHERS}:
        return None
    sides = [stats.Moments.from_sums(*(rows[side][name] for name in ("n", "s1", "s2"))) for side in sorted(rows)]
    lift = stats.relative_lift(*sides, alpha=ALPHA, can_be_negative=definition.kind == "mean")
    ends = [float(end) for end in (lift.estimate, lift.low, lift.high)]
    return TotalEffect.from_lift(lift) if all(np.isfinite(ends)) and min(ends) > -1 else None
