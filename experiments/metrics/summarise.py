"""What the queries returned, as arrays over variants: the only thing statistics ever see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from experiments.metrics.clock import day_of

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MetricSums:
    """Sums of one metric over the customers who count, shape (..., variant), control first.

    y: the capped outcome, its square and cube (of a ratio zeros); u: the uncapped one; c: how many were capped; x: the
    covariate, or a ratio's denominator (zeros where there is none).
    """

    n: Array
    y1: Array
    y2: Array
    y3: Array
    u1: Array
    c1: Array
    x1: Array
    x2: Array
    xy: Array


SUMS = tuple(MetricSums.__slots__)


@dataclass(frozen=True, slots=True)
class DayCell:
    """What entered a metric's sums on one day in one variant (and subgroup, one value a dimension)."""

    day: date
    variant: str
    groups: tuple[str, ...]
    sums: tuple[float, ...]  # in the order of SUMS

    def as_json(self) -> list[Any]:
        return [self.day.isoformat(), self.variant, list(self.groups), list(self.sums)]

    @classmethod
    def from_json(cls, parts: Sequence[Any]) -> Self:
        day, variant, groups, sums = parts
        return cls(date.fromisoformat(day), variant, tuple(groups), tuple(sums))


def told(rows: Iterable[Mapping[str, Any]], variants: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of a query with the names of their variants instead of numbers, and dates likewise.

    A variant that is not in `variants` raises `KeyError`: exposures are checked before they are stored.
    """
    names = dict(enumerate(sorted(variants)))
    named = [{**row, "variant": names[row["variant"]]} for row in rows]
    return [{**row, "day": day_of(row["day"])} if "day" in row else row for row in named]


def cells(rows: Iterable[Mapping[str, Any]], number: int, *, groups: Sequence[str] = ()) -> list[DayCell]:
    """Metric number `number` of rows that the queries of `compile.day_sums` gave, `told`; days nothing entered are left
    out."""
    found = []
    for row in rows:
        sums = tuple(float(row.get(f"{name}_{number}") or 0.0) for name in SUMS)
        if any(sums):
            found.append(DayCell(row["day"], row["variant"], tuple(str(row[group]) for group in groups), sums))
    return found


def total(found: Iterable[DayCell], variants: Sequence[str]) -> MetricSums:
    """The cells added over days and groups; a variant nobody met has zeros."""
    place = {variant: index for index, variant in enumerate(variants)}
    added = np.zeros((len(SUMS), len(variants)))
    for cell in found:
        added[:, place[cell.variant]] += cell.sums
    return MetricSums(*added)


def by_day(found: Iterable[DayCell], variants: Sequence[str], days: Sequence[date]) -> MetricSums:
    """The state at the end of each of `days` (in order): cells added up to it; arrays of shape (day, variant)."""
    place = {variant: index for index, variant in enumerate(variants)}
    when = {day: index for index, day in enumerate(days)}
    added = np.zeros((len(SUMS), len(days), len(variants)))
    for cell in found:
        if cell.day in when:
            added[:, when[cell.day], place[cell.variant]] += cell.sums
    return MetricSums(*np.cumsum(added, axis=1))


def by_group(found: Iterable[DayCell], variants: Sequence[str], dimension: int) -> tuple[list[str], MetricSums]:
    """The values of one dimension of subgroups in alphabetical order, and the cells added: arrays (value, variant)."""
    parts: dict[str, list[DayCell]] = {}
    for cell in found:
        parts.setdefault(cell.groups[dimension], []).append(cell)
    values = sorted(parts)
    return values, stacked([total(parts[value], variants) for value in values])


def by_batch(found: Iterable[DayCell], variants: Sequence[str], batches: Sequence[int]) -> MetricSums:
    """The cells of a bandit's `batches` added; arrays of shape (batch, variant). The batch is a cell's last group."""
    parts: dict[str, list[DayCell]] = {}
    for cell in found:
        parts.setdefault(cell.groups[-1], []).append(cell)
    return stacked([total(parts.get(str(batch), ()), variants) for batch in batches])


def stacked(parts: Sequence[MetricSums]) -> MetricSums:
    """Sums of the same shape along a new first axis."""
    return MetricSums(*(np.array([getattr(part, name) for part in parts]) for name in SUMS))


@dataclass(frozen=True, slots=True)
class Late:
    """What came after its day had been counted, and how many events there are in all to measure it by."""

    count: int
    events: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """Live events that repeat another under a message id of their own, and how many live events were looked at."""

    count: int
    events: int


@dataclass(frozen=True, slots=True)
class ExperimentSums:
    """Everything one analysis reads from the store, in the order of `variants`."""

    variants: tuple[str, ...]
    customers: Array
    contaminated: Array
    metrics: Mapping[str, MetricSums]


def per_variant(rows: Iterable[Mapping[str, Any]], variants: Sequence[str], column: str) -> Array:
    """A column of counts added up per variant."""
    place = {variant: index for index, variant in enumerate(variants)}
    added = np.zeros(len(variants))
    for row in rows:
        added[place[row["variant"]]] += row[column]
    return added
