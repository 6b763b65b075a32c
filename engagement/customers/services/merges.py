"""Two customers who turn out to be one: their names, their traits and every pointer go to the one who stays."""

from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction
from django.db.models import OuterRef, Subquery

from engagement.core.clock import now
from engagement.customers.models import Consent, Customer, Identity, Merge, Suppression
from engagement.customers.services.permissions import settle

CHUNK = 900  # SQLite takes 999 parameters in a statement where it was built with its old default
PERSONAL = ("email", "time_zone", "locale")


@transaction.atomic
def merge(pairs: Sequence[tuple[int, int]], *, cause: str) -> None:
    """Makes the first of each pair a pointer to the second, with all that was known of them; safe to repeat.

    One after the other as they come: a pair may go on where an earlier one ended. What both say, the survivor's word
    holds. No pointer ever leads to a pointer. The number of queries does not grow with the pairs but by their chunks.
    """
    rows = _locked({pk for pair in pairs for pk in pair})
    log = []
    for merged, into in pairs:
        gone, stays = _survivor(rows, merged), _survivor(rows, into)
        if gone.pk != stays.pk:
            _absorb(gone, stays)
            log.append(Merge(merged=gone, into=stays, at=now(), cause=cause))
    if not log:
        return
    for row in rows.values():
        if row.merged_into_id is not None:
            row.merged_into_id = _survivor(rows, row.merged_into_id).pk
    Customer.objects.bulk_update(
        rows.values(), ["merged_into", *PERSONAL, "first_seen", "traits", "told_at"], batch_size=100
    )
    for gone_ids in _chunks([line.merged_id for line in log]):
        _repoint(gone_ids)
    Merge.objects.bulk_create(log, batch_size=200)


def _locked(ids: Iterable[int]) -> dict[int, Customer]:
    """These customers and whom they point to, by number: two merges of the same ones wait for each other."""
    rows: dict[int, Customer] = {}
    wanted = set(ids)
    while wanted:
        for chunk in _chunks(sorted(wanted)):
            found = Customer.objects.select_for_update().filter(pk__in=chunk).order_by("pk")
            rows.update((row.pk, row) for row in found)
        wanted = {row.merged_into_id for row in rows.values() if row.merged_into_id is not None} - rows.keys()
    return rows


def _survivor(rows: dict[int, Customer], pk: int) -> Customer:
    row = rows[pk]
    while row.merged_into_id is not None:
        row = rows[row.merged_into_id]
    return row


def _absorb(gone: Customer, stays: Customer) -> None:
    stays.traits = {**gone.traits, **stays.traits}
    stays.told_at = {**gone.told_at, **stays.told_at}
    for column in PERSONAL:
        setattr(stays, column, getattr(stays, column) or getattr(gone, column))
    stays.first_seen = min((moment for moment in (stays.first_seen, gone.first_seen) if moment), default=None)
    # The personal data live on in the survivor alone.
    gone.merged_into, gone.traits, gone.told_at = stays, {}, {}
    gone.email = gone.time_zone = gone.locale = ""


def _repoint(gone: Sequence[int]) -> None:
    """Names and pointers that led to these customers lead to whom they point to now."""
    survivor = Customer.objects.filter(pk=OuterRef("customer")).values("merged_into")
    Identity.objects.filter(customer__in=gone).update(customer=Subquery(survivor))
    _hand_over_peace(gone)
    spoken = Consent.objects.filter(customer__in=gone)
    heirs = {pk for pk in spoken.values_list("customer__merged_into", flat=True) if pk is not None}
    spoken.update(customer=Subquery(survivor))
    settle(sorted(heirs))
    further = Customer.objects.filter(pk=OuterRef("merged_into")).values("merged_into")
    Customer.objects.filter(merged_into__in=gone).update(merged_into=Subquery(further))


def _hand_over_peace(gone: Sequence[int]) -> None:
    """Whoever was left in peace stays so as whom they turned out to be; said of both, it is said once."""
    held = Suppression.objects.filter(customer__in=gone).select_related("customer")
    rows = list(held)
    for row in rows:
        row.pk, row.customer_id = None, row.customer.merged_into_id or row.customer_id
    Suppression.objects.bulk_create(rows, batch_size=200, ignore_conflicts=True)
    held.delete()


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK))
