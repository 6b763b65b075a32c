"""One grouped query against the same sums by plain Python, on rows full of edges."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import ibis
import pyarrow as pa
import pytest

from engagement.warehouse.tables import EVENTS, EXPOSURES
from experiments.metrics.compile import first_exposures, grouped_moments
from experiments.metrics.definition import Covariate, MetricDefinition
from experiments.metrics.summarise import summarise

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 8, tzinfo=UTC)
DAY = 86_400
AS_OF = datetime(2026, 3, 12, tzinfo=UTC)
DEFINITIONS = [
    MetricDefinition("revenue", "mean", "buy", window_s=5 * DAY, cap=40.0, covariate=Covariate("buy", days_before=7)),
    MetricDefinition("bought", "proportion", "buy", window_s=5 * DAY),
    MetricDefinition("twice", "proportion", "buy", window_s=5 * DAY, threshold=2),
    MetricDefinition("so_far", "mean", "buy"),
    MetricDefinition("came_back", "proportion", "buy", window_s=5 * DAY, from_s=2 * DAY),
]


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


def by_query(exposures: list[dict], events: list[dict]):
    blank = {"received_at": AS_OF, "message_id": "m", "currency": None, "properties": None}
    con = ibis.duckdb.connect()
    con.raw_sql("SET TimeZone = 'UTC'")
    events = pa.Table.from_pylist([{**event, **blank} for event in events], schema=EVENTS)
    exposures = pa.Table.from_pylist([{**e, "propensity": None, "batch": None} for e in exposures], schema=EXPOSURES)
    first = first_exposures(ibis.memtable(exposures), experiment="e", starts=START, ends=END)
    as_of = dict.fromkeys((definition.key for definition in DEFINITIONS), AS_OF)
    found = con.to_pyarrow(grouped_moments(first, ibis.memtable(events), DEFINITIONS, as_of=as_of)).to_pylist()
    return summarise(found, variants=["a", "b"], definitions=DEFINITIONS)


def by_hand(exposures: list[dict], events: list[dict], definition: MetricDefinition) -> dict[str, list[float]]:
    mine = sorted((e for e in exposures if e["experiment"] == "e" and START <= e["exposed_at"] < END), key=_when)
    first = {}
    for exposure in mine:
        first.setdefault(exposure["customer"], exposure)
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for customer, exposure in first.items():
        at, place = exposure["exposed_at"], "ab".index(exposure["variant"])
        end = at + timedelta(seconds=definition.window_s) if definition.window_s else AS_OF
        if (end if definition.window_s else at) > AS_OF:
            continue
        buys = [e for e in events if e["customer"] == customer and e["event"] == "buy"]
        opens = at + timedelta(seconds=definition.from_s)
        inside = [e["value"] or 0.0 for e in buys if opens <= e["occurred_at"] < end]
        day = at.replace(hour=0, minute=0, second=0, microsecond=0)
        before = sum(e["value"] or 0.0 for e in buys if day - timedelta(days=7) <= e["occurred_at"] < day)
        raw = sum(inside) if definition.kind == "mean" else float(len(inside) >= definition.threshold)
        y = raw if definition.cap is None else min(raw, definition.cap)
        x = before if definition.covariate else 0.0
        for name, value in {
            "n": 1,
            "y1": y,
            "y2": y * y,
            "y3": y**3,
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
    found = by_query(exposures, events).metrics[definition.key]
    expected = by_hand(exposures, events, definition)
    assert sum(expected["n"]) > 100
    for name, values in expected.items():
        assert getattr(found, name).tolist() == pytest.approx(values, rel=1e-12), name


def test_customers_count_once_and_those_who_met_two_variants_are_told():
    at = START + timedelta(days=1)
    exposures = [
        {"experiment": "e", "customer": 1, "variant": "b", "exposed_at": at},
        {"experiment": "e", "customer": 1, "variant": "a", "exposed_at": at + timedelta(hours=1)},
        {"experiment": "e", "customer": 2, "variant": "a", "exposed_at": at},
        {"experiment": "e", "customer": 2, "variant": "a", "exposed_at": at + timedelta(hours=1)},
        {"experiment": "e", "customer": 3, "variant": "a", "exposed_at": END},
    ]
    found = by_query(exposures, [])
    assert found.customers.tolist() == [1, 1]
    assert found.contaminated.tolist() == [0, 1]


@pytest.mark.parametrize("from_s", [-1, 5 * DAY, 6 * DAY])
def test_a_window_that_opens_before_the_exposure_or_after_its_close_is_no_metric(from_s: int):
    with pytest.raises(ValueError, match="opens after the exposure and before it closes"):
        MetricDefinition("back", "proportion", "buy", window_s=5 * DAY, from_s=from_s)
