"""How long a call takes."""

import statistics
import time
from collections.abc import Callable


def median_seconds(call: Callable[[], object], *, repeats: int) -> float:
    """Median over `repeats` calls, after one that warms up: what other work on the machine adds falls out of it."""
    call()
    return statistics.median(_seconds(call) for _ in range(repeats))


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start
