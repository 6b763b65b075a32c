"""Erasing a customer: the database at once, the store within eight days, and never written to again."""

import json
from collections.abc import Collection, Iterable

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.module_loading import import_string

from engagement.accounts.models import AuditEntry, Member
from engagement.accounts.services import audit
from engagement.core import uploads
from engagement.core.clock import now
from engagement.core.models import Job
from engagement.customers import rules
from engagement.customers.models import Consent, Customer, Erasure, Identity, InboxItem, Merge
from engagement.customers.payloads import Taken
from engagement.customers.services import peace
from engagement.warehouse import store

DECODE = msgspec.json.Decoder(Taken).decode
GONE = "erased"


def erase(*, customer: Customer, actor: Member | None) -> Erasure:
    """Deletes what tells who the customer is, in one transaction; safe to repeat.

    Kept: the row with its number, under which the store counts their events without a name, and hashes of their
    names, by which they stay suppressed should anybody bring them back. `strip` does the store's part.
    """
    rules.require_may_erase(actor)
    return _erase(customer.pk, actor)


@transaction.atomic
def _erase(pk: int, actor: Member | None) -> Erasure:
    row = Customer.objects.select_for_update().get(pk=pk)
    rows = list(Customer.objects.select_for_update().filter(Q(pk=row.merged_into_id or row.pk) | _merged(row)))
    ids, names = [one.pk for one in rows], _names(rows)
    peace.remember(names)
    survivor = next(one for one in rows if one.merged_into_id is None)
    Customer.objects.filter(pk__in=ids).update(
        external_id=None, email="", time_zone="", locale="", first_seen=None, traits={}, told_at={}
    )
    Identity.objects.filter(customer__in=ids).delete()
    Consent.objects.filter(customer__in=ids).delete()
    Merge.objects.filter(into__in=ids).delete()
    _forget_elsewhere(ids, names)
    peace.leave([survivor.pk])
    done, _is_new = Erasure.objects.get_or_create(customer=survivor, defaults={"erased_by": actor})
    Erasure.objects.filter(pk=done.pk).update(stripped_at=None)
    audit.record(actor=actor, verb="erased", target=survivor)
    return done


def _merged(row: Customer) -> Q:
    return Q(merged_into=row.merged_into_id or row.pk)


def _names(rows: Iterable[Customer]) -> set[str]:
    """Every name by which somebody could be found again."""
    listed = list(rows)
    found = {name for one in listed for name in (one.external_id, one.email) if name}
    return found | set(Identity.objects.filter(customer__in=[one.pk for one in listed]).values_list("value", flat=True))


def _forget_elsewhere(ids: Collection[int], names: Collection[str]) -> None:
    """What stands about them beside their own rows: waiting events, arguments of jobs, words of the audit trail, and
    whatever upper floors keep (`settings.ERASERS`)."""
    waiting = [item.pk for item in InboxItem.objects.iterator() if _is_of(DECODE(bytes(item.payload)), names)]
    InboxItem.objects.filter(pk__in=waiting).delete()
    for job in Job.objects.exclude(arguments={}).iterator():
        if _speaks_of(job.arguments, names):
            Job.objects.filter(pk=job.pk).update(arguments={}, label=GONE)
    own = Q(target_type="customer", target_id__in=[str(pk) for pk in ids])
    AuditEntry.objects.filter(own).update(before={}, after={}, reason="")
    uploads.forget_holding(names)
    for name in settings.ERASERS:
        import_string(name)(customers=ids, names=names)


def _is_of(item: Taken, names: Collection[str]) -> bool:
    return bool({item.customer_id, item.anonymous_id, item.previous_id} & set(names))


def _speaks_of(arguments: object, names: Collection[str]) -> bool:
    text = json.dumps(arguments, ensure_ascii=False)
    return any(json.dumps(name, ensure_ascii=False)[1:-1] in text for name in names)


def strip() -> int:
    """Takes the properties of erased customers' events out of the store; of how many customers. The worker does it
    every night. Files that held them are deleted by the daily vacuum once they are seven days old."""
    waiting = list(Erasure.objects.filter(stripped_at=None).values_list("pk", "customer"))
    if not waiting:
        return 0
    began = now()
    numbers = [customer for _pk, customer in waiting]
    merged = Customer.objects.filter(merged_into__in=numbers).values_list("pk", flat=True)
    store.strip_properties({*numbers, *merged})
    Erasure.objects.filter(pk__in=[pk for pk, _ in waiting], erased_at__lte=began).update(stripped_at=now())
    return len(waiting)
