"""The standard metrics on generated events, each against a plain sum by its own words."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest

from engagement.warehouse.engines import epoch_us
from engagement.warehouse.tables import EVENTS
from experiments.metrics.clock import microseconds
from experiments.metrics.compile import per_customer
from experiments.metrics.definition import Measure, MetricDefinition
from experiments.metrics.library import LIBRARY, is_mechanics
from experiments.metrics.spans import Span

AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
AS_OF = AT + timedelta(days=60)
DAY = timedelta(days=1)
CUSTOMERS = range(120)
BY_KEY = {standard.definition.key: standard.definition for standard in LIBRARY}
EDGES = [-2, 0, 1, 1.999, 2, 7, 7.5, 8, 13.99, 14, 27, 28, 29.9, 30, 31]
Event = tuple[datetime, float | None]


@pytest.fixture(scope="module")
def events() -> dict[tuple[int, str], list[Event]]:
    rng = random.Random(11)  # noqa: S311  rows for a test, no secret
    names = sorted({name for definition in BY_KEY.values() for name in definition.events})
    found: dict[tuple[int, str], list[Event]] = {}
    for customer in CUSTOMERS:
        for name in names:
            count = rng.choice([0, 0, 1, 2, 4])
            times = [
                AT + rng.choice([-2, 0, 1, 1.999, 2, 7, 7.5, 8, 13.99, 14, 27, 28, 29.9, 30, 31]) * DAY
                for _ in range(count)
            ]
            if name.startswith("email") and rng.random() < 0.4:  # a machine opens all at once
                second = AT + 3 * DAY
                times += [second + timedelta(milliseconds=m) for m in rng.sample(range(1000), rng.choice([2, 3, 5]))]
            found[customer, name] = [(at, float(rng.randint(0, 10))) for at in times]
    return found


def outcome(definition: MetricDefinition, events) -> dict[int, tuple[float, ...]]:
    """What the engine adds up per customer: outcome, and denominator of a ratio."""
    rows = [
        {"customer": c, "event": name, "occurred_at": at, "received_at": at, "message_id": "x", "value": value,
         "currency": None, "properties": None}
        for (c, name), found in events.items() for at, value in found
    ]  # fmt: skip
    table = ibis.memtable(pa.Table.from_pylist(rows, EVENTS))
    known = table.mutate(occurred_us=epoch_us(table.occurred_at))
    first = ibis.memtable(
        pa.table(
            {
                "customer": list(CUSTOMERS),
                "variant": [0] * len(CUSTOMERS),
                "exposed_us": [microseconds(AT)] * len(CUSTOMERS),
            }
        )
    )
    made = per_customer(first, known, [definition], spans={definition.key: Span(AS_OF)})
    columns = [name for name in ("u_0", "x_0") if name in made.columns]
    return {row["customer"]: tuple(float(row[c]) for c in columns) for row in made.to_pyarrow().to_pylist()}


def inside(events, customer: int, name: str, begins: float, ends: float) -> list[float | None]:
    return [value for at, value in events[customer, name] if begins * DAY <= at - AT < ends * DAY]


def alone(events, customer: int, name: str, ends: float) -> int:
    """Events of a person: no three of them in one second."""
    times = [at for at, _value in events[customer, name]]
    kept = [at for at in times if sum(at.replace(microsecond=0) == other.replace(microsecond=0) for other in times) < 3]
    return sum(timedelta(0) <= at - AT < ends * DAY for at in kept)


def share(name: str, begins: float, ends: float, least: int = 1) -> Callable[..., tuple[float, ...]]:
    return lambda events, c: (float(len(inside(events, c, name, begins, ends)) >= least),)


WORDS: dict[str, Callable[..., tuple[float, ...]]] = {
    "retained_1": share("session", 1, 2),
    "retained_7": share("session", 7, 8),
    "retained_7_to_14": share("session", 7, 14),
    "retained_7_rolling": share("session", 7, 30),
    "retained_30": share("session", 30, 31),
    "converted_14": share("order", 0, 14),
    "repeat_purchase_28": share("order", 0, 28, least=2),
    "visits_14": lambda events, c: (float(len(inside(events, c, "session", 0, 14))),),
    "orders_28": lambda events, c: (float(len(inside(events, c, "order", 0, 28))),),
    "session_time_14": lambda events, c: (sum(inside(events, c, "session_end", 0, 14)),),
    "revenue_28": lambda events, c: (sum(inside(events, c, "order", 0, 28)),),
    "nps": lambda events, c: (
        sum(100.0 if v >= 9 else -100.0 if v <= 6 else 0.0 for v in inside(events, c, "nps_answered", 0, 28)),
        float(len(inside(events, c, "nps_answered", 0, 28))),
    ),
    "csat": lambda events, c: (
        float(sum(4 <= v <= 5 for v in inside(events, c, "csat_answered", 0, 28))),
        float(len(inside(events, c, "csat_answered", 0, 28))),
    ),
    "opened_14": lambda events, c: (float(alone(events, c, "email opened", 14) >= 1),),
    "clicked_14": lambda events, c: (float(alone(events, c, "email link clicked", 14) >= 1),),
    "nps_answered_28": share("nps_answered", 0, 28),
    "csat_answered_28": share("csat_answered", 0, 28),
    "unsubscribed_14": share("unsubscribe", 0, 14),
    "complained_14": share("complaint", 0, 14),
    "bounced_14": share("bounce", 0, 14),
}


@pytest.mark.parametrize("key", [key for key in BY_KEY if key != "revenue_to_date"])
def test_a_standard_metric_counts_what_its_words_say(events, key):
    found = outcome(BY_KEY[key], events)

    expected = {customer: WORDS[key](events, customer) for customer in CUSTOMERS}
    assert found.keys() == expected.keys()
    assert [found[c] for c in CUSTOMERS] == [pytest.approx(expected[c]) for c in CUSTOMERS]
    assert len(set(expected.values())) > 1


def test_opens_and_clicks_are_mechanics_by_whatever_name_and_business_events_are_not():
    for name in ("Email Opened", "email_opened", "push-opened", "CLICK", "Email Link Clicked"):
        assert is_mechanics(MetricDefinition("x", "proportion", name, window_s=1)), name
    for name in ("account opened", "order", "opening_hours_viewed"):
        assert not is_mechanics(MetricDefinition("x", "proportion", name, window_s=1)), name


def test_a_definition_survives_its_json():
    for standard in LIBRARY:
        assert MetricDefinition.from_json(standard.definition.as_json()) == standard.definition


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": "proportion", "counted": True}, "only a mean or a quantile is counted"),
        ({"kind": "mean", "without_bursts": True, "window_s": None}, "bands and bursts need a window"),
        ({"kind": "ratio", "numerator": Measure("e", bands=((1, 2, 3),)), "denominator": Measure("e"),
          "window_s": None}, "bands and bursts need a window"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(changes: dict[str, Any], sentence: str):
    with pytest.raises(ValueError, match=sentence):
        MetricDefinition(**{"key": "x", "event": "e", "window_s": 86_400, **changes})
