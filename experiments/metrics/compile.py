"""Metrics to queries: exposures joined with events, one row per customer, sums per variant and day on which it counts.

The engine does the heavy part once for all metrics (`per_customer`); what comes back is a handful of sums a day, that
`summarise` adds up. Metrics that read the same events in the same window share one column. A metric with a window
enters whole on the day its window closes; a running total enters by what each day changed. So every day's sums are
made once, and a later analysis reads only what came after (`needed`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_, or_

import ibis
from ibis.expr.types import BooleanValue, FloatingValue, NumericValue, Table, TimestampValue, Value

from experiments.metrics.definition import Measure, MetricDefinition

INSTANT = timedelta(microseconds=1)  # the store's clock


@dataclass(frozen=True, slots=True)
class Total:
    """One column per customer: a measure inside a window after the exposure, or before its day."""

    measure: Measure
    from_s: int = 0
    ends_s: int | None = None
    until: datetime | None = None  # the end of a running total
    days_before: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Which part of a metric's story is asked for: rows that count after `after` (None: from the start) to `as_of`."""

    as_of: datetime
    after: datetime | None = None


def resolved(table: Table, merged: Table | None) -> Table:
    """The table with each customer who turned out to be somebody else named as that.

    `merged`: columns merged_customer and survivor; None where there are none.
    """
    if merged is None:
        return table
    known = table.left_join(merged, table.customer == merged.merged_customer)
    return known.mutate(customer=ibis.coalesce(known.survivor, known.customer)).select(*table.columns)


def exposures_inside(
    exposures: Table, *, experiment: str, starts: datetime, ends: datetime, until: datetime | None = None
) -> Table:
    """The exposures of one experiment inside [starts, ends). `until`: as if the story ended there."""
    last = min(ends, until) if until else ends
    return exposures.filter(
        exposures.experiment == experiment, exposures.exposed_at >= starts, exposures.exposed_at < last
    )


def exposed_customers(inside: Table) -> Table:
    """One row per exposed customer: when first, and the first and last by name of the variants they met."""
    return inside.group_by("customer").aggregate(
        exposed_at=inside.exposed_at.min(), variant=inside.variant.min(), last_variant=inside.variant.max()
    )


def first_exposures(inside: Table, customers: Table) -> Table:
    """One row per exposed customer: the first variant met, when, and whether another one was met too.

    `customers` is `exposed_customers(inside)`, kept. Nearly everybody met one variant, and is read from there; the few
    others have their exposures put in order. Two variants met at the same moment: the first by name, so that every
    engine gives the same answer.
    """
    is_mixed = customers.variant != customers.last_variant
    clean = customers.filter(~is_mixed).select("customer", "variant", "exposed_at", is_contaminated=False)
    theirs = inside.semi_join(customers.filter(is_mixed), "customer")
    in_order = ibis.window(group_by=theirs.customer, order_by=[theirs.exposed_at, theirs.variant])
    placed = theirs.mutate(place=ibis.row_number().over(in_order))
    mixed = placed.filter(placed.place == 0).select("customer", "variant", "exposed_at", is_contaminated=True)
    return clean.union(mixed.cast(dict(clean.schema().items())))  # one says never null of what the other does not


def customers_by_variant(first: Table) -> Table:
    """Rows `variant, customers, contaminated`: how many met it first, and how many of them met another one too."""
    return first.group_by("variant").aggregate(customers=first.count(), contaminated=first.is_contaminated.sum())


def needed(first: Table, events: Table, definitions: Sequence[MetricDefinition], spans: Mapping[str, Span]) -> Table:
    """Of the exposed customers those whose sums may change in these spans; all where a span begins at the start."""
    if any(spans[definition.key].after is None for definition in definitions):
        return first
    reasons = [_counts(first, definition, spans[definition.key]) for definition in definitions]
    running = [definition for definition in definitions if definition.window_s is None]
    if running:
        since = min(after for d in running if (after := spans[d.key].after) is not None)
        moved = events.filter(events.event.isin(sorted(feeds(running))), events.occurred_at >= since)
        reasons.append(first.customer.isin(moved.customer))
    return first.filter(reduce(or_, reasons))


def mattering(events: Table, definitions: Sequence[MetricDefinition], spans: Mapping[str, Span]) -> Table:
    """The events that can matter to whoever counts in these spans.

    From the start on: those of the names that are read. In a later span, for few customers: those of the time that
    their windows reach over, whatever their name; so few are left after the join that comparing texts before it, for
    every event of that time, would take longer than all the rest.
    """
    begins = [_reads_from(definition, spans[definition.key]) for definition in definitions]
    known = [begin for begin in begins if begin is not None]
    if not known or len(known) < len(begins):
        return events.filter(events.event.isin(sorted(feeds(definitions))))
    last = max(spans[definition.key].as_of for definition in definitions)
    return events.filter(events.occurred_at >= min(known), events.occurred_at < last)


def _reads_from(definition: MetricDefinition, span: Span) -> datetime | None:
    """No event before this time matters in the span; None for a running total, and for a span from the start."""
    if span.after is None or definition.window_s is None:
        return None
    before = timedelta(days=definition.covariate.days_before + 1) if definition.covariate else timedelta(0)
    return span.after - timedelta(seconds=definition.window_s) - before


def per_customer(
    first: Table, events: Table, definitions: Sequence[MetricDefinition], *, spans: Mapping[str, Span]
) -> Table:
    """The exposed customers with, per metric number i, `u_i` (uncapped) and `x_i` (covariate or denominator).

    Of a running total only the covariate is a column here, unless it is a quantile's: it is made of its days.
    """
    wanted = {i: _totals(definition, spans[definition.key].as_of) for i, definition in enumerate(definitions)}
    places = {total: place for place, total in enumerate(dict.fromkeys(t for ts in wanted.values() for t in ts))}
    columns = {f"t_{place}": total for total, place in places.items()}
    known = first
    if columns:
        ends = _ends(first, places)
        joined = first.select("customer", **ends).inner_join(_relevant(events, places), "customer")
        totals = joined.group_by("customer").aggregate(**{n: _column(joined, t) for n, t in columns.items()})
        known = first.left_join(totals, "customer").drop("customer_right")
        known = known.mutate(**{name: known[name].fill_null(0.0) for name in columns})
    outcomes: dict[str, FloatingValue] = {}
    for number, definition in enumerate(definitions):
        values = [known[f"t_{places[total]}"] for total in wanted[number]]
        if _is_made_of_days(definition):
            outcomes.update({f"x_{number}": value for value in values})
            continue
        outcomes[f"u_{number}"] = _outcome(definition, values[0])
        if len(values) > 1:
            outcomes[f"x_{number}"] = values[1]
    return known.select(*first.columns, **outcomes)


def day_sums(
    outcomes: Table,
    events: Table,
    definitions: Sequence[MetricDefinition],
    *,
    spans: Mapping[str, Span],
    groups: Sequence[str] = (),
) -> list[Table]:
    """The queries on `per_customer`'s rows whose answers together are what the spans add, for `summarise.cells`."""
    windows = sorted({d.window_s for d in definitions if d.window_s is not None})
    queries = [window_days(outcomes, definitions, window_s=w, spans=spans, groups=groups) for w in windows]
    if any(_is_made_of_days(definition) for definition in definitions):
        queries.append(running_entries(outcomes, definitions, spans=spans, groups=groups))
        queries.append(running_changes(outcomes, events, definitions, spans=spans, groups=groups))
    return queries


def window_days(
    outcomes: Table,
    definitions: Sequence[MetricDefinition],
    *,
    window_s: int,
    spans: Mapping[str, Span],
    groups: Sequence[str] = (),
) -> Table:
    """Per variant, group and day the sums of every metric with this window, over customers whose window closed then.

    For metric number i of `definitions`: n_i; y1, y2, y3 of the capped outcome, u1 of the uncapped one, c1 how many
    were capped; with a covariate x1, x2, xy; for a ratio the same sums with the denominator as x. A window that closes
    at midnight closed on the day before.
    """
    sums: dict[str, Value] = {}
    for number, definition in enumerate(definitions):
        if definition.window_s == window_s and definition.kind != "quantile":
            sums.update(_sums(outcomes, number, definition, spans[definition.key]))
    closes = outcomes.exposed_at + ibis.interval(seconds=window_s) - ibis.interval(microseconds=1)
    return outcomes.group_by("variant", *groups, day=closes.date()).aggregate(**sums)


def running_entries(
    outcomes: Table,
    definitions: Sequence[MetricDefinition],
    *,
    spans: Mapping[str, Span],
    groups: Sequence[str] = (),
) -> Table:
    """Per variant, group and exposure day what enters a running total at exposure: n_i and the covariate's x1, x2."""
    sums: dict[str, Value] = {}
    for number, definition in enumerate(definitions):
        if not _is_made_of_days(definition):
            continue
        counts = _counts(outcomes, definition, spans[definition.key])
        sums[f"n_{number}"] = counts.sum()
        if f"x_{number}" in outcomes.columns:
            x = outcomes[f"x_{number}"]
            sums[f"x1_{number}"] = x.sum(where=counts).fill_null(0.0)
            sums[f"x2_{number}"] = (x * x).sum(where=counts).fill_null(0.0)
    return outcomes.group_by("variant", *groups, day=outcomes.exposed_at.date()).aggregate(**sums)


def running_changes(
    outcomes: Table,
    events: Table,
    definitions: Sequence[MetricDefinition],
    *,
    spans: Mapping[str, Span],
    groups: Sequence[str] = (),
) -> Table:
    """Per variant, group and day what that day's events changed in the sums of the running totals, about pivot 0.

    With g the capped total before the day and d its change: Σd, Σd(2g + d), Σd(3g² + 3gd + d²); with a covariate Σxd;
    for a ratio's sides a, b also Σ(g_a d_b + g_b d_a + d_a d_b). A day's change may well be negative.
    """
    running = {i: d for i, d in enumerate(definitions) if _is_made_of_days(d)}
    wanted = {i: [Total(measure, until=spans[d.key].as_of) for measure in d.measures] for i, d in running.items()}
    places = {total: place for place, total in enumerate(dict.fromkeys(t for ts in wanted.values() for t in ts))}
    covariates = [name for i in running if (name := f"x_{i}") in outcomes.columns]
    keys = ["customer", "variant", *groups, *covariates]
    joined = outcomes.select(*keys, **_ends(outcomes, places)).inner_join(_relevant(events, places), "customer")
    daily = joined.group_by(*keys, day=joined.occurred_at.date()).aggregate(
        **{f"t_{place}": _column(joined, total).fill_null(0.0) for total, place in places.items()}
    )
    before = ibis.window(group_by=daily.customer, order_by=daily.day, preceding=(None, 1))
    upto = ibis.window(group_by=daily.customer, order_by=daily.day, preceding=(None, 0))
    totals = {f"g_{place}": daily[f"t_{place}"].sum().over(before).fill_null(0.0) for place in places.values()}
    totals |= {f"h_{place}": daily[f"t_{place}"].sum().over(upto) for place in places.values()}
    told = daily.mutate(**totals)
    sums: dict[str, Value] = {}
    for number, definition in running.items():
        pairs = [(told[f"g_{places[t]}"], told[f"h_{places[t]}"]) for t in wanted[number]]
        after = spans[definition.key].after
        inside = None if after is None else told.day >= ibis.literal(after.date())
        sums.update(_changes(told, number, definition, pairs, inside))
    return told.group_by("variant", "day", *groups).aggregate(**sums)


def ranked_values(outcomes: Table, *, ranks: Sequence[int]) -> Table:
    """A quantile metric's totals (`u_0` of its own `per_customer`) at these ranks (from 1) of each variant."""
    order = ibis.window(group_by=outcomes.variant, order_by=outcomes.u_0)
    ranked = outcomes.select("variant", rank=ibis.row_number().over(order) + 1, value=outcomes.u_0)
    return ranked.filter(ranked["rank"].isin(sorted(set(ranks))))


def closed(outcomes: Table, definition: MetricDefinition, span: Span) -> Table:
    """The customers who count for this metric in the span."""
    return outcomes.filter(_counts(outcomes, definition, span))


def totals_before(first: Table, events: Table, definition: MetricDefinition, *, starts: datetime) -> Table:
    """One column `value`: each exposed customer's total in a window's length before `starts`, where not zero."""
    begins = starts - timedelta(seconds=definition.window_s or 0)
    measure = definition.measures[0]
    conditions = [events.event == measure.event, events.occurred_at >= begins, events.occurred_at < starts]
    conditions += [events.properties.get(name) == value for name, value in measure.filter]
    joined = first.inner_join(events.filter(*conditions), "customer")
    totals = joined.group_by("customer").aggregate(value=joined.value.fill_null(0.0).sum())
    return totals.filter(totals.value != 0).select("value")


def entered_by(first: Table, definition: MetricDefinition, through: datetime) -> BooleanValue:
    """Whether these customers belong to the days of this metric that end by `through`."""
    return _counts(first, definition, Span(through))


def belongs_to_counted(joined: Table, definition: MetricDefinition, through: datetime) -> BooleanValue:
    """Whether an event (joined with its customer's first exposure) belongs to a day that ended by `through`."""
    until = through if definition.window_s is None else None
    wanted = [Total(m, definition.from_s, definition.window_s, until) for m in definition.measures]
    at, ends = joined.occurred_at, _ends(joined, wanted)
    inside = [(joined.event == t.measure.event) & (at >= ends[_begin(t)]) & (at < ends[_end(t)]) for t in wanted]
    return reduce(or_, inside) & entered_by(joined, definition, through)


def feeds(definitions: Sequence[MetricDefinition]) -> frozenset[str]:
    """All events that these metrics read."""
    return reduce(or_, (definition.events for definition in definitions), frozenset())


def _is_made_of_days(definition: MetricDefinition) -> bool:
    """Whether the metric is a running total that enters day by day; a quantile has no increments."""
    return definition.window_s is None and definition.kind != "quantile"


def _counts(outcomes: Table, definition: MetricDefinition, span: Span) -> BooleanValue:
    """Who enters in the span: whose window closed in (after, as of]; without a window, who was exposed in it."""
    at = outcomes.exposed_at
    if definition.window_s is None:
        begun = at < ibis.literal(span.as_of)
        return begun if span.after is None else begun & (at >= ibis.literal(span.after))
    window = timedelta(seconds=definition.window_s)
    over = at <= ibis.literal(span.as_of - window)
    return over if span.after is None else over & (at > ibis.literal(span.after - window))


def _totals(definition: MetricDefinition, as_of: datetime) -> list[Total]:
    until = as_of if definition.window_s is None else None
    after = [Total(measure, definition.from_s, definition.window_s, until) for measure in definition.measures]
    if _is_made_of_days(definition):
        after = []
    if definition.before and definition.covariate:
        after.append(Total(definition.before, days_before=definition.covariate.days_before))
    return after


def _relevant(events: Table, totals: Mapping[Total, int]) -> Table:
    """What these totals read of an event; its properties only where a filter asks for them."""
    columns = ["customer", "event", "occurred_at", "value"]
    if any(total.measure.filter for total in totals):
        columns.append("properties")
    return events.select(*columns)


def _ends(first: Table, totals: Iterable[Total]) -> dict[str, TimestampValue]:
    """Where each total's window begins and ends, as columns of the exposed customers.

    Computed here, once a customer, and only compared on the joined rows: adding intervals to times of a zone is the
    dearest thing an engine does with an event.
    """
    found: dict[str, TimestampValue] = {}
    for total in totals:
        exposed_at = first.exposed_at
        if total.days_before is not None:
            found[_end(total)] = exposed_at.truncate("D")
            found[_begin(total)] = found[_end(total)] - ibis.interval(hours=24 * total.days_before)
            continue
        found[_begin(total)] = _later(exposed_at, total.from_s)
        found[_end(total)] = ibis.literal(total.until) if total.ends_s is None else _later(exposed_at, total.ends_s)
    return found


def _later(at: TimestampValue, seconds: int) -> TimestampValue:
    return at + ibis.interval(seconds=seconds) if seconds else at


def _begin(total: Total) -> str:
    return f"before_{total.days_before}" if total.days_before is not None else f"after_{total.from_s}"


def _end(total: Total) -> str:
    if total.days_before is not None:
        return "day"
    return f"until_{total.until:%Y%m%d%H%M%S%f}" if total.until else f"after_{total.ends_s}"


def _column(joined: Table, total: Total) -> NumericValue:
    """The total of one customer; null where there was nothing to add up."""
    at = joined.occurred_at
    conditions = [joined.event == total.measure.event, at >= joined[_begin(total)], at < joined[_end(total)]]
    conditions += [joined.properties.get(name) == value for name, value in total.measure.filter]
    inside: BooleanValue = reduce(and_, conditions)
    if total.measure.value:
        return inside.ifelse(joined.value, ibis.null("float64")).sum()
    return inside.ifelse(ibis.literal(1, "int8"), ibis.null("int8")).count().cast("float64")


def _outcome(definition: MetricDefinition, total: FloatingValue) -> FloatingValue:
    return (total >= definition.threshold).cast("float64") if definition.is_share else total


def _capped(definition: MetricDefinition, outcome: FloatingValue) -> FloatingValue:
    return outcome if definition.cap is None else outcome.clip(-definition.cap, definition.cap)


def _sums(outcomes: Table, number: int, definition: MetricDefinition, span: Span) -> dict[str, FloatingValue]:
    counts = _counts(outcomes, definition, span)
    uncapped = outcomes[f"u_{number}"]
    value = _capped(definition, uncapped)
    terms = {"y1": value, "y2": value * value, "y3": value * value * value, "u1": uncapped}
    if definition.cap is not None:
        terms["c1"] = (uncapped != value).cast("float64")
    if f"x_{number}" in outcomes.columns:
        other = outcomes[f"x_{number}"]
        terms |= {"x1": other, "x2": other * other, "xy": other * value}
    sums = {f"{name}_{number}": term.sum(where=counts).fill_null(0.0) for name, term in terms.items()}
    return {f"n_{number}": counts.sum(), **sums}


def _changes(
    told: Table,
    number: int,
    definition: MetricDefinition,
    pairs: Sequence[tuple[FloatingValue, FloatingValue]],
    inside: BooleanValue | None,
) -> dict[str, FloatingValue]:
    (raw_before, raw_after), *other = pairs
    u_before, u_after = _outcome(definition, raw_before), _outcome(definition, raw_after)
    g = _capped(definition, u_before)
    d = _capped(definition, u_after) - g
    terms = {"y1": d, "y2": d * (2 * g + d), "y3": d * (3 * g * g + 3 * g * d + d * d), "u1": u_after - u_before}
    if definition.cap is not None:
        is_capped_now = (u_after != _capped(definition, u_after)).cast("float64")
        terms["c1"] = is_capped_now - (u_before != g).cast("float64")
    if other:
        b, b_after = other[0]
        change = b_after - b
        terms |= {"x1": change, "x2": change * (2 * b + change), "xy": g * change + b * d + d * change}
    elif f"x_{number}" in told.columns:
        terms["xy"] = told[f"x_{number}"] * d
    return {f"{name}_{number}": term.sum(where=inside).fill_null(0.0) for name, term in terms.items()}
