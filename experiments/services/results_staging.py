"""Between the file and the store: a checked copy on disk, so that nothing is written before everything was read."""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from engagement.core.clock import now
from engagement.core.jobs import Progress
from engagement.core.row_files import FileRefused
from engagement.customers.services import customers
from engagement.warehouse import store
from engagement.warehouse.tables import EVENTS, EXPOSURES
from experiments.metrics.definition import MetricDefinition
from experiments.results_file import Columns, Row, read_rows

BATCH = 50_000
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that was read to its end without a complaint."""

    path: Path
    rows: int
    variants: tuple[str, ...]  # in the order of first appearance


def stage(path: Path, columns: Columns, *, name: str, to: Path, progress: Progress) -> Staged:
    """Checks every row of the file into the parquet file `to`; raises `FileRefused` at the first that is wrong."""
    to.parent.mkdir(parents=True, exist_ok=True)
    width = len(columns.metrics) + len(columns.covariates)
    schema = pa.schema(
        [("number", pa.int64()), ("customer", pa.string()), ("variant", pa.string())]
        + [(f"value_{place}", pa.float64()) for place in range(width)]
    )
    rows = read_rows(path, columns, name=name)
    variants: dict[str, None] = {}
    hashes: list[np.ndarray] = []
    count = 0
    progress.doing(_("Checking %(file)s") % {"file": name})
    with pq.ParquetWriter(to, schema, compression="zstd") as writer:
        while chunk := list(islice(rows, BATCH)):
            writer.write_batch(_staged_batch(chunk, schema, width))
            variants.update(dict.fromkeys(row.variant for row in chunk))
            if columns.customer:
                hashes.append(np.fromiter((hash(row.customer) for row in chunk), np.int64, len(chunk)))
            count += len(chunk)
            progress.reached(count)
    if hashes:
        _check_once(np.concatenate(hashes), path, columns, name)
    return Staged(to, count, tuple(variants))


def _staged_batch(chunk: Sequence[Row], schema: pa.Schema, width: int) -> pa.RecordBatch:
    values = [[row.values[place] for row in chunk] for place in range(width)]
    head = [[row.number for row in chunk], [row.customer for row in chunk], [row.variant for row in chunk]]
    return pa.record_batch(
        [*map(pa.array, head[:1]), pa.array(head[1], pa.string()), pa.array(head[2]), *map(pa.array, values)],
        schema=schema,
    )


def _check_once(hashes: np.ndarray, path: Path, columns: Columns, name: str) -> None:
    """Refuses a customer with two rows. Hashes find the few suspects; only then their lines are looked up."""
    ordered = np.sort(hashes)
    suspects = set(ordered[1:][ordered[1:] == ordered[:-1]].tolist())
    if not suspects:
        return
    lines: dict[str, int] = {}
    for row in read_rows(path, columns, name=name):
        if row.customer is None or hash(row.customer) not in suspects:
            continue
        if row.customer in lines:
            where = f"{name}, line {row.line}, column “{columns.customer}”"
            raise FileRefused(f"{where}: this customer has a row already, on line {lines[row.customer]}.")
        lines[row.customer] = row.line


def write_to_store(
    staged: Staged, *, key: str, uid: uuid.UUID, definitions: Sequence[MetricDefinition], exposed_at: datetime,
    progress: Progress,
) -> None:  # fmt: skip
    """Customers into the database, events and exposures into the store: each once, however often this is called."""
    progress.doing(_("Making %(count)d customers known") % {"count": staged.rows}, total=staged.rows)
    ids = np.empty(staged.rows, np.int64)
    for batch in _batches(staged):
        numbers = batch["number"].to_numpy()
        named = batch["customer"].to_pylist()
        external = [
            name if name is not None else f"{key}:{number}" for name, number in zip(named, numbers, strict=True)
        ]
        ids[numbers - 1] = customers.ensure(external)
        progress.reached(int(numbers[-1]))
    progress.doing(_("Storing events"), total=staged.rows)
    store.append("events", _events(staged, ids, uid, definitions, exposed_at, progress), source=f"import:{uid}")
    progress.doing(_("Storing exposures"), total=staged.rows)
    store.append("exposures", _exposures(staged, ids, uid, exposed_at), source=f"import:{uid}")


def _batches(staged: Staged) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(staged.path) as file:
        yield from file.iter_batches(batch_size=BATCH)


def _events(
    staged: Staged, ids: np.ndarray, uid: uuid.UUID, definitions: Sequence[MetricDefinition], exposed_at: datetime,
    progress: Progress,
) -> Iterator[pa.RecordBatch]:  # fmt: skip
    # Before the exposure *day* begins: that is where a covariate's window ends (contracts §3).
    before = exposed_at.replace(hour=0, minute=0, second=0, microsecond=0) - SECOND
    columns = [(definition.event, exposed_at + SECOND, definition.kind) for definition in definitions]
    columns += [(definition.covariate.event, before, "mean") for definition in definitions if definition.covariate]
    for batch in _batches(staged):
        numbers = batch["number"].to_numpy()
        for place, (event, at, kind) in enumerate(columns):
            values = batch[f"value_{place}"].to_numpy()
            there = np.flatnonzero(values)  # a zero is a customer without the event
            if len(there):
                yield _event_batch(ids[numbers[there] - 1], event, at, kind, values[there], uid, numbers[there])
        progress.reached(int(numbers[-1]))


def _event_batch(
    ids: np.ndarray, event: str, at: datetime, kind: str, values: np.ndarray, uid: uuid.UUID, numbers: np.ndarray
) -> pa.RecordBatch:
    size = len(ids)
    kind_of_time = EVENTS.field("occurred_at").type
    return pa.record_batch(
        [
            pa.array(ids),
            pa.repeat(event, size),
            pa.repeat(pa.scalar(at, kind_of_time), size),
            pa.repeat(pa.scalar(now(), kind_of_time), size),
            pa.array([f"{uid}:{event}:{number}" for number in numbers]),
            pa.array(values) if kind == "mean" else pa.nulls(size, pa.float64()),
            pa.nulls(size, EVENTS.field("currency").type),
            pa.nulls(size, EVENTS.field("properties").type),
        ],
        schema=EVENTS,
    )


def _exposures(staged: Staged, ids: np.ndarray, uid: uuid.UUID, exposed_at: datetime) -> Iterator[pa.RecordBatch]:
    for batch in _batches(staged):
        size = len(batch)
        yield pa.record_batch(
            [
                pa.repeat(str(uid), size),
                pa.array(ids[batch["number"].to_numpy() - 1]),
                batch["variant"],
                pa.repeat(pa.scalar(exposed_at, EXPOSURES.field("exposed_at").type), size),
                pa.nulls(size, pa.float64()),
                pa.nulls(size, pa.int64()),
                pa.repeat(pa.scalar(now(), EXPOSURES.field("received_at").type), size),
            ],
            schema=EXPOSURES,
        )
