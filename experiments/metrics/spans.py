"""Which part of a metric's story is asked for, and which customers and events belong to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from ibis.expr.types import BooleanValue, Table

from experiments.metrics.clock import SECOND_US, microseconds
from experiments.metrics.definition import MetricDefinition


@dataclass(frozen=True, slots=True)
class Span:
    """Rows that count after `after` (None: from the start) to `as_of`."""

    as_of: datetime
    after: datetime | None = None


def counts(first: Table, window_s: int | None, span: Span) -> BooleanValue:
    """Who enters in the span: whose window closed in (after, as of]; without a window, who was exposed in it."""
    at = first.exposed_us
    as_of, after = microseconds(span.as_of), None if span.after is None else microseconds(span.after)
    if window_s is None:
        begun = at < as_of
        return begun if after is None else begun & (at >= after)
    over = at <= as_of - window_s * SECOND_US
    return over if after is None else over & (at > after - window_s * SECOND_US)


def entered_by(first: Table, definition: MetricDefinition, through: datetime) -> BooleanValue:
    """Whether these customers belong to the days of this metric that end by `through`."""
    return counts(first, definition.window_s, Span(through))


def needed(first: Table, events: Table, definitions: Sequence[MetricDefinition], spans: Mapping[str, Span]) -> Table:
    """Of the exposed customers those whose sums may change in these spans; all where a span begins at the start."""
    if any(spans[definition.key].after is None for definition in definitions):
        return first
    reasons = [counts(first, definition.window_s, spans[definition.key]) for definition in definitions]
    running = [definition for definition in definitions if definition.window_s is None]
    if running:
        since = min(after for d in running if (after := spans[d.key].after) is not None)
        moved = events.filter(events.event.isin(sorted(feeds(running))), events.occurred_at >= since)
        reasons.append(first.customer.isin(moved.customer))
    return first.filter(reduce(or_, reasons))


def mattering(
    events: Table, definitions: Sequence[MetricDefinition], spans: Mapping[str, Span], *, with_covariates: bool = True
) -> Table:
    """The events that can matter to whoever counts in these spans; without covariates, none from before an exposure.

    From the start on: those of the names that are read. In a later span, for few customers: those of the time that
    their windows reach over, whatever their name; so few are left after the join that comparing texts before it, for
    every event of that time, would take longer than all the rest.
    """
    begins = [_reads_from(definition, spans[definition.key], with_covariates) for definition in definitions]
    known = [begin for begin in begins if begin is not None]
    if not known or len(known) < len(begins):
        return events.filter(events.event.isin(sorted(feeds(definitions))))
    last = max(spans[definition.key].as_of for definition in definitions)
    return events.filter(events.occurred_at >= min(known), events.occurred_at < last)


def feeds(definitions: Sequence[MetricDefinition]) -> frozenset[str]:
    """All events that these metrics read."""
    return reduce(or_, (definition.events for definition in definitions), frozenset())


def _reads_from(definition: MetricDefinition, span: Span, with_covariates: bool) -> datetime | None:
    """No event before this time matters in the span; None for a running total, and for a span from the start."""
    if span.after is None or definition.window_s is None:
        return None
    begins = span.after - timedelta(seconds=definition.window_s)
    if definition.covariate is None or not with_covariates:
        return begins
    return begins - timedelta(days=definition.covariate.days_before + 1)
