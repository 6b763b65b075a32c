"""Metrics to one grouped query: exposures joined with events, one row per customer, sums per variant and exposure day.

The engine does the heavy part once for all metrics; what comes back is a handful of sums that `summarise` turns into
moments. Metrics that read the same events in the same window share one column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_, or_

import ibis
from ibis.expr.types import BooleanValue, FloatingValue, Table

from experiments.metrics.definition import Measure, MetricDefinition


@dataclass(frozen=True, slots=True)
class Total:
    """One column per customer: a measure inside a window after the exposure, or before its day."""

    measure: Measure
    from_s: int = 0
    ends_s: int | None = None
    until: datetime | None = None  # the end of a running total
    days_before: int | None = None


def first_exposures(
    exposures: Table, *, experiment: str, starts: datetime, ends: datetime, until: datetime | None = None
) -> Table:
    """One row per customer exposed inside [starts, ends): the first variant met, when, and how many were met.

    `until`: as if the story ended there.
    """
    last = min(ends, until) if until else ends
    inside = exposures.filter(
        exposures.experiment == experiment, exposures.exposed_at >= starts, exposures.exposed_at < last
    )
    return inside.group_by("customer").aggregate(
        variant=inside.variant.argmin(inside.exposed_at),
        exposed_at=inside.exposed_at.min(),
        variants_met=inside.variant.nunique(),
    )


def grouped_moments(
    first: Table, events: Table, definitions: Sequence[MetricDefinition], *, as_of: Mapping[str, datetime]
) -> Table:
    """Per variant and exposure day: `customers`, `contaminated` and for metric number i the sums `n_i` and others.

    `as_of` tells per metric key the time its feeds are complete to: a customer counts once their window has closed by
    then. For every metric but a quantile: y1, y2, y3 of the capped outcome, u1 of the uncapped one, c1 how many were
    capped; with a covariate x1, x2, xy; for a ratio the same sums with the denominator as x.
    """
    outcomes = per_customer(first, events, definitions, as_of=as_of)
    sums: dict[str, ibis.expr.types.Value] = {
        "customers": outcomes.count(),
        "contaminated": (outcomes.variants_met > 1).sum(),
    }
    for number, definition in enumerate(definitions):
        sums.update(_sums(outcomes, number, definition, as_of[definition.key]))
    return outcomes.group_by("variant", day=outcomes.exposed_at.date()).aggregate(**sums)


def per_customer(
    first: Table, events: Table, definitions: Sequence[MetricDefinition], *, as_of: Mapping[str, datetime]
) -> Table:
    """The exposed customers with, per metric number i, `u_i` (uncapped) and `x_i` (covariate or denominator)."""
    wanted = {i: _totals(definition, as_of[definition.key]) for i, definition in enumerate(definitions)}
    places = {total: place for place, total in enumerate(dict.fromkeys(t for ts in wanted.values() for t in ts))}
    joined = first.inner_join(_relevant(events, places), "customer")
    columns = {f"t_{place}": _column(joined, total) for total, place in places.items()}
    totals = joined.group_by("customer").aggregate(**columns)
    known = first.left_join(totals, "customer").drop("customer_right")
    known = known.mutate(**{name: known[name].fill_null(0.0) for name in columns})
    outcomes: dict[str, FloatingValue] = {}
    for number, definition in enumerate(definitions):
        values = [known[f"t_{places[total]}"] for total in wanted[number]]
        reached = (values[0] >= definition.threshold).cast("float64")
        outcomes[f"u_{number}"] = reached if definition.is_share else values[0]
        if len(values) > 1:
            outcomes[f"x_{number}"] = values[1]
    return known.select("customer", "variant", "exposed_at", "variants_met", **outcomes)


def feeds(definitions: Sequence[MetricDefinition]) -> frozenset[str]:
    """All events that these metrics read."""
    return reduce(or_, (definition.events for definition in definitions), frozenset())


def _totals(definition: MetricDefinition, as_of: datetime) -> list[Total]:
    until = as_of if definition.window_s is None else None
    after = [Total(measure, definition.from_s, definition.window_s, until) for measure in definition.measures]
    if definition.before and definition.covariate:
        after.append(Total(definition.before, days_before=definition.covariate.days_before))
    return after


def _relevant(events: Table, totals: Mapping[Total, int]) -> Table:
    names = sorted({total.measure.event for total in totals})
    return events.filter(events.event.isin(names)).select("customer", "event", "occurred_at", "value", "properties")


def _column(joined: Table, total: Total) -> FloatingValue:
    conditions = [joined.event == total.measure.event, *_window(joined, total)]
    conditions += [joined.properties.get(name) == value for name, value in total.measure.filter]
    inside: BooleanValue = reduce(and_, conditions).fill_null(False)
    amount = joined.value.fill_null(0.0) if total.measure.value else ibis.literal(1.0)
    return inside.ifelse(amount, 0.0).sum()


def _window(joined: Table, total: Total) -> list[BooleanValue]:
    at, exposed_at = joined.occurred_at, joined.exposed_at
    if total.days_before is not None:
        day = exposed_at.truncate("D")
        return [at >= day - ibis.interval(hours=24 * total.days_before), at < day]
    begins = exposed_at + ibis.interval(seconds=total.from_s) if total.from_s else exposed_at
    if total.ends_s is not None:
        return [at >= begins, at < exposed_at + ibis.interval(seconds=total.ends_s)]
    return [at >= begins, at < ibis.literal(total.until)]


def _sums(outcomes: Table, number: int, definition: MetricDefinition, as_of: datetime) -> dict[str, FloatingValue]:
    counts = outcomes.exposed_at <= ibis.literal(as_of - timedelta(seconds=definition.window_s or 0))
    uncapped = outcomes[f"u_{number}"]
    value = uncapped if definition.cap is None else uncapped.clip(-definition.cap, definition.cap)
    terms = {"y1": value, "y2": value * value, "y3": value * value * value, "u1": uncapped}
    if definition.cap is not None:
        terms["c1"] = (uncapped != value).cast("float64")
    if f"x_{number}" in outcomes.columns:
        other = outcomes[f"x_{number}"]
        terms |= {"x1": other, "x2": other * other, "xy": other * value}
    sums = {f"{name}_{number}": term.sum(where=counts).fill_null(0.0) for name, term in terms.items()}
    return {f"n_{number}": counts.sum(), **sums}


def ranked_values(
    first: Table, events: Table, definition: MetricDefinition, *, as_of: datetime, ranks: Sequence[int]
) -> Table:
    """A quantile metric's totals at these ranks (from 1) of each variant: rows `variant, rank, value`."""
    outcomes = per_customer(first, events, [definition], as_of={definition.key: as_of})
    closed = outcomes.exposed_at <= ibis.literal(as_of - timedelta(seconds=definition.window_s or 0))
    counted = outcomes.filter(closed)
    order = ibis.window(group_by=counted.variant, order_by=counted.u_0)
    ranked = counted.select("variant", rank=ibis.row_number().over(order) + 1, value=counted.u_0)
    return ranked.filter(ranked["rank"].isin(sorted(set(ranks))))


def totals_before(first: Table, events: Table, definition: MetricDefinition, *, starts: datetime) -> Table:
    """One column `value`: each exposed customer's total in a window's length before `starts`, where not zero."""
    begins = starts - timedelta(seconds=definition.window_s or 0)
    measure = definition.measures[0]
    conditions = [events.event == measure.event, events.occurred_at >= begins, events.occurred_at < starts]
    conditions += [events.properties.get(name) == value for name, value in measure.filter]
    joined = first.inner_join(events.filter(*conditions), "customer")
    totals = joined.group_by("customer").aggregate(value=joined.value.fill_null(0.0).sum())
    return totals.filter(totals.value != 0).select("value")
