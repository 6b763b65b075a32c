"""Accepting what was sent: each message once, in one commit, before the sender is told so."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import xxhash
from django.db import connection, transaction

from engagement.core.clock import now
from engagement.customers.models import InboxItem, SeenMessage
from engagement.customers.payloads import Taken

REMEMBERED = timedelta(days=30)
CHUNK = 900  # SQLite takes 999 parameters in a statement where it was built with its old default
ENCODE = msgspec.json.Encoder().encode


def accept(items: Sequence[Taken]) -> int:
    """Puts the items whose message id was not seen in the last 30 days into the inbox; how many.

    An item without a message id is one of its own kind. Of several with one id the first counts. They stand in the
    inbox in the order they were sent in: of two words about a trait the later one holds.
    """
    by_hash: dict[UUID, Taken] = {}
    for item in items:
        by_hash.setdefault(_hash(item.message_id) if item.message_id else uuid4(), item)
    if not by_hash:
        return 0
    store = _accept_postgresql if connection.vendor == "postgresql" else _accept
    return store(list(by_hash.items()))


def forget_seen() -> int:
    """Drops hashes older than 30 days; the worker's daily task."""
    return SeenMessage.objects.filter(seen_at__lt=now() - REMEMBERED).delete()[0]


def _hash(message_id: str) -> UUID:
    return UUID(bytes=xxhash.xxh3_128_digest(message_id.encode()))


def _accept_postgresql(rows: Sequence[tuple[UUID, Taken]]) -> int:
    """One statement and one round trip: what the first insert did not find there goes into the second.

    The first goes by message, so that two requests with the same ones wait for each other and never in a circle.
    """
    seen, inbox = (connection.ops.quote_name(model._meta.db_table) for model in (SeenMessage, InboxItem))
    statement = f"""
        WITH sent AS (SELECT * FROM unnest(%s::uuid[], %s::bytea[], %s::timestamptz[])
                      WITH ORDINALITY AS s (message, payload, at, place)),
        fresh AS (
            INSERT INTO {seen} (message, seen_at) SELECT message, at FROM sent ORDER BY message
            ON CONFLICT (message) DO NOTHING RETURNING message
        )
        INSERT INTO {inbox} (payload, received_at)
        SELECT payload, at FROM sent JOIN fresh USING (message) ORDER BY place
    """  # noqa: S608  our own tables' names
    columns = [key for key, _ in rows], [ENCODE(item) for _, item in rows], [item.received_at for _, item in rows]
    with connection.cursor() as cursor:
        cursor.execute(statement, columns)
        return int(cursor.rowcount)


@transaction.atomic
def _accept(rows: Sequence[tuple[UUID, Taken]]) -> int:
    """For SQLite, whose transactions here begin by taking the one right to write: nobody else can come between."""
    keys = [key for key, _ in rows]
    known: set[UUID] = set()
    for start in range(0, len(keys), CHUNK):
        part = SeenMessage.objects.filter(pk__in=keys[start : start + CHUNK])
        known.update(part.values_list("pk", flat=True))
    fresh = [(key, item) for key, item in rows if key not in known]
    seen, inbox = (connection.ops.quote_name(model._meta.db_table) for model in (SeenMessage, InboxItem))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {seen} (message, seen_at) VALUES (%s, %s)",  # noqa: S608  our own table's name
            [(key.hex, item.received_at) for key, item in fresh],
        )
        cursor.executemany(
            f"INSERT INTO {inbox} (payload, received_at) VALUES (%s, %s)",  # noqa: S608
            [(ENCODE(item), item.received_at) for _, item in fresh],
        )
    return len(fresh)
