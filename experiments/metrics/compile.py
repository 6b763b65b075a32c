"""Metrics to queries: exposures joined with events, one row per customer, sums per variant and day on which it counts.

The engine does the heavy part once for all metrics (`per_customer`); what comes back is a handful of sums a day, that
`summarise` adds up. A metric with a window enters whole on the day its window closes; a running total by what each day
changed. So every day's sums are made once, and a later analysis reads only what came after (`spans.needed`). A day is
the number of days since 1970, a variant its number (`exposed`): `summarise.told` names them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

import ibis
from ibis.expr.types import BooleanValue, FloatingValue, IntegerValue, Table, Value

from experiments.metrics.clock import DAY_US, SECOND_US, microseconds
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.spans import Span, counts, entered_by
from experiments.metrics.totals import Total, covariate_totals, outcome_totals, relevant

Numbered = Mapping[int, MetricDefinition]  # by the place among the metrics of the analysis


def covariate_columns(definitions: Sequence[MetricDefinition]) -> dict[Total, str]:
    """What these metrics' covariates add up, each with the name of its column: `c_0`, `c_1`, ..."""
    totals = dict.fromkeys(total for definition in definitions for total in covariate_totals(definition))
    return {total: f"c_{place}" for place, total in enumerate(totals)}


def with_covariates(first: Table, events: Table, covariates: Mapping[Total, str], *, until: datetime) -> Table:
    """The exposed customers, first met before `until`, with these columns."""
    if not covariates:
        return first
    names = sorted({total.measure.event for total in covariates})
    read = events.filter(events.event.isin(names), events.occurred_at < until)
    return _with_totals(first, read, {name: total for total, name in covariates.items()})


def per_customer(
    first: Table,
    events: Table,
    definitions: Sequence[MetricDefinition],
    *,
    spans: Mapping[str, Span],
    covariates: Mapping[Total, str] | None = None,
) -> Table:
    """The exposed customers with, per metric number i, `u_i` (uncapped), `y_i` (capped, where there is a cap) and `x_i`
    (covariate or denominator); and `day_w`, on which they count for metrics with a window of w seconds (0: without).

    Of a running total only the covariate is a column here, unless it is a quantile's: it is made of its days. Days are
    columns because an engine groups by small numbers that it has seen in half the time of computed ones.

    covariates: the columns they are to have; those that `first` has are taken from it, the others are added.
    """
    wanted = {i: _totals(definition, spans[definition.key].as_of) for i, definition in enumerate(definitions)}
    totals = dict.fromkeys(t for ts in wanted.values() for t in ts)
    named = covariates or {}
    names = {total: named.get(total, f"t_{place}") for place, total in enumerate(totals)}
    columns = {name: total for total, name in names.items() if name not in first.columns}
    known = _with_totals(first, events, columns) if columns else first
    windows = sorted({definition.window_s or 0 for definition in definitions})
    outcomes: dict[str, Value] = {name: known[name] for name in columns if name in named.values()}
    outcomes |= {f"day_{window_s}": _counts_on(known, window_s) for window_s in windows}
    for number, definition in enumerate(definitions):
        values = [known[names[total]] for total in wanted[number]]
        if _is_made_of_days(definition):
            outcomes.update({f"x_{number}": value for value in values})
            continue
        outcomes[f"u_{number}"] = _outcome(definition, values[0])
        if definition.cap is not None:
            outcomes[f"y_{number}"] = _capped(definition, outcomes[f"u_{number}"])
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
    alike: dict[tuple[int | None, Span], dict[int, MetricDefinition]] = {}
    for number, definition in enumerate(definitions):
        if definition.kind != "quantile":
            alike.setdefault((definition.window_s, spans[definition.key]), {})[number] = definition
    queries = [
        _window_days(outcomes, metrics, window_s=window_s, span=span, groups=groups)
        if window_s is not None
        else _running_entries(outcomes, metrics, span=span, groups=groups)
        for (window_s, span), metrics in alike.items()
    ]
    running = {i: d for i, d in enumerate(definitions) if _is_made_of_days(d)}
    if running:
        queries.append(_running_changes(outcomes, events, running, spans=spans, groups=groups))
    return queries


def _window_days(outcomes: Table, metrics: Numbered, *, window_s: int, span: Span, groups: Sequence[str]) -> Table:
    """Per variant, group and day the sums of these metrics over the customers whose window closed then.

    For metric number i: n_i; y1, y2, y3 of the capped outcome, u1 of the uncapped one, c1 how many were capped; with a
    covariate x1, x2, xy; for a ratio the same sums with the denominator as x, but no cube.
    """
    closed = outcomes.filter(counts(outcomes, window_s, span))
    sums: dict[str, Value] = {}
    for number, definition in metrics.items():
        sums.update(_sums(closed, number, definition))
    return closed.group_by("variant", *groups, day=closed[f"day_{window_s}"]).aggregate(**sums)


def _running_entries(outcomes: Table, metrics: Numbered, *, span: Span, groups: Sequence[str]) -> Table:
    """Per variant, group and exposure day what enters a running total at exposure: n_i and the covariate's x1, x2."""
    begun = outcomes.filter(counts(outcomes, None, span))
    sums: dict[str, Value] = {}
    for number in metrics:
        sums[f"n_{number}"] = begun.count()
        if f"x_{number}" in begun.columns:
            x = begun[f"x_{number}"]
            sums |= {f"x1_{number}": x.sum(), f"x2_{number}": (x * x).sum()}
    return begun.group_by("variant", *groups, day=begun.day_0).aggregate(**sums)


def _running_changes(
    outcomes: Table, events: Table, metrics: Numbered, *, spans: Mapping[str, Span], groups: Sequence[str]
) -> Table:
    """Per variant, group and day what that day's events changed in the sums of the running totals, about pivot 0.

    With g the capped total before the day and d its change: Σd, Σd(2g + d), Σd(3g² + 3gd + d²); with a covariate Σxd;
    for a ratio's sides a, b also Σ(g_a d_b + g_b d_a + d_a d_b). A day's change may well be negative.
    """
    wanted = {i: outcome_totals(d, spans[d.key].as_of) for i, d in metrics.items()}
    places = {total: place for place, total in enumerate(dict.fromkeys(t for ts in wanted.values() for t in ts))}
    covariates = [name for i in metrics if (name := f"x_{i}") in outcomes.columns]
    keys = ["customer", "variant", *groups, *covariates]
    joined = outcomes.select(*keys, "exposed_us").inner_join(relevant(events, places), "customer")
    daily = joined.group_by(*keys, day=_day(joined.occurred_us)).aggregate(
        **{f"t_{place}": total.column(joined).fill_null(0.0) for total, place in places.items()}
    )
    before = ibis.window(group_by=daily.customer, order_by=daily.day, preceding=(None, 1))
    upto = ibis.window(group_by=daily.customer, order_by=daily.day, preceding=(None, 0))
    totals = {f"g_{place}": daily[f"t_{place}"].sum().over(before).fill_null(0.0) for place in places.values()}
    totals |= {f"h_{place}": daily[f"t_{place}"].sum().over(upto) for place in places.values()}
    told = daily.mutate(**totals)
    sums: dict[str, Value] = {}
    for number, definition in metrics.items():
        pairs = [(told[f"g_{places[t]}"], told[f"h_{places[t]}"]) for t in wanted[number]]
        after = spans[definition.key].after
        inside = None if after is None else told.day >= microseconds(after) // DAY_US
        sums.update(_changes(told, number, definition, pairs, inside))
    return told.group_by("variant", "day", *groups).aggregate(**sums)


def ranked_values(outcomes: Table, *, ranks: Sequence[int]) -> Table:
    """A quantile metric's totals (`u_0` of its own `per_customer`) at these ranks (from 1) of each variant."""
    order = ibis.window(group_by=outcomes.variant, order_by=outcomes.u_0)
    ranked = outcomes.select("variant", rank=ibis.row_number().over(order) + 1, value=outcomes.u_0)
    return ranked.filter(ranked["rank"].isin(sorted(set(ranks))))


def closed(outcomes: Table, definition: MetricDefinition, span: Span) -> Table:
    """The customers who count for this metric in the span."""
    return outcomes.filter(counts(outcomes, definition.window_s, span))


def totals_before(events: Table, definition: MetricDefinition, *, starts: datetime) -> Table:
    """One column `value`: each customer's total in a window's length before `starts`, where not zero.

    All customers, exposed or not: whom an experiment has met so far depends on the day of the question.
    """
    begins = starts - timedelta(seconds=definition.window_s or 0)
    measure = definition.measures[0]
    conditions = [events.event == measure.event, events.occurred_at >= begins, events.occurred_at < starts]
    conditions += [events.properties.get(name) == value for name, value in measure.filter]
    before = events.filter(*conditions)
    totals = before.group_by("customer").aggregate(value=before.value.fill_null(0.0).sum())
    return totals.filter(totals.value != 0).select("value")


def belongs_to_counted(joined: Table, definition: MetricDefinition, through: datetime) -> BooleanValue:
    """Whether an event (joined with its customer's first exposure) belongs to a day that ended by `through`."""
    inside = [total.holds(joined) for total in outcome_totals(definition, through)]
    return reduce(or_, inside) & entered_by(joined, definition, through)


def _with_totals(first: Table, events: Table, columns: Mapping[str, Total]) -> Table:
    """The customers with these totals of their events; 0 where there was nothing to add up."""
    joined = first.select("customer", "exposed_us").inner_join(relevant(events, columns.values()), "customer")
    totals = joined.group_by("customer").aggregate(**{n: t.column(joined) for n, t in columns.items()})
    known = first.left_join(totals, "customer").drop("customer_right")
    return known.mutate(**{name: known[name].fill_null(0.0) for name in columns})


def _is_made_of_days(definition: MetricDefinition) -> bool:
    """Whether the metric is a running total that enters day by day; a quantile has no increments."""
    return definition.window_s is None and definition.kind != "quantile"


def _totals(definition: MetricDefinition, as_of: datetime) -> list[Total]:
    after = [] if _is_made_of_days(definition) else outcome_totals(definition, as_of)
    return after + covariate_totals(definition)


def _day(at: IntegerValue) -> IntegerValue:
    """Whole days since 1970: the division leaves no rest, so that no engine rounds it."""
    return ((at - at % DAY_US) / DAY_US).cast("int32")


def _counts_on(first: Table, window_s: int) -> IntegerValue:
    """A window that closes at midnight closed on the day before."""
    return _day(first.exposed_us + (window_s * SECOND_US - 1) if window_s else first.exposed_us)


def _outcome(definition: MetricDefinition, total: FloatingValue) -> FloatingValue:
    return (total >= definition.threshold).cast("float64") if definition.is_share else total


def _capped(definition: MetricDefinition, outcome: Value) -> Value:
    return outcome if definition.cap is None else ibis.greatest(ibis.least(outcome, definition.cap), -definition.cap)


def _sums(closed: Table, number: int, definition: MetricDefinition) -> dict[str, Value]:
    """The sums of one metric. What is the same sum is written the same way: an engine makes it once."""
    uncapped = closed[f"u_{number}"]
    value = uncapped if definition.cap is None else closed[f"y_{number}"]
    terms = {"y1": value, "y2": value * value, "y3": value * value * value, "u1": uncapped}
    if definition.is_share and definition.cap is None:  # 0 or 1: its own square and cube
        terms = dict.fromkeys(terms, value)
    if definition.kind == "ratio":
        del terms["y3"]  # the delta method asks for none
    if definition.cap is not None:
        terms["c1"] = uncapped != value
    if f"x_{number}" in closed.columns:
        other = closed[f"x_{number}"]
        terms |= {"x1": other, "x2": other * other, "xy": other * value}
    return {f"n_{number}": closed.count(), **{f"{name}_{number}": term.sum() for name, term in terms.items()}}


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
        del terms["y3"]
        b, b_after = other[0]
        change = b_after - b
        terms |= {"x1": change, "x2": change * (2 * b + change), "xy": g * change + b * d + d * change}
    elif f"x_{number}" in told.columns:
        terms["xy"] = told[f"x_{number}"] * d
    return {f"{name}_{number}": term.sum(where=inside).fill_null(0.0) for name, term in terms.items()}
