"""A metric day by day: where its effect stood at the end of each day, with limits that hold at every look."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from experiments.metrics.definition import MetricDefinition
from experiments.metrics.summarise import Array, DayCell, by_day
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


def _known(values: Array) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
