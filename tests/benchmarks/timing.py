"""How long a call takes."""

import statistics
import time
from collections.abc import Callable


def median_seconds(call: Callable[[], object], *, repeats: int) -> float:
    """Median processor time over `repeats` calls, after one that warms up.

    All that is measured here computes in this one process, so on a quiet machine processor time is what a clock on
    the wall shows; on a busy one it leaves out the turns of other programs.
    """
    call()
    return statistics.median(_seconds(call) for _ in range(repeats))


def best(call: Callable[[], object], *, repeats: int = 3) -> float:
    """The least of some times on the wall: for an engine that works on all cores."""
    return min(seconds(call) for _ in range(repeats))


def seconds(call: Callable[[], object]) -> float:
    """One time on the wall."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start
