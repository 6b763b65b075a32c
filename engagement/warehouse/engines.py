"""The query engine behind Ibis, and the tables as it sees them."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import ibis
from django.conf import settings
from ibis.backends import BaseBackend
from ibis.expr.types import Scalar, Table

from engagement.warehouse.store import snapshot
from engagement.warehouse.tables import SCHEMAS


class Warehouse:
    """One engine connection and one snapshot of each table it reads: every query in it sees the same rows."""

    def __init__(self, backend: BaseBackend) -> None:
        self.backend = backend
        self._tables: dict[str, Table] = {}
        self._numbers = count(1)

    def rows(self, query: Table) -> list[dict[str, Any]]:
        """A small answer, a dictionary a row."""
        found: list[dict[str, Any]] = self.backend.to_pyarrow(query).to_pylist()
        return found

    def number(self, query: Scalar) -> int:
        """A count."""
        return int(self.backend.to_pyarrow(query).as_py())

    def kept(self, query: Table) -> Table:
        """The query's rows, computed now and once, for as long as this warehouse is open."""
        return self.backend.create_table(f"kept_{next(self._numbers)}", query, temp=True)

    def table(self, name: str) -> Table:
        if name not in self._tables:
            files = snapshot(name)
            schema = ibis.Schema.from_pyarrow(SCHEMAS[name])
            self._tables[name] = (
                self.backend.read_parquet(files, table_name=name) if files else ibis.memtable([], schema=schema)
            )
        return self._tables[name]


@contextmanager
def connect() -> Iterator[Warehouse]:
    """A warehouse for one analysis; DuckDB in process spills to `DATA_DIR` past its memory and fetches no extension."""
    spill = settings.WAREHOUSE_DIR / ".spill"
    spill.mkdir(parents=True, exist_ok=True)
    backend = ibis.duckdb.connect(
        memory_limit=settings.WAREHOUSE_MEMORY,
        temp_directory=str(spill),
        autoinstall_known_extensions=False,
        autoload_known_extensions=False,
    )
    backend.raw_sql("SET TimeZone = 'UTC'")  # days are UTC days whatever the machine's zone
    try:
        yield Warehouse(backend)
    finally:
        backend.disconnect()
