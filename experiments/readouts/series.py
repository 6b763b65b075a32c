"""A metric day by day: where its effect stood at the end of each day, with limits that hold at every look."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from experiments.metrics.definition import MetricDefinition
from experiments.metrics.summarise import Array, DayCell, by_day
from experiments.readouts.bandit import BanditData, Batches
from experiments.readouts.metric_data import metric_data
from experiments.readouts.rule import Plan, planned_for


def daily(
    definition: MetricDefinition,
    cells: Iterable[DayCell],
    *,
    shares: Mapping[str, float],
    plan: Plan,
    days: Sequence[date],
) -> dict[str, Any]:
    """`days`, customers per variant and, per treatment, the absolute effect with its confidence sequence.

    One entry a day, as of its end; null where a status rules the number out. Days before anybody counted are left out.
    `shares`: planned, control first.
    """
    variants = list(shares)
    sums = by_day(cells, variants, days)
    begun = np.flatnonzero(sums.n.any(axis=-1))
    first = int(begun[0]) if len(begun) else len(days)
    data = metric_data(definition, type(sums)(*(getattr(sums, name)[first:] for name in sums.__slots__)))
    told: dict[str, Any] = {"days": [day.isoformat() for day in days[first:]], "n": {}, "comparisons": {}}
    if not told["days"]:
        return told
    told["n"] = {variant: data.n[:, place].astype(int).tolist() for place, variant in enumerate(variants)}
    sequence = data.sequence([planned_for(plan, shares, variant) for variant in variants[1:]])
    e_value = np.full(sequence.low.shape, np.nan) if sequence.e_value is None else sequence.e_value
    numbers = {"estimate": sequence.estimate, "low": sequence.low, "high": sequence.high, "e_value": e_value}
    for place, variant in enumerate(variants[1:]):
        told["comparisons"][variant] = {name: _known(values[:, place]) for name, values in numbers.items()}
    return told


def batch_by_batch(
    data: BanditData, batches: Batches, *, variants: Sequence[str], days: Sequence[date]
) -> dict[str, Any]:
    """The same of a bandit: at the end of each day what its batches that were ripe by then say, none before the first.

    A batch is ripe as a whole, so the numbers stand still between two.
    """
    ends = [datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) for day in days]
    ripe = [min(len(batches.ripe(data.definition, end)), data.by_batch.n.shape[-2]) for end in ends]
    shown = [(day, count - 1) for day, count in zip(days, ripe, strict=True) if count]
    told: dict[str, Any] = {"days": [day.isoformat() for day, _last in shown], "n": {}, "comparisons": {}}
    if not shown:
        return told
    last = [place for _day, place in shown]
    n = np.cumsum(data.by_batch.n, axis=-2)[last]
    told["n"] = {variant: n[:, place].astype(int).tolist() for place, variant in enumerate(variants)}
    looks = data.looks()[last]
    e_value = np.full(looks.low.shape, np.nan) if looks.e_value is None else looks.e_value
    numbers = {"estimate": looks.estimate, "low": looks.low, "high": looks.high, "e_value": e_value}
    for place, variant in enumerate(variants[1:]):
        told["comparisons"][variant] = {name: _known(values[:, place]) for name, values in numbers.items()}
    return told


def _known(values: Array) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
