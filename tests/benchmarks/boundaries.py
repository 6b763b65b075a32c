"""Group-sequential boundaries of a plan with a look every day."""

from collections.abc import Iterator
from itertools import count

import numpy as np

from experiments.stats import group_sequential
from tests.benchmarks.lines import measured
from tests.benchmarks.timing import median_seconds

LOOKS = 100


def lines() -> Iterator[str]:
    """What the boundaries take when they are computed, and when they are remembered."""
    information = np.arange(1, LOOKS + 1) / LOOKS
    fresh = count()
    yield f"boundaries: {LOOKS} looks, O'Brien-Fleming-type spending"
    # Boundaries are remembered by alpha, so each call gets one of its own.
    seconds = median_seconds(lambda: group_sequential(information, alpha=0.05 - 1e-9 * next(fresh)), repeats=21)
    yield measured("experiments.stats: computed", 1e3 * seconds, "ms", at_most=50)
    seconds = median_seconds(lambda: group_sequential(information), repeats=21)
    yield measured("experiments.stats: asked for again", 1e3 * seconds, "ms")
