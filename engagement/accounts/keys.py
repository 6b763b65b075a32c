"""Which key a program shows: looked up once, then known to this process for some seconds."""

from dataclasses import dataclass
from time import monotonic

from engagement.accounts import queries
from engagement.accounts.models import ApiKey
from engagement.accounts.services.keys import key_hash

KNOWN_FOR_S = 5.0  # how long a revoked key may still be taken
MOST_KNOWN = 10_000  # guesses must not fill the memory


@dataclass(frozen=True, slots=True)
class KnownKey:
    pk: int
    is_publishable: bool
    origins: frozenset[str]
    scopes: frozenset[str]
    made_by: int | None


_known: dict[str, tuple[float, KnownKey | None]] = {}


def known_key(text: str) -> KnownKey | None:
    """The key with this text; None for one that never was or was revoked."""
    if not text or len(text) > 200:
        return None
    hashed = key_hash(text)
    moment, found = _known.get(hashed, (0.0, None))
    if monotonic() - moment < KNOWN_FOR_S:
        return found
    row = queries.api_key(hashed)
    found = _as_known(row) if row else None
    if len(_known) >= MOST_KNOWN:
        _known.clear()
    _known[hashed] = (monotonic(), found)
    return found


def _as_known(row: ApiKey) -> KnownKey:
    return KnownKey(row.pk, row.is_publishable, frozenset(row.origins), frozenset(row.scopes), row.made_by_id)


def origin_is_known(origin: str) -> bool:
    """Whether any publishable key in use names this origin."""
    return bool(origin) and any(origin in key.origins for key in queries.publishable_keys())


def forget() -> None:
    """Looks every key up anew; for tests, and whoever cannot wait."""
    _known.clear()
