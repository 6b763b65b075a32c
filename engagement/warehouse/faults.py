"""Why the store or its engine gave up, where that is a damaged file or a full disk: told in a sentence."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

import pyarrow as pa
from deltalake import DeltaTable
from django.conf import settings
from django.utils.translation import gettext as _

from engagement.core.errors import DomainError
from engagement.warehouse.tables import SCHEMAS

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
    for table in SCHEMAS:
        for file in _damaged(table):
            sentence = _("The file %(file)s of the table “%(table)s” is damaged or missing; restore it from a backup.")
            return sentence % {"file": file, "table": table}
    return ""


def _damaged(table: str) -> Iterator[str]:
    """The files of the table's newest version that are not as long as they were written."""
    folder = settings.WAREHOUSE_DIR / table
    if not DeltaTable.is_deltatable(str(folder)):
        return
    actions = pa.table(DeltaTable(str(folder)).get_add_actions(flatten=True))
    for path, size in zip(actions["path"].to_pylist(), actions["size_bytes"].to_pylist(), strict=True):
        file = folder / unquote(path)
        if not file.exists() or file.stat().st_size != size:
            yield file.name
