"""How many calls a key may make: a bucket per key in each web process, so that no call waits for a shared count."""

import math
from threading import Lock
from time import monotonic

from django.conf import settings

_lock = Lock()
_buckets: dict[int, tuple[float, float]] = {}  # key → (tokens, when)


def allowance(key: int) -> int:
    """0 if the call may be made now, else after how many seconds.

    The bucket holds a second's worth (`TRACK_CALLS_PER_S`) and fills steadily. Each web process has its own: with n
    workers a key gets up to n times as much.
    """
    rate = settings.TRACK_CALLS_PER_S
    with _lock:
        present = monotonic()
        tokens, since = _buckets.get(key, (rate, present))
        tokens = min(rate, tokens + (present - since) * rate)
        if tokens >= 1.0:
            _buckets[key] = (tokens - 1.0, present)
            return 0
        _buckets[key] = (tokens, present)
        return max(1, math.ceil((1.0 - tokens) / rate))
