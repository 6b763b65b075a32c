"""Why the store or its engine gave up, where that is a damaged file or a full disk: told in a sentence."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from django.conf import settings
from django.utils.translation import gettext as _
from pyarrow import parquet

from engagement.core.errors import DomainError
from engagement.warehouse.tables import SCHEMAS

READERS = {"duckdb", "_duckdb", "pyarrow", "deltalake", "_internal", "pyspark", "py4j"}  # may have met flipped bytes
FULL = ("No space left on device", "max_temp_directory_size")  # as the store says it, and DuckDB of what it spills


class StoreFault(DomainError):
    """The store cannot do it, and somebody has to look after the machine."""

    status = 503


@contextmanager
def told() -> Iterator[None]:
    """Raises `StoreFault` instead of whatever Delta or an engine raises, where a full disk or a file is why."""
    try:
        yield
    except DomainError:
        raise
    except Exception as error:
        if sentence := _why(error):
            raise StoreFault(sentence) from error
        raise


def _why(error: Exception) -> str:
    if getattr(error, "errno", None) == errno.ENOSPC or any(words in str(error) for words in FULL):
        sentence = _("There is no room left on the disk of the store (%(folder)s); nothing was half-written.")
        return sentence % {"folder": settings.WAREHOUSE_DIR}
    is_of_reading = type(error).__module__.split(".")[0] in READERS
    for is_damaged in (_is_cut, _is_unreadable) if is_of_reading else (_is_cut,):
        for table in SCHEMAS:
            for file, size in _files(table):
                if is_damaged(file, size):
                    sentence = _(
                        "The file %(file)s of the table “%(table)s” is damaged or missing; restore it from a backup."
                    )
                    return sentence % {"file": file.name, "table": table}
    return ""


def _files(table: str) -> Iterator[tuple[Path, int]]:
    """The files of the table's newest version, and how long each was written."""
    folder = settings.WAREHOUSE_DIR / table
    if not DeltaTable.is_deltatable(str(folder)):
        return
    actions = pa.table(DeltaTable(str(folder)).get_add_actions(flatten=True))
    for path, size in zip(actions["path"].to_pylist(), actions["size_bytes"].to_pylist(), strict=True):
        yield folder / unquote(path), size


def _is_cut(file: Path, size: int) -> bool:
    return not file.exists() or file.stat().st_size != size


def _is_unreadable(file: Path, _size: int) -> bool:
    """Whether the file cannot be read to its end: bytes that flipped, where its compression notices."""
    try:
        with parquet.ParquetFile(file) as opened:
            for _batch in opened.iter_batches():
                pass
    except (OSError, ValueError):  # what pyarrow raises of such a file; ArrowInvalid is a ValueError
        return True
    return False
