"""An experiment as it happens to people, awkward cases included, written to the files that others hand over."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np

START, END = datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 16, tzinfo=UTC)
AS_OF = datetime(2026, 4, 20, tzinfo=UTC)
DAY, MICROSECOND = timedelta(days=1), timedelta(microseconds=1)
SHARES = {"today": 0.4, "short": 0.3, "long": 0.3}
PLAN = """
[experiment]
key = "witnessed"
name = "Welcome series of two lengths"
control = "today"
shares = { today = 0.4, short = 0.3, long = 0.3 }
starts = 2026-03-02
ends = 2026-03-16
[[metrics]]
key = "revenue"
kind = "mean"
role = "primary"
event = "purchase"
window_days = 7
unit = "EUR"
cap = 60.0
covariate = { event = "purchase", days_before = 28 }
[[metrics]]
key = "retained_1"
kind = "retention"
event = "session"
day = 1
[[metrics]]
key = "retained_7"
kind = "retention"
event = "session"
day = 7
[[metrics]]
key = "spend"
kind = "mean"
event = "purchase"
window_days = 14
unit = "EUR"
winsorise = 0.98
[[metrics]]
key = "bought_twice"
kind = "proportion"
event = "purchase"
threshold = 2
window_days = 7
[[metrics]]
key = "order_value"
kind = "ratio"
numerator = { event = "purchase", value = true }
denominator = { event = "purchase", value = false }
window_days = 14
[[metrics]]
key = "complained"
kind = "proportion"
role = "guardrail"
event = "complaint"
window_days = 7
direction = "down"
margin = 0.5
"""
METRICS = {"revenue", "retained_1", "retained_7", "spend", "bought_twice", "order_value", "complained"}


class Exposure(NamedTuple):
    customer: str
    variant: str
    at: datetime


class Event(NamedTuple):
    customer: str
    name: str
    at: datetime
    value: float | None


class World:
    """Everything that happened; `same_person` maps an id to the id of the customer it turned out to be."""

    def __init__(self, *, customers: int = 900, seed: int = 11) -> None:
        self.rng = np.random.default_rng(seed)
        self.exposures: list[Exposure] = []
        self.events: list[Event] = []
        self.same_person: dict[str, str] = {}
        for number in range(customers):
            self._live(f"c{number}", number)

    def _live(self, name: str, number: int) -> None:
        rng = self.rng
        variant = str(rng.choice(list(SHARES), p=list(SHARES.values())))
        at = START + timedelta(microseconds=int(rng.integers(-DAY // MICROSECOND, 15 * DAY // MICROSECOND)))
        at = {0: START, 1: END - MICROSECOND, 2: END, 3: START - MICROSECOND}.get(number, at)
        self.exposures.append(Exposure(name, variant, at))
        if number % 7 == 0:  # met again, in the same variant
            self.exposures.append(Exposure(name, variant, at + 2 * DAY))
        if number % 50 == 5:  # met another variant later, or earlier but outside of the experiment
            other = next(one for one in SHARES if one != variant)
            self.exposures.append(Exposure(name, other, at + DAY))
            self.exposures.append(Exposure(name, other, START - 3 * DAY))
        self._events(name, at, number, better=variant != "today")

    def _events(self, name: str, at: datetime, number: int, *, better: bool) -> None:
        rng = self.rng
        edges = (timedelta(0), DAY, 2 * DAY, 7 * DAY, 8 * DAY, 14 * DAY)
        if number % 5 == 0:  # on the edges of the windows, and just before them
            edge = edges[number // 5 % len(edges)]
            for moment in (at + edge, at + edge - MICROSECOND):
                self.events.append(Event(name, "session", moment, None))
                self.events.append(Event(name, "purchase", moment, 7.25))
        for day in (1, 7):
            if rng.random() < 0.3 + 0.1 * better:
                self._add(name, "session", at + day * DAY, DAY)
        for _ in range(rng.poisson(4)):
            self._add(name, "purchase", at - 40 * DAY, 60 * DAY, value=round(float(rng.exponential(18)), 2))
        if rng.random() < 0.1:  # a refund
            self._add(name, "purchase", at, 10 * DAY, value=-round(float(rng.exponential(30)), 2))
        if rng.random() < 0.08:
            self._add(name, "complaint", at, 12 * DAY)

    def _add(self, name: str, event: str, begins: datetime, span: timedelta, *, value: float | None = None) -> None:
        at = begins + timedelta(microseconds=int(self.rng.integers(0, span // MICROSECOND)))
        self.events.append(Event(name, event, at, value))

    def write(self, folder: Path) -> dict[str, Path]:
        """The three files of contracts §3 and §4."""
        paths = {name: folder / f"{name}" for name in ("plan.toml", "exposures.csv", "events.csv")}
        paths["plan.toml"].write_text(PLAN)
        paths["exposures.csv"].write_text(exposures_csv(self.exposures))
        paths["events.csv"].write_text(events_csv(self.events))
        return paths

    def by_person(self) -> tuple[dict[str, list[Exposure]], dict[tuple[str, str], list[Event]]]:
        """Exposures by person and events by person and name, of people as they are known in the end."""
        exposures: dict[str, list[Exposure]] = defaultdict(list)
        events: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for exposure in self.exposures:
            exposures[self.same_person.get(exposure.customer, exposure.customer)].append(exposure)
        for event in self.events:
            events[self.same_person.get(event.customer, event.customer), event.name].append(event)
        return exposures, events


def exposures_csv(rows: Iterable[Exposure]) -> str:
    lines = [f"witnessed,{row.customer},{row.variant},{row.at.isoformat()}\n" for row in rows]
    return "experiment,customer_id,variant,exposed_at\n" + "".join(lines)


def events_csv(rows: Iterable[Event]) -> str:
    lines = [
        f"{row.customer},{row.name},{row.at.isoformat()},{'' if row.value is None else row.value},"
        f"{'' if row.value is None else 'EUR'}\n"
        for row in rows
    ]
    return "customer_id,event,occurred_at,value,currency\n" + "".join(lines)
