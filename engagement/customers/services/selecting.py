"""Which customers a rule selects now: traits from the database, events from the store, one query of the engine."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from django.db import connection
from django.db.models import Count, F, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast
from django.db.models.lookups import Exact
from ibis.expr.types import Table
from numpy.typing import NDArray

from engagement.core.clock import microseconds
from engagement.customers import queries
from engagement.customers.audience_query import holds, measured, trait_column
from engagement.customers.audience_rules import AllOf, Rule, TraitIs, needs_names, needs_states, traits
from engagement.customers.models import Customer
from engagement.customers.states import activity
from engagement.warehouse.engines import Warehouse, connect

Ids = NDArray[np.int64]
CHUNK = 50_000


@dataclass(frozen=True, slots=True)
class Selected:
    """The customers a rule selects, by their numbers, with each one's state (empty: never seen)."""

    customers: Ids
    states: list[str]


def select(rule: Rule, *, at: datetime, with_states: bool = False) -> Selected:
    """Who the rule selects at a moment; events from it on do not count. In no order that means anything."""
    with _customers(rule, at, with_states=with_states) as (warehouse, table):
        chosen = table.filter(holds(rule, table, at_us=microseconds(at)))
        columns = [chosen.customer, chosen.state] if with_states else [chosen.customer]
        found: pa.Table = warehouse.backend.to_pyarrow(chosen.select(*columns))
    states = found["state"].fill_null("").to_pylist() if with_states else []
    return Selected(found["customer"].to_numpy().astype(np.int64), states)


def removed_by_part(rule: Rule, *, at: datetime) -> list[int]:
    """Of a rule that asks for all of several parts: how many customers each part by itself leaves out."""
    parts = rule.parts if isinstance(rule, AllOf) else (rule,)
    with _customers(rule, at, with_states=False, everybody=True) as (warehouse, table):
        left_out = {f"part_{n}": (~holds(part, table, at_us=microseconds(at))).sum() for n, part in enumerate(parts)}
        row = warehouse.rows(table.aggregate(**left_out))[0]
    return [int(row[f"part_{n}"] or 0) for n in range(len(parts))]


def lacking(rule: Rule | None, names: Sequence[str], *, at: datetime) -> tuple[int, dict[str, int]]:
    """How many customers a rule selects (None: all there are), and per trait how many of them it tells nothing of."""
    if rule is None:
        return _lacking_of_all(names)
    with _customers(rule, at, with_states=False, also=names) as (warehouse, table):
        chosen = table.filter(holds(rule, table, at_us=microseconds(at)))
        gaps = {f"gap_{n}": (chosen[trait_column(name)].fill_null("") == "").sum() for n, name in enumerate(names)}
        row = warehouse.rows(chosen.aggregate(customers=chosen.count(), **gaps))[0]
    return int(row["customers"]), {name: int(row[f"gap_{n}"] or 0) for n, name in enumerate(names)}


def _lacking_of_all(names: Sequence[str]) -> tuple[int, dict[str, int]]:
    told = {f"told_{n}": _as_text(name) for n, name in enumerate(names)}
    nothing = [Q(**{name: None}) | Q(**{name: ""}) for name in told]
    empty = {f"gap_{n}": Count("pk", filter=one) for n, one in enumerate(nothing)}
    row = Customer.objects.filter(merged_into=None).annotate(**told).aggregate(customers=Count("pk"), **empty)
    return row["customers"], {name: row[f"gap_{n}"] for n, name in enumerate(names)}


@contextmanager
def _customers(
    rule: Rule, at: datetime, *, with_states: bool, everybody: bool = False, also: Sequence[str] = ()
) -> Iterator[tuple[Warehouse, Table]]:
    """Whom the rule may select (`everybody`: all who are somebody of their own), with the columns that it reads.

    also: traits that are asked for beside those of the rule.
    """
    known = ibis.memtable(_known(rule, with_names=needs_names(rule), everybody=everybody, also=also))
    with connect() as warehouse:
        events = queries.resolved(warehouse.table("events"), queries.survivors())
        if _must(rule) and not everybody:
            events = events.semi_join(known, "customer")  # adding up for those who are out already is most of the work
        sides = []
        happened = measured(events, rule, at_us=microseconds(at))
        if happened is not None:
            sides.append(happened)
        if with_states or needs_states(rule):
            sides.append(activity(events, queries.state_rule(), at_us=microseconds(at)))
        yield warehouse, reduce(_joined, sides, known)


def _joined(table: Table, side: Table) -> Table:
    return table.left_join(side, "customer").drop("customer_right")


def numbers(rows: QuerySet[Any]) -> Ids:
    """The one column of whole numbers that a query of the database has."""
    return np.fromiter((number for (number,) in _raw(rows)), dtype=np.int64)


def _raw(rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    """Straight from the cursor: what Django does for a row takes several times as long, and rows are many."""
    sql, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        while found := cursor.fetchmany(CHUNK):
            yield from found


def _known(rule: Rule, *, with_names: bool, everybody: bool, also: Sequence[str] = ()) -> pa.Table:
    """A row a customer: number, the customer id where it is asked for, each trait as text.

    Whoever cannot be selected for a trait is left to the database to leave out.
    """
    names = list(dict.fromkeys((*traits(rule), *also)))
    columns: dict[str, Any] = {"customer": F("pk")}
    if with_names:
        columns["external"] = F("external_id")
    columns |= {trait_column(name): _as_text(name) for name in names}
    rows = Customer.objects.filter(Q() if everybody else _must(rule), merged_into=None).order_by()
    kinds = {name: pa.int64() if name == "customer" else pa.string() for name in columns}
    found = list(_raw(rows.values_list(*columns.values())))
    cells = zip(*found, strict=True) if found else [()] * len(kinds)
    table = pa.table([pa.array(column, kind) for column, kind in zip(cells, kinds.values(), strict=True)], list(kinds))
    return table.rename_columns(["external_id" if name == "external" else name for name in columns])


def _must(rule: Rule) -> Q:
    """What the database can say of everybody whom the rule selects: the traits that all of them have."""
    parts = rule.parts if isinstance(rule, AllOf) else (rule,)
    exact = [part for part in parts if isinstance(part, TraitIs) and part.op == "is"]
    return reduce(and_, (Q(Exact(_as_text(part.trait), Value(part.value))) for part in exact), Q())


def _as_text(trait: str) -> Any:
    """A trait as the words one would write: true, 5, gold; null where nobody told it."""
    if trait in queries.TRAIT_COLUMNS:
        return F(trait)
    if connection.vendor == "postgresql":
        return KeyTextTransform(trait, "traits")
    return Cast(KeyTransform(trait, "traits"), TextField())
