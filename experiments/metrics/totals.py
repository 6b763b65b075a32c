"""What is added up for one customer: a measure inside a window after the exposure, or before its day."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_

import ibis
from ibis.expr.types import BooleanValue, IntegerValue, NumericValue, Table

from experiments.metrics.clock import DAY_US, SECOND_US, microseconds
from experiments.metrics.definition import BURST, Measure, MetricDefinition


@dataclass(frozen=True, slots=True)
class Total:
    """One column per customer. Metrics that read the same events in the same window share it."""

    measure: Measure
    from_s: int = 0
    ends_s: int | None = None
    until: datetime | None = None  # the end of a running total
    days_before: int | None = None

    def holds(self, joined: Table) -> BooleanValue:
        """Whether an event, joined with its customer's first exposure, is inside."""
        measure = self.measure
        conditions = [joined.event == measure.event, *self._inside(joined.occurred_us, joined.exposed_us)]
        conditions += [joined.properties.get(name) == value for name, value in measure.filter]
        if measure.without_bursts:
            conditions.append(~joined.in_burst)
        return reduce(and_, conditions)

    def column(self, joined: Table) -> NumericValue:
        """The total of one customer; null or 0 where there was nothing to add up."""
        inside = self.holds(joined)
        if self.measure.value:
            return inside.ifelse(self._value(joined), ibis.null("float64")).sum()
        return inside.ifelse(ibis.literal(1, "int8"), ibis.null("int8")).count().cast("float64")

    def _value(self, joined: Table) -> NumericValue:
        if not self.measure.bands:
            return joined.value
        bands = [((joined.value >= low) & (joined.value <= high), points) for low, high, points in self.measure.bands]
        return ibis.cases(*bands, else_=ibis.null("float64"))

    def _inside(self, at: IntegerValue, exposed: IntegerValue) -> list[BooleanValue]:
        if self.days_before is not None:
            day = exposed - exposed % DAY_US
            return [at < day, at >= day - self.days_before * DAY_US]
        begun = at >= exposed + self.from_s * SECOND_US
        if self.ends_s is not None:
            return [begun, at < exposed + self.ends_s * SECOND_US]
        return [begun] if self.until is None else [begun, at < microseconds(self.until)]


def outcome_totals(definition: MetricDefinition, until: datetime | None) -> list[Total]:
    """The metric's measures in its window; in a running total's, that ends at `until`."""
    last = until if definition.window_s is None else None
    return [Total(measure, definition.from_s, definition.window_s, last) for measure in definition.measures]


def covariate_totals(definition: MetricDefinition) -> list[Total]:
    """What is added up from before the exposure, if anything is."""
    if definition.before is None or definition.covariate is None:
        return []
    return [Total(definition.before, days_before=definition.covariate.days_before)]


def relevant(events: Table, totals: Iterable[Total]) -> Table:
    """What these totals read of an event; its properties, and whether it is one of a burst, only where one asks."""
    totals = list(totals)
    columns = ["customer", "event", "occurred_us", "value"]
    if any(total.measure.filter for total in totals):
        columns.append("properties")
    if any(total.measure.without_bursts for total in totals):
        second = events.occurred_us // SECOND_US
        alike = ibis.window(group_by=[events.customer, events.event, second])
        events = events.mutate(in_burst=events.count().over(alike) >= BURST)
        columns.append("in_burst")
    return events.select(*columns)
