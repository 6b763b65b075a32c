"""Whoever was erased stays in peace when somebody brings them back under an old name."""

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping

from django.conf import settings

from engagement.customers.choices import SuppressionReason, SuppressionScope
from engagement.customers.models import Suppression, Tombstone

CHUNK = 900  # SQLite takes 999 parameters in a statement where it was built with its old default


def name_hash(name: str) -> str:
    """Keyed with the installation's secret: a list of hashed addresses would be guessed otherwise."""
    return hmac.new(settings.SECRET_KEY.encode(), name.casefold().encode(), hashlib.sha256).hexdigest()


def remember(names: Collection[str]) -> None:
    """Sets a tombstone for each name."""
    stones = [Tombstone(name_hash=name_hash(name)) for name in names]
    Tombstone.objects.bulk_create(stones, batch_size=200, ignore_conflicts=True)


def keep(customers: Mapping[str, int]) -> None:
    """Suppresses those customers whose name (id, address, device) has a tombstone; costs nothing before the first."""
    if not customers or not Tombstone.objects.exists():
        return
    by_hash = {name_hash(name): pk for name, pk in customers.items()}
    hashes = list(by_hash)
    for start in range(0, len(hashes), CHUNK):
        found = Tombstone.objects.filter(name_hash__in=hashes[start : start + CHUNK])
        leave(by_hash[one] for one in found.values_list("name_hash", flat=True))


def leave(customers: Iterable[int]) -> None:
    """Suppresses them everywhere, for good."""
    rows = [
        Suppression(customer_id=pk, scope=SuppressionScope.EVERYWHERE, reason=SuppressionReason.ERASED)
        for pk in customers
    ]
    Suppression.objects.bulk_create(rows, batch_size=200, ignore_conflicts=True)
