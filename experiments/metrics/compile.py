"""Metrics to one grouped query: exposures joined with events, one row per customer, sums per variant and exposure day.

The engine does the heavy part once for all metrics; what comes back is a handful of sums that `summarise` turns into
moments.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

import ibis
from ibis.expr.types import BooleanValue, FloatingValue, Table, TimestampValue

from experiments.metrics.definition import MetricDefinition


def first_exposures(exposures: Table, *, experiment: str, starts: datetime, ends: datetime) -> Table:
    """One row per customer exposed inside [starts, ends): the first variant met, when, and how many were met."""
    inside = exposures.filter(
        exposures.experiment == experiment, exposures.exposed_at >= starts, exposures.exposed_at < ends
    )
    return inside.group_by("customer").aggregate(
        variant=inside.variant.argmin(inside.exposed_at),
        exposed_at=inside.exposed_at.min(),
        variants_met=inside.variant.nunique(),
    )


def grouped_moments(
    first: Table, events: Table, definitions: Sequence[MetricDefinition], *, as_of: dict[str, datetime]
) -> Table:
    """Per variant and exposure day: `customers`, `contaminated` and for metric number i the sums `n_i … xy_i`.

    `as_of` tells per metric key the time its feeds are complete to: a customer counts once their window has closed by
    then. Sums are of the capped value y and its square and cube, of the uncapped value u, and where one is declared of
    the covariate x.
    """
    outcomes = per_customer(first, events, definitions, as_of)
    sums: dict[str, ibis.expr.types.Value] = {
        "customers": outcomes.count(),
        "contaminated": (outcomes.variants_met > 1).sum(),
    }
    for number, definition in enumerate(definitions):
        sums.update(_sums(outcomes, number, definition, as_of[definition.key]))
    return outcomes.group_by("variant", day=outcomes.exposed_at.date()).aggregate(**sums)


def per_customer(
    first: Table, events: Table, definitions: Sequence[MetricDefinition], as_of: dict[str, datetime]
) -> Table:
    """The exposed customers with, per metric number i, the outcome `u_i` (uncapped) and the covariate `x_i`."""
    names = sorted(set().union(*(definition.events for definition in definitions)))
    joined = first.inner_join(events.filter(events.event.isin(names)), "customer")
    columns: dict[str, FloatingValue] = {}
    for number, definition in enumerate(definitions):
        columns[f"u_{number}"] = _outcome(joined, definition, as_of[definition.key])
        if definition.covariate:
            columns[f"x_{number}"] = _total(joined, _before(joined, definition))
    totals = joined.group_by("customer").aggregate(**columns)
    outcomes = first.left_join(totals, "customer").drop("customer_right")
    return outcomes.mutate(**{name: outcomes[name].fill_null(0.0) for name in columns})


def _outcome(joined: Table, definition: MetricDefinition, as_of: datetime) -> FloatingValue:
    inside = _inside(joined, definition, as_of)
    if definition.kind == "proportion":
        return (inside.ifelse(1, 0).sum() >= definition.threshold).cast("float64")
    return _total(joined, inside)


def _total(joined: Table, inside: BooleanValue) -> FloatingValue:
    return inside.ifelse(joined.value.fill_null(0.0), 0.0).sum()


def _inside(joined: Table, definition: MetricDefinition, as_of: datetime) -> BooleanValue:
    opens_at = joined.exposed_at + ibis.interval(seconds=definition.from_s) if definition.from_s else joined.exposed_at
    after = (joined.event == definition.event) & (joined.occurred_at >= opens_at)
    if definition.window_s is None:
        return after & (joined.occurred_at < ibis.literal(as_of))
    return after & (joined.occurred_at < _window_end(joined.exposed_at, definition))


def _before(joined: Table, definition: MetricDefinition) -> BooleanValue:
    covariate = definition.covariate
    if covariate is None:
        raise ValueError(f"metric {definition.key} declares no covariate")
    day = joined.exposed_at.truncate("D")
    start = day - ibis.interval(hours=24 * covariate.days_before)
    return (joined.event == covariate.event) & (joined.occurred_at >= start) & (joined.occurred_at < day)


def _window_end(exposed_at: TimestampValue, definition: MetricDefinition) -> TimestampValue:
    return exposed_at + ibis.interval(seconds=definition.window_s or 0)


def _sums(outcomes: Table, number: int, definition: MetricDefinition, as_of: datetime) -> dict[str, FloatingValue]:
    uncapped = outcomes[f"u_{number}"]
    value = uncapped if definition.cap is None else ibis.least(uncapped, ibis.literal(definition.cap))
    counts = outcomes.exposed_at <= ibis.literal(as_of - timedelta(seconds=definition.window_s or 0))
    terms = {"y1": value, "y2": value * value, "y3": value * value * value, "u1": uncapped}
    if definition.covariate:
        covariate = outcomes[f"x_{number}"]
        terms |= {"x1": covariate, "x2": covariate * covariate, "xy": covariate * value}
    sums = {f"{name}_{number}": term.sum(where=counts).fill_null(0.0) for name, term in terms.items()}
    return {f"n_{number}": counts.sum(), **sums}


def feeds(definitions: Sequence[MetricDefinition]) -> frozenset[str]:
    """All events that these metrics read."""
    return reduce(or_, (definition.events for definition in definitions), frozenset())
