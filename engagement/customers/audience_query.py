"""Audience rules to queries: a table of customers with what a rule reads, and the rule as a column of it."""

from collections.abc import Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import ibis
from ibis.expr.types import BooleanValue, Table

from engagement.customers.audience_rules import (
    FLAGS,
    AllOf,
    AnyOf,
    Condition,
    EventWas,
    InList,
    Not,
    Rule,
    StateIs,
    TraitIs,
    event_measures,
)

DAY_US = 86_400 * 1_000_000


def measured(events: Table, rule: Rule, *, at_us: int) -> Table | None:
    """Per customer what the rule's event conditions read: how often, with what sum, when last; None where it has none.

    Events from `at_us` on do not count.
    """
    wanted = event_measures(rule)
    if not wanted:
        return None
    names = sorted({leaf.event for leaf in wanted})
    before = events.filter(events.event.isin(names), events.occurred_us < at_us)
    if all(leaf.within_days for leaf in wanted):
        before = before.filter(before.occurred_us >= at_us - max(leaf.within_days or 0 for leaf in wanted) * DAY_US)
    columns: dict[str, Any] = {}
    for leaf in wanted:
        counts = before.event == leaf.event
        if leaf.within_days is not None:
            counts &= before.occurred_us >= at_us - leaf.within_days * DAY_US
        columns[_event_column("n", leaf)] = counts.sum()
        columns[_event_column("s", leaf)] = before.value.sum(where=counts)
        columns[_event_column("last", leaf)] = before.occurred_us.max(where=counts)
    return before.group_by("customer").aggregate(**columns)


def holds(rule: Rule, table: Table, *, at_us: int) -> BooleanValue:
    """The rule over a table of customers; never null.

    It has a column (text, `trait_column`) for each trait, `external_id` where lists are asked for,
    `state`, `is_new`, `is_dormant` where states are, and those of `measured`.
    """
    match rule:
        case AllOf(parts):
            return reduce(and_, (holds(part, table, at_us=at_us) for part in parts))
        case AnyOf(parts):
            return reduce(or_, (holds(part, table, at_us=at_us) for part in parts))
        case Not(part):
            return ~holds(part, table, at_us=at_us)
    return _leaf_holds(rule, table, at_us)


def _leaf_holds(leaf: Condition, table: Table, at_us: int) -> BooleanValue:
    match leaf:
        case TraitIs():
            return _trait_holds(leaf, table[trait_column(leaf.trait)])
        case EventWas():
            return _event_holds(leaf, table, at_us)
        case StateIs(states):
            return _state_holds(states, table)
        case InList(ids):
            return table.external_id.isin(ids).fill_null(False)


def trait_column(trait: str) -> str:
    """Names hold anything: their bytes, so that no two share a column and none is another column's."""
    return f"trait_{trait.encode().hex()}"


def _event_column(what: str, leaf: EventWas) -> str:
    return f"{what}_{leaf.event.encode().hex()}_{leaf.within_days or 0}"


def _trait_holds(leaf: TraitIs, column: Any) -> BooleanValue:
    match leaf.op:
        case "is_set":
            return column.notnull()
        case "is_not_set":
            return column.isnull()
        case "is_not":
            return ~(column == leaf.value).fill_null(False)
        case "contains":
            found = column.contains(leaf.value)
        case "above":
            found = column.try_cast("float64") > leaf.value
        case "below":
            found = column.try_cast("float64") < leaf.value
        case _:
            found = column == leaf.value
    return found.fill_null(False)


def _event_holds(leaf: EventWas, table: Table, at_us: int) -> BooleanValue:
    if leaf.of == "days_since":
        days = (ibis.literal(at_us) - table[_event_column("last", leaf)]).cast("float64") / DAY_US
        if leaf.op == "at_most":
            return (days <= leaf.value).fill_null(False)
        return (days >= leaf.value).fill_null(True)
    column = table[_event_column("n" if leaf.of == "count" else "s", leaf)].cast("float64").fill_null(0.0)
    return column >= leaf.value if leaf.op == "at_least" else column <= leaf.value


def _state_holds(states: Sequence[str], table: Table) -> BooleanValue:
    named = [state for state in states if state not in FLAGS]
    parts = [table.state.isin(named).fill_null(False)] if named else []
    if "new" in states:
        parts.append(table.is_new.fill_null(False))
    if "dormant" in states:
        parts.append(table.is_dormant.fill_null(False))
    return reduce(or_, parts)
