"""What the grouped query returned, as arrays over variants: the only thing statistics ever see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.metrics.definition import MetricDefinition

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MetricSums:
    """Sums of one metric over the customers who count, one entry a variant, control first.

    y: the capped outcome, its square and cube; u: the uncapped one; c: how many were capped; x: the covariate, or a
    ratio's denominator (zeros where there is none).
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


@dataclass(frozen=True, slots=True)
class ExperimentSums:
    """Everything one analysis reads from the store, in the order of `variants`."""

    variants: tuple[str, ...]
    customers: Array
    contaminated: Array
    metrics: Mapping[str, MetricSums]


def summarise(
    rows: Sequence[Mapping[str, Any]], *, variants: Sequence[str], definitions: Sequence[MetricDefinition]
) -> ExperimentSums:
    """Adds the rows of `compile.grouped_moments` over exposure days. A variant nobody met has zeros.

    A variant in the rows that is not in `variants` raises `KeyError`: exposures are checked before they are stored.
    """
    place = {variant: index for index, variant in enumerate(variants)}

    def total(column: str) -> Array:
        added = np.zeros(len(variants))
        for row in rows:
            added[place[row["variant"]]] += row.get(column, 0.0)
        return added

    metrics = {
        definition.key: MetricSums(**{name: total(f"{name}_{number}") for name in MetricSums.__slots__})
        for number, definition in enumerate(definitions)
    }
    return ExperimentSums(tuple(variants), total("customers"), total("contaminated"), metrics)
