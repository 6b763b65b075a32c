"""Keeping the store in shape: few large files, and none that nobody needs."""

from engagement.warehouse import store
from engagement.warehouse.tables import SCHEMAS


def compact() -> tuple[int, int]:
    """(how many fewer files there are now, how many old ones were deleted); the worker's daily task."""
    fewer = sum(store.compact(name) for name in SCHEMAS)
    return fewer, sum(store.vacuum(name) for name in SCHEMAS)
