"""Who came back on which day after the exposure: a retention curve per variant, from two small grouped queries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ibis.expr.types import Table

from experiments.metrics.clock import DAY_US, microseconds
from experiments.metrics.definition import MetricDefinition

LONGEST = 91  # days 0 to 90


@dataclass(frozen=True, slots=True)
class Curve:
    """Per variant and day since exposure (the list's place): customers whose day has closed, and those who came back.

    Day d is [exposed_at + d · 24 h, exposed_at + (d + 1) · 24 h); it counts for whom it ended by the as-of.
    """

    metric: str
    closed: Mapping[str, Sequence[int]]
    retained: Mapping[str, Sequence[int]]

    def as_json(self) -> dict[str, Any]:
        return {"metric": self.metric, "closed": dict(self.closed), "retained": dict(self.retained)}


def closed_days(first: Table, *, as_of: datetime) -> Table:
    """Rows `variant, days, customers`: how many customers have so many closed days, `LONGEST` at most."""
    days = (microseconds(as_of) - first.exposed_us) // DAY_US
    closed = first.select("variant", days=(days > LONGEST).ifelse(LONGEST, days).cast("int64"))
    closed = closed.filter(closed.days > 0)
    return closed.group_by("variant", "days").aggregate(customers=closed.count())


def retained_days(
    first: Table, events: Table, definition: MetricDefinition, *, as_of: datetime, after: datetime | None = None
) -> Table:
    """Rows `variant, days, customers`: how many had the metric's event on that day since exposure; closed days only.

    after: only days that closed after it, which together with those before are all; only events of a day before it
    and later are read then.
    """
    measure = definition.measures[0]
    conditions = [events.event == measure.event, events.occurred_at < as_of]  # what is later is of no closed day
    if after is not None:
        conditions.append(events.occurred_at >= after - timedelta(days=1))
    conditions += [events.properties.get(name) == value for name, value in measure.filter]
    joined = first.select("customer", "variant", "exposed_us").inner_join(events.filter(*conditions), "customer")
    since = joined.occurred_us - joined.exposed_us
    aged = joined.select("customer", "variant", "exposed_us", since=since, days=(since // DAY_US).cast("int64"))
    closes = aged.exposed_us + (aged.days + 1) * DAY_US
    is_closed = closes <= microseconds(as_of)
    if after is not None:
        is_closed &= closes > microseconds(after)
    came = aged.filter(aged.since >= 0, aged.days < LONGEST, is_closed).select("customer", "variant", "days").distinct()
    return came.group_by("variant", "days").aggregate(customers=came.count())


def curve(
    definition: MetricDefinition,
    variants: Sequence[str],
    *,
    closed: Iterable[Mapping[str, Any]],
    retained: Iterable[Mapping[str, Any]],
    before: Mapping[str, Sequence[int]] | None = None,
) -> Curve:
    """The two queries' rows, their variants named, as counts per day; `before`: who had come back when last counted."""
    reached = {variant: [0] * LONGEST for variant in variants}
    for row in closed:
        for day in range(row["days"]):
            reached[row["variant"]][day] += row["customers"]
    came = {variant: _filled((before or {}).get(variant, ())) for variant in variants}
    for row in retained:
        came[row["variant"]][row["days"]] += row["customers"]
    last = max((day + 1 for counts in reached.values() for day, count in enumerate(counts) if count), default=0)
    return Curve(definition.key, *({v: counts[v][:last] for v in variants} for counts in (reached, came)))


def _filled(counts: Sequence[int]) -> list[int]:
    return [*counts, *[0] * (LONGEST - len(counts))]
