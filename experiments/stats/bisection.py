"""Roots of many monotone functions at once."""

from collections.abc import Callable

import numpy as np

from experiments.stats.validation import BoolArray, FloatArray

STEPS = 60


def boundary(
    holds: Callable[[FloatArray], BoolArray], inside: FloatArray, outside: FloatArray, *, steps: int = STEPS
) -> FloatArray:
    """Where a claim stops to hold on the way from `inside` to `outside`, cell by cell.

    `holds` is true near `inside` and false beyond one point; if it holds all the way, the answer is `outside`.
    Sixty halvings leave an error of 1e-18 of the distance.
    """
    inside, outside = (np.array(side) for side in np.broadcast_arrays(inside, outside))
    for _ in range(steps):
        middle = (inside + outside) / 2.0
        still_holds = holds(middle)
        inside, outside = np.where(still_holds, middle, inside), np.where(still_holds, outside, middle)
    return (inside + outside) / 2.0
