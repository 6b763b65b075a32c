"""Events from a file into the store: all of them, once, however often the file comes.

Order: the whole file is checked into a staging file; customers become known; then one commit, tagged with the file's
hash, of the events whose message id the store does not hold.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from django.utils.translation import gettext as _

from engagement.core.clock import now
from engagement.core.errors import InvalidInput
from engagement.core.jobs import Progress
from engagement.core.row_files import FileRefused
from engagement.customers.event_file import EventRow, read_events
from engagement.customers.services import customers, feeds
from engagement.warehouse import store
from engagement.warehouse.engines import Warehouse, connect
from engagement.warehouse.tables import EVENTS

BATCH = 50_000
STAGED = pa.schema(
    [
        pa.field("number", pa.int64()),
        pa.field("external_id", pa.string()),
        pa.field("event", EVENTS.field("event").type),
        pa.field("occurred_at", EVENTS.field("occurred_at").type),
        pa.field("message_id", pa.string()),
        pa.field("content", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("currency", pa.string()),
        pa.field("properties", EVENTS.field("properties").type),
    ]
)
KNOWN = STAGED.insert(1, pa.field("customer", pa.int64())).remove(2)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: rows in the file, events that were new, and to when each feed is complete now."""

    rows: int
    new: int
    feeds: dict[str, datetime]


def import_events(*, path: Path, name: str, complete_through: datetime | None = None, progress: Progress) -> Imported:
    """Stores the file's events. Feeds become complete to `complete_through`, else to the file's newest event."""
    sha256 = _sha256(path)
    folder = settings.DATA_DIR / "staging"
    folder.mkdir(parents=True, exist_ok=True)
    staging, known = folder / f"{sha256}.rows.parquet", folder / f"{sha256}.events.parquet"
    try:
        newest, rows = _stage(path, name, staging, progress)
        _name_customers(staging, known, rows, progress)
        progress.doing(_("Storing events"))
        new = _store_new(known, source=f"file:{sha256}")
    except FileRefused as error:
        raise InvalidInput(str(error), field="file") from error
    finally:
        staging.unlink(missing_ok=True)
        known.unlink(missing_ok=True)
    through = {event: complete_through or at + timedelta(microseconds=1) for event, at in newest.items()}
    for event, at in through.items():
        feeds.complete(events=[event], through=at)
    return Imported(rows, new, through)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stage(path: Path, name: str, to: Path, progress: Progress) -> tuple[dict[str, datetime], int]:
    """Checks every row into `to`; the newest time of each event, and the rows."""
    progress.doing(_("Checking %(file)s") % {"file": name})
    rows, count, newest = read_events(path, name=name), 0, dict[str, datetime]()
    with pq.ParquetWriter(to, STAGED, compression="zstd") as writer:
        while chunk := list(islice(rows, BATCH)):
            writer.write_batch(_staged(chunk, count))
            for row in chunk:
                newest[row.event] = max(newest.get(row.event, row.occurred_at), row.occurred_at)
            count += len(chunk)
            progress.reached(count)
    return newest, count


def _staged(chunk: Sequence[EventRow], before: int) -> pa.RecordBatch:
    columns = {
        "number": range(before, before + len(chunk)),
        "external_id": [row.customer for row in chunk],
        "event": [row.event for row in chunk],
        "occurred_at": [row.occurred_at for row in chunk],
        "message_id": [row.message_id for row in chunk],
        "content": [row.content.hex() for row in chunk],
        "value": [row.value for row in chunk],
        "currency": [row.currency for row in chunk],
        "properties": [row.properties for row in chunk],
    }
    return pa.record_batch(
        [pa.array(values, STAGED.field(name).type) for name, values in columns.items()], schema=STAGED
    )


def _name_customers(staging: Path, to: Path, rows: int, progress: Progress) -> None:
    """The staged rows again, with the customer's internal id in place of the external one."""
    progress.doing(_("Making customers known"), total=rows)
    with pq.ParquetFile(staging) as file, pq.ParquetWriter(to, KNOWN, compression="zstd") as writer:
        done = 0
        for batch in file.iter_batches(batch_size=BATCH):
            ids = pa.array(customers.ensure(batch["external_id"].to_pylist()), pa.int64())
            others = [batch[field.name] for field in KNOWN if field.name not in ("number", "customer")]
            writer.write_batch(pa.record_batch([batch["number"], ids, *others], schema=KNOWN))
            done += len(batch)
            progress.reached(done)


def _store_new(known: Path, *, source: str) -> int:
    """Appends the staged events whose message id is new; how many."""
    with connect() as warehouse:
        fresh = _fresh(warehouse, known)
        count = _Counter()
        stored = store.append("events", count(warehouse.backend.to_pyarrow_batches(fresh)), source=source)
    return count.rows if stored else 0


def _fresh(warehouse: Warehouse, known: Path) -> ibis.expr.types.Table:
    """Each message id once, those in the store left out, in order of time so that a period is few files' business."""
    staged = warehouse.backend.read_parquet(str(known))
    repeat = ibis.row_number().over(group_by=staged.content, order_by=staged.number)
    own_id = ibis.coalesce(staged.message_id, staged.content + "-" + repeat.cast("string"))
    staged = staged.mutate(message_id=own_id)
    first = staged.mutate(place=ibis.row_number().over(group_by=staged.message_id, order_by=staged.number))
    first = first.filter(first.place == 0).drop("place")
    new = first.anti_join(warehouse.table("events").select("message_id"), "message_id")
    received = ibis.literal(now()).cast(new.occurred_at.type())
    return new.order_by("occurred_at").select(
        "customer", "event", "occurred_at", "message_id", "value", "currency", "properties", received_at=received
    )[EVENTS.names]


class _Counter:
    """Passes batches on and counts their rows."""

    def __init__(self) -> None:
        self.rows = 0

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            self.rows += len(batch)
            yield batch.cast(EVENTS)
