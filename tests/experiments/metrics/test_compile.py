"""The queries against the same sums by plain Python, on rows full of edges."""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import ibis
import pyarrow as pa
import pytest

from engagement.customers.queries import resolved
from engagement.warehouse.tables import EVENTS, EXPOSURES
from experiments.metrics.clock import microseconds
from experiments.metrics.compile import day_sums, per_customer
from experiments.metrics.definition import Covariate, Measure, MetricDefinition
from experiments.metrics.exposed import customers_by_variant, exposures_inside, first_exposures
from experiments.metrics.spans import Span, mattering, needed
from experiments.metrics.summarise import DayCell, by_day, cells, told, total

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC)
DAY = 86_400
AS_OF = datetime(2026, 3, 12, tzinfo=UTC)
DEFINITIONS = [
    MetricDefinition("revenue", "mean", "buy", window_s=5 * DAY, cap=40.0, covariate=Covariate("buy", days_before=7)),
    MetricDefinition("bought", "proportion", "buy", window_s=5 * DAY),
    MetricDefinition("twice", "proportion", "buy", window_s=5 * DAY, threshold=2),
    MetricDefinition("so_far", "mean", "buy"),
    MetricDefinition("so_far_capped", "mean", "buy", cap=20.0, covariate=Covariate("buy", days_before=7)),
    MetricDefinition("so_far_twice", "proportion", "buy", threshold=2),
    MetricDefinition("per_buy", "ratio", numerator=Measure("buy"), denominator=Measure("buy", value=False)),
    MetricDefinition("came_back", "proportion", "buy", window_s=5 * DAY, from_s=2 * DAY),
]

WINDOWED = [definition for definition in DEFINITIONS if definition.window_s is not None]


def rows(seed: int = 1) -> tuple[list[dict], list[dict]]:
    """Exposures before, inside and after the experiment, twice for some; events around every edge of every window."""
    rng = random.Random(seed)  # noqa: S311  rows for a test, no secret
    exposures, events = [], []
    for customer in range(200):
        at = START + timedelta(seconds=rng.randrange(-DAY, 8 * DAY))
        for again in range(rng.choice([1, 1, 1, 2])):
            moment, variant = at + timedelta(hours=30 * again), rng.choice("ab")
            exposures.append({"experiment": "e", "customer": customer, "variant": variant, "exposed_at": moment})
        edges = [at, at - timedelta(seconds=1), at + timedelta(days=5), at + timedelta(days=5, microseconds=-1)]
        edges += [at + timedelta(days=2), at + timedelta(days=2, microseconds=-1)]
        edges += [at.replace(hour=0, minute=0, second=0, microsecond=0), START, AS_OF, AS_OF - timedelta(seconds=1)]
        for moment in rng.sample(edges, 5) + [
            at + timedelta(seconds=rng.randrange(-9 * DAY, 9 * DAY)) for _ in range(3)
        ]:
            value = rng.choice([None, 10.0, 35.5, -3.0])
            event = rng.choice(["buy", "buy", "look"])
            events.append({"customer": customer, "event": event, "occurred_at": moment, "value": value})
    exposures.append({"experiment": "other", "customer": 1, "variant": "a", "exposed_at": START})
    return exposures, events


def counted(rows: list[dict], schema: pa.Schema, what: str):
    """The rows as the warehouse opens them: each time in microseconds beside itself."""
    table = pa.Table.from_pylist(rows, schema=schema)
    return ibis.memtable(
        table.append_column(f"{what}_us", pa.array([microseconds(row[f"{what}_at"]) for row in rows], pa.int64()))
    )


class Store:
    """The rows in an engine, counted as an analysis counts them."""

    def __init__(self, exposures: list[dict], events: list[dict]) -> None:
        blank = {"received_at": AS_OF, "message_id": "m", "currency": None, "properties": None}
        unknown = {"propensity": None, "batch": None, "received_at": AS_OF}
        self.con = ibis.duckdb.connect()
        self.con.raw_sql("SET TimeZone = 'UTC'")
        self.events = counted([{**event, **blank} for event in events], EVENTS, "occurred")
        self.exposures = counted([{**e, **unknown} for e in exposures], EXPOSURES, "exposed")

    def first(self, as_of: datetime):
        inside = exposures_inside(self.exposures, experiment="e", starts=START, ends=END, until=as_of)
        return first_exposures(inside, "ab")

    def cells(
        self, as_of: datetime, after: datetime | None = None, definitions: Sequence[MetricDefinition] = DEFINITIONS
    ) -> dict[str, list[DayCell]]:
        """What (after, as of] adds to each metric."""
        spans = {definition.key: Span(as_of, after) for definition in definitions}
        events = mattering(self.events, definitions, spans)
        customers = needed(self.first(as_of), events, definitions, spans)
        outcomes = per_customer(customers, events, definitions, spans=spans)
        found: dict[str, list[DayCell]] = {definition.key: [] for definition in definitions}
        for query in day_sums(outcomes, events, definitions, spans=spans):
            rows = told(self.con.to_pyarrow(query).to_pylist(), "ab")
            for number, definition in enumerate(definitions):
                found[definition.key] += cells(rows, number)
        return found


def by_hand(
    exposures: list[dict], events: list[dict], definition: MetricDefinition, as_of: datetime
) -> dict[str, list[float]]:
    last = min(END, as_of)
    mine = sorted((e for e in exposures if e["experiment"] == "e" and START <= e["exposed_at"] < last), key=_when)
    first = {}
    for exposure in mine:
        first.setdefault(exposure["customer"], exposure)
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for customer, exposure in first.items():
        at, place = exposure["exposed_at"], "ab".index(exposure["variant"])
        end = at + timedelta(seconds=definition.window_s) if definition.window_s else as_of
        if (end if definition.window_s else at) > as_of:
            continue
        buys = [e for e in events if e["customer"] == customer and e["event"] == "buy"]
        opens = at + timedelta(seconds=definition.from_s)
        inside = [e["value"] or 0.0 for e in buys if opens <= e["occurred_at"] < end]
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        before = sum(e["value"] or 0.0 for e in buys if day - timedelta(days=7) <= e["occurred_at"] < day)
        raw = sum(inside) if definition.kind in ("mean", "ratio") else float(len(inside) >= definition.threshold)
        y = raw if definition.cap is None else max(-definition.cap, min(raw, definition.cap))
        x = len(inside) if definition.kind == "ratio" else before if definition.covariate else 0.0
        for name, value in {
            "n": 1,
            "y1": y,
            "y2": y * y,
            "y3": 0.0 if definition.kind == "ratio" else y**3,
            "u1": raw,
            "c1": float(y != raw),
            "x1": x,
            "x2": x * x,
            "xy": x * y,
        }.items():
            sums[name][place] += value
    return sums


def _when(exposure: dict) -> datetime:
    return exposure["exposed_at"]


@pytest.mark.parametrize("number", range(len(DEFINITIONS)))
def test_the_query_gives_the_sums_that_plain_python_gives(number):
    exposures, events = rows()
    definition = DEFINITIONS[number]
    found = total(Store(exposures, events).cells(AS_OF)[definition.key], "ab")
    expected = by_hand(exposures, events, definition, AS_OF)
    assert sum(expected["n"]) > 100
    for name, values in expected.items():
        assert getattr(found, name).tolist() == pytest.approx(values, rel=1e-12, abs=1e-9), name


@pytest.mark.parametrize("definitions", [DEFINITIONS, WINDOWED])
def test_days_counted_one_by_one_add_up_to_the_rows_at_every_midnight(definitions):
    exposures, events = rows(seed=2)
    store, counted = Store(exposures, events), {definition.key: [] for definition in definitions}
    midnights = [START + timedelta(days=day) for day in range(12)]
    for after, as_of in pairwise([None, *midnights]):
        for key, fresh in store.cells(as_of, after, definitions).items():
            assert after is None or all(after.date() <= cell.day < as_of.date() for cell in fresh)
            counted[key] += fresh
    for definition in definitions:
        days = by_day(counted[definition.key], "ab", [midnight.date() for midnight in midnights])
        for place, midnight in enumerate(midnights):
            expected = by_hand(exposures, events, definition, midnight + timedelta(days=1))
            is_last = place == len(midnights) - 1
            for name, values in {} if is_last else expected.items():
                reached = getattr(days, name)[place].tolist()
                assert reached == pytest.approx(values, rel=1e-12, abs=1e-9), (definition.key, midnight, name)


def test_customers_count_once_and_those_who_met_two_variants_are_told():
    at = START + timedelta(days=1)
    exposures = [
        {"experiment": "e", "customer": 1, "variant": "b", "exposed_at": at},
        {"experiment": "e", "customer": 1, "variant": "a", "exposed_at": at + timedelta(hours=1)},
        {"experiment": "e", "customer": 2, "variant": "a", "exposed_at": at},
        {"experiment": "e", "customer": 2, "variant": "a", "exposed_at": at + timedelta(hours=1)},
        {"experiment": "e", "customer": 3, "variant": "a", "exposed_at": END},
    ]
    store = Store(exposures, [])
    first = store.first(AS_OF)
    rows = told(store.con.to_pyarrow(customers_by_variant(first)).to_pylist(), "ab")
    assert {(row["variant"], row["customers"], row["contaminated"]) for row in rows} == {("a", 1, 0), ("b", 1, 1)}


def test_one_who_turned_out_to_be_another_counts_as_that_one_with_both_histories():
    at = START + timedelta(days=1)
    exposures = [
        {"experiment": "e", "customer": 1, "variant": "a", "exposed_at": at},
        {"experiment": "e", "customer": 2, "variant": "b", "exposed_at": at + timedelta(hours=1)},
    ]
    store = Store(exposures, [])
    merged = ibis.memtable(pa.table({"merged_customer": [1], "survivor": [2]}))
    everybody = resolved(store.exposures, merged)
    inside = exposures_inside(everybody, experiment="e", starts=START, ends=END)
    first = store.con.to_pyarrow(first_exposures(inside, "ab")).to_pylist()
    assert first == [{"customer": 2, "variant": 0, "exposed_us": microseconds(at), "is_contaminated": True}]


@pytest.mark.parametrize("from_s", [-1, 5 * DAY, 6 * DAY])
def test_a_window_that_opens_before_the_exposure_or_after_its_close_is_no_metric(from_s: int):
    with pytest.raises(ValueError, match="opens after the exposure and before it closes"):
        MetricDefinition("back", "proportion", "buy", window_s=5 * DAY, from_s=from_s)
