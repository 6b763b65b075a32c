"""From the inbox to the store, exactly once, whoever dies at whatever point.

One flush is under way at a time: whoever comes finds the unfinished one first and finishes it, doing again what may
have been done. The store keeps the number of the last flush it took and takes no repeat; only then the rows go.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec
import pyarrow as pa
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.utils.module_loading import import_string

from engagement.core.clock import microseconds, now
from engagement.customers.models import Customer, Flush, InboxItem
from engagement.customers.payloads import Taken
from engagement.customers.services import feeds
from engagement.customers.services.identities import Names, resolve
from engagement.warehouse import store
from engagement.warehouse.tables import EVENTS, EXPOSURES

LARGEST = 50_000  # items a flush: what fits well into memory and makes a file worth having
SOURCE = "inbox"
LONGEST = {"email": 254, "time_zone": 64, "locale": 35}  # traits with a column of their own
DECODE = msgspec.json.Decoder(Taken).decode


def flush() -> int:
    """Moves everything accepted so far into the store; how many items. The worker does it every minute."""
    moved = 0
    while number := _claim():
        moved += _move(number)
    return moved


def _claim() -> int | None:
    """The flush to be done: the unfinished one, else a new one with the oldest items; None when the inbox is empty.

    Claimed by writing the number on the rows, never by a range of ids: ids commit out of order.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                table = connection.ops.quote_name(Flush._meta.db_table)
                cursor.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")  # two claims at once would make two flushes
        unfinished = Flush.objects.filter(is_done=False).order_by("number").first()
        if unfinished is not None:
            return unfinished.number
        waiting = InboxItem.objects.filter(flush=None).order_by("pk").values("pk")[:LARGEST]
        if not waiting.exists():
            return None
        last = Flush.objects.aggregate(last=Max("number"))["last"] or 0
        number: int = max(microseconds(now()), last + 1)
        Flush.objects.create(number=number)
        InboxItem.objects.filter(pk__in=waiting).update(flush=number)
        return number


def _move(number: int) -> int:
    items = [DECODE(bytes(payload)) for payload in _payloads(number)]
    named = [_names(item) for item in items]
    aliases = [(item.previous_id, item.customer_id) for item in items if item.previous_id and item.customer_id]
    owners = resolve(named, aliases=aliases)
    _remember_traits(items, owners, number=number)
    happened = [(item, owner) for item, owner in zip(items, owners, strict=True) if item.event and not item.experiment]
    viewed = [(item, owner) for item, owner in zip(items, owners, strict=True) if item.experiment]
    if happened:
        store.append("events", [_events(happened)], source=SOURCE, version=number)
    if viewed and (rows := _exposures(viewed)):
        store.append("exposures", [rows], source=SOURCE, version=number)
    _finish(number, happened)
    return len(items)


def _names(item: Taken) -> Names:
    """By what an item names its person. What anybody may send makes nobody one with anybody."""
    return Names(item.customer_id, item.anonymous_id if item.is_trusted or not item.customer_id else None)


def _payloads(number: int) -> Iterator[bytes | memoryview]:
    return InboxItem.objects.filter(flush=number).order_by("pk").values_list("payload", flat=True).iterator(10_000)


@transaction.atomic
def _finish(number: int, happened: Sequence[tuple[Taken, int]]) -> None:
    newest: dict[str, datetime] = {}
    for item, _owner in happened:
        newest[item.event] = max(newest.get(item.event, item.occurred_at), item.occurred_at)
    feeds.arrived(newest)
    InboxItem.objects.filter(flush=number).delete()
    Flush.objects.filter(number=number).update(is_done=True)
    Flush.objects.filter(number__lt=number, is_done=True).delete()


def _events(rows: Sequence[tuple[Taken, int]]) -> pa.RecordBatch:
    in_time = sorted(rows, key=lambda row: row[0].occurred_at)  # so that a period is few files' business
    columns = {
        "customer": [owner for _, owner in in_time],
        "event": [item.event for item, _ in in_time],
        "occurred_at": [item.occurred_at for item, _ in in_time],
        "received_at": [item.received_at for item, _ in in_time],
        "message_id": [item.message_id for item, _ in in_time],
        "value": [item.value for item, _ in in_time],
        "currency": [item.currency for item, _ in in_time],
        "properties": [list(item.properties.items()) or None for item, _ in in_time],
    }
    return pa.record_batch([pa.array(columns[field.name], field.type) for field in EVENTS], schema=EVENTS)


def _exposures(rows: Sequence[tuple[Taken, int]]) -> pa.RecordBatch | None:
    """The exposures whose experiment and variant are still known; they were when they were accepted."""
    recognised = import_string(settings.EXPOSURE_RECOGNISER)({(item.experiment, item.variant) for item, _ in rows})
    kept = [(item, owner) for item, owner in rows if (item.experiment, item.variant) in recognised]
    if not kept:
        return None
    names = [(item.experiment, item.customer_id or item.anonymous_id) for item, _ in kept]
    drawn = import_string(settings.EXPOSURE_DRAWER)(set(names))
    shares = [drawn.get(name, (None, None)) for name in names]
    columns = {
        "experiment": [recognised[item.experiment, item.variant] for item, _ in kept],
        "customer": [owner for _, owner in kept],
        "variant": [item.variant for item, _ in kept],
        "exposed_at": [item.occurred_at for item, _ in kept],
        "propensity": [propensity for propensity, _ in shares],
        "batch": [batch for _, batch in shares],
        "received_at": [item.received_at for item, _ in kept],
    }
    return pa.record_batch([pa.array(columns[field.name], field.type) for field in EXPOSURES], schema=EXPOSURES)


def _remember_traits(items: Sequence[Taken], owners: Sequence[int], *, number: int) -> None:
    """What identify and group calls say of a customer: what was said later holds, whenever it came in.

    Somebody else may have finished this flush, and the next one, while this process stood still: then it says nothing.
    """
    told = _told(items, owners)
    for start in range(0, len(told), 500):
        ids = sorted(told)[start : start + 500]
        with transaction.atomic():
            if not Flush.objects.select_for_update().filter(number=number, is_done=False).exists():
                return
            rows = list(Customer.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
            for row in rows:
                _apply(row, told[row.pk])
            Customer.objects.bulk_update(rows, [*LONGEST, "traits", "told_at"], batch_size=100)
    feeds.told(name for words in told.values() for name, (_at, value) in words.items() if value is not None)


def _told(items: Sequence[Taken], owners: Sequence[int]) -> dict[int, dict[str, tuple[int, object]]]:
    """Per customer and trait: when it was last said, in microseconds since 1970, and what."""
    found: dict[int, dict[str, tuple[int, object]]] = {}
    for item, owner in zip(items, owners, strict=True):
        at = microseconds(item.occurred_at)
        for name, value in item.traits.items():
            words = found.setdefault(owner, {})
            if name not in words or words[name][0] <= at:
                words[name] = at, value
    return found


def _apply(customer: Customer, told: dict[str, tuple[int, object]]) -> None:
    """Null takes a trait away; that it did is kept, or an older word would bring it back."""
    for name, (at, value) in told.items():
        if at < customer.told_at.get(name, at):
            continue
        customer.told_at[name] = at
        if name in LONGEST:
            if isinstance(value, str) and len(value) <= LONGEST[name]:
                setattr(customer, name, value)
        elif value is None:
            customer.traits.pop(name, None)
        else:
            customer.traits[name] = value
