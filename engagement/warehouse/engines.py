"""The query engine behind Ibis, and the tables as it sees them: DuckDB in this process, or a Spark cluster."""

import importlib.util
import os
import shutil
import socket
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import ibis
from django.conf import settings
from django.utils.translation import gettext as _
from ibis.backends import BaseBackend
from ibis.expr.types import IntegerValue, Scalar, Table, Value

from engagement.core.errors import Conflict
from engagement.warehouse.faults import told
from engagement.warehouse.store import DataFile, snapshot
from engagement.warehouse.tables import CLOCKS, SCHEMAS

_numbers = count(1)


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]  # ibis says no types of it
def epoch_us(at: datetime) -> int:  # type: ignore[empty-body]  # the engine's own function
    """Microseconds since 1970, as DuckDB calls them."""


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def unix_micros(at: datetime) -> int:  # type: ignore[empty-body]
    """The same, as Spark does."""


class Warehouse(ABC):
    """One engine connection and one snapshot of each table it reads: every query in it sees the same rows."""

    def __init__(self, backend: BaseBackend) -> None:
        self.backend = backend
        self._tables: dict[str, Table] = {}
        self._snapshots: dict[str, list[DataFile]] = {}

    def table(self, name: str) -> Table:
        """The table with each time in microseconds beside itself: `exposed_us`, `occurred_us`.

        Engines add and compare whole numbers many times faster than times of a zone; the times themselves serve to
        leave out what cannot matter, for files know their first and last.
        """
        if name not in self._tables:
            self._tables[name] = self._opened(name, self._files(name))
        return self._tables[name]

    def arrived(self, name: str, after: datetime) -> Table:
        """The rows of those files that hold any received after this time: its rows, and others beside them."""
        return self._opened(name, [file for file in self._files(name) if file.newest is None or file.newest > after])

    def has_newer(self, name: str, after: datetime) -> bool:
        """Whether any row may have been received after this time."""
        return any(file.newest is None or file.newest > after for file in self._files(name))

    def newest(self, name: str) -> datetime | None:
        """When the newest row was received, to the millisecond above; None where there are no rows."""
        return max((file.newest for file in self._files(name) if file.newest), default=None)

    def _files(self, name: str) -> list[DataFile]:
        if name not in self._snapshots:
            self._snapshots[name] = snapshot(name)
        return self._snapshots[name]

    def _opened(self, name: str, files: list[DataFile]) -> Table:
        table = self._read([file.path for file in files]) if files else self._empty(name)
        return table.mutate(**{counted: self._microseconds(table[at]) for at, counted in CLOCKS[name].items()})

    def rows(self, query: Table) -> list[dict[str, Any]]:
        """A small answer, a dictionary a row."""
        found: list[dict[str, Any]] = self.backend.to_pyarrow(query).to_pylist()
        return found

    def number(self, query: Scalar) -> int:
        """A count."""
        return int(self.backend.to_pyarrow(query).as_py())

    @abstractmethod
    def kept(self, query: Table) -> Table:
        """The query's rows, computed once, for as long as this warehouse is open."""

    @abstractmethod
    def save(self, query: Table, path: Path) -> None:
        """Writes the query's rows where `saved` finds them; only this kind of engine reads them."""

    @abstractmethod
    def saved(self, path: Path) -> Table | None:
        """What `save` wrote there, read once; None where that is gone or damaged."""

    @abstractmethod
    def _read(self, files: list[str]) -> Table:
        """The rows of these Parquet files."""

    @abstractmethod
    def _microseconds(self, at: Value) -> IntegerValue:
        """Microseconds since 1970, UTC."""

    @abstractmethod
    def _empty(self, name: str) -> Table:
        """No rows, with the table's columns."""

    @abstractmethod
    def close(self) -> None:
        """Lets go of what was kept."""


class DuckDB(Warehouse):
    """DuckDB in process: spills to `DATA_DIR` past its memory and fetches no extension."""

    def __init__(self) -> None:
        spill = settings.WAREHOUSE_DIR / ".spill"
        spill.mkdir(parents=True, exist_ok=True)
        backend = ibis.duckdb.connect(
            memory_limit=settings.WAREHOUSE_MEMORY,
            temp_directory=str(spill),
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
        )
        backend.raw_sql("SET TimeZone = 'UTC'")  # days are UTC days whatever the machine's zone
        super().__init__(backend)

    def kept(self, query: Table) -> Table:
        return self.backend.create_table(f"kept_{next(_numbers)}", query, temp=True)

    def save(self, query: Table, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.backend.to_parquet(query, path, compression="snappy")

    def saved(self, path: Path) -> Table | None:
        try:
            return self.kept(self.backend.read_parquet(path)) if path.exists() else None
        except duckdb.Error:
            return None

    def _read(self, files: list[str]) -> Table:
        return self.backend.read_parquet(files)

    def _microseconds(self, at: Value) -> IntegerValue:
        return epoch_us(at)

    def _empty(self, name: str) -> Table:
        return ibis.memtable([], schema=ibis.Schema.from_pyarrow(SCHEMAS[name]))

    def close(self) -> None:
        self.backend.disconnect()


class Spark(Warehouse):
    """A Spark cluster. It reads the very files that DuckDB would read: they must lie where every worker sees them."""

    def __init__(self, master: str) -> None:
        self.session = _spark_session(master)
        self._views: list[str] = []
        super().__init__(ibis.pyspark.connect(self.session))

    def kept(self, query: Table) -> Table:
        name = self._view()
        self.backend.create_view(name, query)
        self.session.catalog.cacheTable(name)
        return self.backend.table(name)

    def save(self, query: Table, path: Path) -> None:
        name = self._view()
        self.backend.create_view(name, query)
        self.session.table(name).write.parquet(str(path))

    def saved(self, path: Path) -> Table | None:
        return self._read([str(path)]) if (path / "_SUCCESS").exists() else None

    def _read(self, files: list[str]) -> Table:
        name = self._view()
        self.session.read.parquet(*files).createOrReplaceTempView(name)
        return self.backend.table(name)

    def _microseconds(self, at: Value) -> IntegerValue:
        return unix_micros(at)

    def _empty(self, name: str) -> Table:
        from ibis.backends.pyspark.datatypes import PySparkSchema  # needs the extra

        view = self._view()
        schema = PySparkSchema.from_ibis(ibis.Schema.from_pyarrow(SCHEMAS[name]))
        self.session.createDataFrame([], schema).createOrReplaceTempView(view)
        return self.backend.table(view)

    def close(self) -> None:
        for view in self._views:
            self.session.catalog.uncacheTable(view)
            self.session.catalog.dropTempView(view)

    def _view(self) -> str:
        self._views.append(f"icebreaker_{next(_numbers)}")
        return self._views[-1]


def _require_spark() -> None:
    if importlib.util.find_spec("pyspark") is None:
        raise Conflict(_("WAREHOUSE_ENGINE names a Spark cluster, but the extra “spark” is not installed."))
    if not shutil.which("java") and not os.environ.get("JAVA_HOME"):
        raise Conflict(_("WAREHOUSE_ENGINE names a Spark cluster, but there is no java on this machine; 17 is needed."))


@lru_cache(maxsize=1)
def _spark_session(master: str) -> Any:
    """This process's application on the cluster: made once, for starting one takes seconds."""
    _require_spark()
    from pyspark.sql import SparkSession

    return (
        SparkSession.builder.master(master)
        .appName("icebreaker")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.execution.arrow.pyspark.enabled", "true")
        .getOrCreate()
    )


@contextmanager
def connect() -> Iterator[Warehouse]:
    """A warehouse for one analysis, on the engine that `WAREHOUSE_ENGINE` names."""
    warehouse = DuckDB() if settings.WAREHOUSE_ENGINE == "duckdb" else Spark(settings.WAREHOUSE_ENGINE)
    try:
        with told():
            yield warehouse
    finally:
        warehouse.close()


def answer() -> str:
    """That the chosen engine can be asked, in a sentence; else an error says why not. Starts nothing on a cluster."""
    if settings.WAREHOUSE_ENGINE == "duckdb":
        with connect() as warehouse:
            warehouse.number(warehouse.table("events").limit(1).count())
        return _("DuckDB answers")
    _require_spark()
    host, port = settings.WAREHOUSE_ENGINE.removeprefix("spark://").split(",")[0].split(":")
    with socket.create_connection((host, int(port)), timeout=5):
        return _("the Spark master at %(address)s can be reached") % {"address": f"{host}:{port}"}
