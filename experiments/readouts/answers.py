"""Estimates as the readout writes them."""

import math
from typing import Any

from experiments import stats

Index = int | tuple[int, ...]


def answer(absolute: stats.Estimate, lift: stats.Estimate, index: Index) -> dict[str, Any]:
    """An effect on both scales, as every comparison tells it."""
    return {
        "method": str(absolute.method[index]),
        "p_value": number(absolute.p[index]),
        "absolute": {
            "estimate": number(absolute.estimate[index]),
            "se": number(absolute.se[index]),
            **limits(absolute, index),
        },
        "lift": {
            "method": str(lift.method[index]),
            "estimate": number(lift.estimate[index]),
            **limits(lift, index),
        },
    }


def limits(estimate: stats.Estimate, index: Index) -> dict[str, Any]:
    return {"low": number(estimate.low[index]), "high": number(estimate.high[index])}


def number(value: float) -> float | None:
    """JSON knows neither NaN nor infinity: what a status rules out is null."""
    return float(value) if math.isfinite(value) else None
