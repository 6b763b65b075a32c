"""Delta tables on disk: appending once, and the files a snapshot consists of."""

import fcntl
import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError
from django.conf import settings

from engagement.warehouse.faults import told
from engagement.warehouse.tables import SCHEMAS

LARGEST_FILE = 256 * 1024 * 1024
KEPT_FOR_H = 7 * 24
MOST_NAMED = 1_000  # customers in one rewriting
MOST_TRIES = 10
WRITER = WriterProperties(compression="ZSTD", max_row_group_size=1_000_000)


@told()
def append(name: str, batches: Iterable[pa.RecordBatch], *, source: str, version: int = 1) -> bool:
    """Appends all batches to table `name` in one commit, unless `source` has committed this version before.

    True if rows were written now. Delta records transaction ids but does not reject a repeat, so the version is read
    through the very handle that writes: if another process commits in between, the write conflicts and is not taken.
    """
    table = _open(name)
    if (table.transaction_version(source) or 0) >= version:
        return False
    try:
        write_deltalake(
            table,
            pa.RecordBatchReader.from_batches(SCHEMAS[name], batches),
            mode="append",
            writer_properties=WRITER,
            commit_properties=CommitProperties(app_transactions=[Transaction(app_id=source, version=version)]),
        )
    except CommitFailedError:
        if (_open(name).transaction_version(source) or 0) < version:
            raise
        return False  # another process has committed the same source meanwhile
    return True


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a snapshot. `newest`: no row in it was received later; None where the file does not tell."""

    path: str
    newest: datetime | None


def snapshot(name: str) -> list[DataFile]:
    """The data files of the newest version of table `name`, by path; empty before the first append."""
    actions = pa.table(_open(name).get_add_actions(flatten=True))
    column = "max.received_at"
    newest = actions[column].to_pylist() if column in actions.column_names else [None] * len(actions)
    folder = settings.WAREHOUSE_DIR / name
    # Delta keeps paths as addresses, percent-encoded, and times to the millisecond below.
    return [
        DataFile(str(folder / unquote(path)), at and at + timedelta(milliseconds=1))
        for path, at in sorted(zip(actions["path"].to_pylist(), newest, strict=True))
    ]


@told()
def compact(name: str) -> int:
    """Rewrites the small files of table `name` as large ones; how many there were fewer.

    Neighbours in time become one, so that each file spans a time of its own and later readers leave out the earlier.
    Safe beside appends, which never touch files that are there. Two at once would both rewrite the same rows and Delta
    takes both, so that every row is there twice: rewriting has a lock of its own, which dies with its holder. Readers
    go on with the files of their snapshot: those stay for `KEPT_FOR_H` hours (`vacuum`).
    """
    with _rewriting(name):
        table = _open(name)
        before = len(table.file_uris())
        table.optimize.compact(target_size=LARGEST_FILE, writer_properties=WRITER)
        return before - len(_open(name).file_uris())


@told()
def strip_properties(customers: Collection[int]) -> int:
    """Rewrites the files that hold properties of these customers' events without them; how many rows were changed.

    The old files stay for readers of older snapshots until `vacuum` deletes them.
    """
    changed, numbers = 0, sorted(customers)
    with _rewriting("events"):
        for start in range(0, len(numbers), MOST_NAMED):
            named = ", ".join(str(int(number)) for number in numbers[start : start + MOST_NAMED])
            changed += _without_properties(f"customer IN ({named})")
    return changed


def _without_properties(which: str) -> int:
    """An append in between makes the rewriting void, for its rows were not looked at: then it begins anew."""
    for left in reversed(range(MOST_TRIES)):
        try:
            done = _open("events").update(updates={"properties": "NULL"}, predicate=which, writer_properties=WRITER)
        except CommitFailedError:
            if not left:
                raise
        else:
            return int(done["num_updated_rows"])
    return 0


@told()
def vacuum(name: str) -> int:
    """Deletes files that no snapshot of the last `KEPT_FOR_H` hours holds, left by dead writers too; how many."""
    return len(_open(name).vacuum(retention_hours=KEPT_FOR_H, dry_run=False, full=True))


def clear() -> None:
    """Removes every table with all its versions: for a workspace that is built anew."""
    for name in SCHEMAS:
        if (settings.WAREHOUSE_DIR / name).exists():
            shutil.rmtree(settings.WAREHOUSE_DIR / name)


@contextmanager
def _rewriting(name: str) -> Iterator[None]:
    settings.WAREHOUSE_DIR.mkdir(parents=True, exist_ok=True)
    with (settings.WAREHOUSE_DIR / f".{name}.rewriting").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _open(name: str) -> DeltaTable:
    path: Path = settings.WAREHOUSE_DIR / name
    if not DeltaTable.is_deltatable(str(path)):
        _create(name, path)
    return DeltaTable(str(path))


def _create(name: str, path: Path) -> None:
    """Makes the table, once: two creations at once would both commit, and writers in between would be refused."""
    path.mkdir(parents=True, exist_ok=True)
    with (path.parent / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not DeltaTable.is_deltatable(str(path)):
            DeltaTable.create(str(path), schema=SCHEMAS[name])
