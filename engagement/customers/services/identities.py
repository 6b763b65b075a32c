"""Who is who: names resolved to customers, and two customers who turn out to be one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from engagement.core.clock import now
from engagement.customers.models import Customer, Identity, IdentityKind, Merge
from engagement.customers.services import customers

CHUNK = 900  # SQLite takes 999 parameters in a statement where it was built with its old default


@dataclass(frozen=True, slots=True)
class Names:
    """By what one sender names one person: a customer id, an anonymous id, or both."""

    customer_id: str | None
    anonymous_id: str | None


def resolve(named: Sequence[Names], *, aliases: Sequence[tuple[str, str]] = ()) -> list[int]:
    """The customer of each, unknown ones created, in a number of queries that does not grow with the rows.

    Whoever is named by both ids at once: the anonymous customer turns out to be the known one. An anonymous id that
    belongs to another known customer already is a shared device; nobody is merged, the customer id decides.
    `aliases`: pairs (previous id, customer id) that are one person; the same holds for a previous id that is anonymous.
    """
    known = _known({name.customer_id for name in named if name.customer_id} | {new for _, new in aliases})
    for previous, customer_id in dict.fromkeys(aliases):
        if (one := _previous(previous)) is not None:
            merge(merged=one, into=known[customer_id], cause="alias")
    if aliases:
        known = _known(known)
    anonymous = _anonymous(named, known)
    met = dict.fromkeys((n.anonymous_id, n.customer_id) for n in named if n.anonymous_id and n.customer_id)
    nameless = _nameless(set(anonymous.values()))
    merged = False
    for anonymous_id, customer_id in met:
        one, other = anonymous[anonymous_id or ""], known[customer_id or ""]
        if one != other and one in nameless:
            merge(merged=one, into=other, cause="identify")
            nameless.discard(one)
            merged = True
    if merged:
        known, anonymous = _known(known), _identities(IdentityKind.ANONYMOUS, anonymous)
    return [known[n.customer_id] if n.customer_id else anonymous[n.anonymous_id or ""] for n in named]


@transaction.atomic
def merge(*, merged: int, into: int, cause: str) -> None:
    """Makes `merged` a pointer to `into`, with all that was known of them; safe to repeat.

    What both say, the survivor's word holds. Everybody who pointed to `merged` points to the survivor now, so that no
    pointer ever leads to a pointer.
    """
    rows = {row.pk: row for row in Customer.objects.select_for_update().filter(pk__in=[merged, into]).order_by("pk")}
    gone, stays = rows[merged], rows[into]
    if stays.merged_into_id is not None:
        return merge(merged=merged, into=stays.merged_into_id, cause=cause)
    if gone.pk == stays.pk or gone.merged_into_id == stays.pk:
        return None
    if gone.merged_into_id is not None:
        return merge(merged=gone.merged_into_id, into=into, cause=cause)
    Identity.objects.filter(customer=gone).update(customer=stays)
    Customer.objects.filter(merged_into=gone).update(merged_into=stays)
    stays.traits = {**gone.traits, **stays.traits}
    for column in ("email", "time_zone", "locale"):
        setattr(stays, column, getattr(stays, column) or getattr(gone, column))
    stays.first_seen = min((moment for moment in (stays.first_seen, gone.first_seen) if moment), default=None)
    stays.save()
    # The personal data live on in the survivor alone.
    gone.merged_into, gone.traits, gone.email, gone.time_zone, gone.locale = stays, {}, "", "", ""
    gone.save()
    Merge.objects.create(merged=gone, into=stays, at=now(), cause=cause)
    return None


def _known(customer_ids: Iterable[str]) -> dict[str, int]:
    ids = list(customer_ids)
    return dict(zip(ids, customers.ensure(ids), strict=True))


def _previous(text: str) -> int | None:
    """Whom an alias call means by a previous id: an anonymous id if it is one, else a customer id.

    None for an anonymous id that belongs to a known customer already.
    """
    owner = _identities(IdentityKind.ANONYMOUS, [text]).get(text)
    if owner is None:
        return customers.ensure([text])[0]
    return owner if owner in _nameless({owner}) else None


def _anonymous(named: Sequence[Names], known: Mapping[str, int]) -> dict[str, int]:
    """Per anonymous id its customer. A new one that comes with a customer id is that customer's from the start."""
    first: dict[str, str | None] = {}
    for name in named:
        if name.anonymous_id and not first.get(name.anonymous_id):
            first[name.anonymous_id] = name.customer_id
    found = _identities(IdentityKind.ANONYMOUS, first)
    missing = [value for value in first if value not in found]
    nameless = [value for value in missing if not first[value]]
    made = Customer.objects.bulk_create([Customer() for _ in nameless], batch_size=500)
    owners = {value: row.pk for value, row in zip(nameless, made, strict=True)}
    owners |= {value: known[customer_id] for value in missing if (customer_id := first[value])}
    rows = [Identity(kind=IdentityKind.ANONYMOUS, value=value, customer_id=owners[value]) for value in missing]
    # Another flush may have named them at this moment: then its rows serve, and our empty customers go again.
    Identity.objects.bulk_create(rows, batch_size=200, ignore_conflicts=True)
    if missing:
        found |= _identities(IdentityKind.ANONYMOUS, missing)
        unused = {row.pk for row in made} - set(found.values())
        Customer.objects.filter(pk__in=unused).delete()
    return found


def _identities(kind: str, values: Iterable[str]) -> dict[str, int]:
    every, found = list(values), dict[str, int]()
    for start in range(0, len(every), CHUNK):
        rows = Identity.objects.filter(kind=kind, value__in=every[start : start + CHUNK])
        found.update(rows.values_list("value", "customer"))
    return found


def _nameless(ids: set[int]) -> set[int]:
    """Of these customers those who have no customer id, nor ever had one: nobody was merged into them."""
    every, found = sorted(ids), set[int]()
    for start in range(0, len(every), CHUNK):
        rows = Customer.objects.filter(pk__in=every[start : start + CHUNK], external_id=None)
        found.update(rows.exclude(merged__external_id__isnull=False).values_list("pk", flat=True))
    return found
