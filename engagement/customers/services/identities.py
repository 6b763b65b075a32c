"""Who is who: names resolved to customers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engagement.customers.models import Customer, Identity, IdentityKind
from engagement.customers.services import customers, peace
from engagement.customers.services.merges import merge

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
    if aliases:
        merge(_aliased(aliases, known), cause="alias")
        known = _known(known)
    anonymous = _anonymous(named, known)
    if told := _identified(named, known, anonymous):
        merge(told, cause="identify")
        known, anonymous = _known(known), _identities(IdentityKind.ANONYMOUS, anonymous)
    return [known[n.customer_id] if n.customer_id else anonymous[n.anonymous_id or ""] for n in named]


def _aliased(aliases: Sequence[tuple[str, str]], known: Mapping[str, int]) -> list[tuple[int, int]]:
    """Per alias the two customers who are one.

    A previous id is an anonymous id if there is such a one, else a customer id. An anonymous id stands for somebody
    nameless, and only until the first alias has named them.
    """
    owners = _identities(IdentityKind.ANONYMOUS, {previous for previous, _ in aliases})
    previous_known = _known({previous for previous, _ in aliases} - owners.keys())
    nameless = _nameless(set(owners.values()))
    pairs = []
    for previous, customer_id in dict.fromkeys(aliases):
        owner = owners.get(previous)
        if owner is None:
            pairs.append((previous_known[previous], known[customer_id]))
        elif owner in nameless:
            nameless.discard(owner)
            pairs.append((owner, known[customer_id]))
    return pairs


def _identified(
    named: Sequence[Names], known: Mapping[str, int], anonymous: Mapping[str, int]
) -> list[tuple[int, int]]:
    """The nameless who were named by both ids at once, each with the first customer that they turn out to be."""
    nameless = _nameless(set(anonymous.values()))
    pairs = dict[int, int]()
    for name in named:
        if name.anonymous_id and name.customer_id and (owner := anonymous[name.anonymous_id]) in nameless:
            pairs.setdefault(owner, known[name.customer_id])
    return list(pairs.items())


def _known(customer_ids: Iterable[str]) -> dict[str, int]:
    ids = list(customer_ids)
    return dict(zip(ids, customers.ensure(ids), strict=True))


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
        peace.keep({value: found[value] for value in missing})
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
