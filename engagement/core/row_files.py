"""Files of rows that people hand over: CSV, gzipped CSV, Parquet. Read as streams, refused with line and column."""

import csv
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from _csv import Reader

GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
PARQUET_BATCH = 50_000


class FileRefused(Exception):
    """Why this file cannot be used, in one sentence with line and column where there are any."""


class RowFile:
    """A header, and after it rows of cells, each with the line it stands on (Parquet: its row number)."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name

    def refuse(self, sentence: str, *, line: int | None = None, column: str | None = None) -> NoReturn:
        where = self.name + (f", line {line}" if line else "") + (f", column “{column}”" if column else "")
        raise FileRefused(f"{where}: {sentence}")

    def read(self) -> tuple[list[str], Iterator[tuple[int, Sequence[Any]]]]:
        """The header and the rows below it. CSV cells are text; Parquet cells are what the file holds."""
        with self.path.open("rb") as file:
            start = file.read(4)
        if not start:
            self.refuse("the file is empty.")
        if start == PARQUET:
            return self._parquet()
        records = self._records(is_gzip=start.startswith(GZIP))
        first = next(records, None)
        if first is None:
            self.refuse("the file is empty.")
        return first[1], self._even(len(first[1]), records)

    def place(self, header: Sequence[str], column: str) -> int:
        """Where a column stands; refuses one that is missing or there twice."""
        places = [place for place, cell in enumerate(header) if cell == column]
        if not places:
            self.refuse(f"there is no column “{column}”; the columns are {', '.join(header[:30])}.", line=1)
        if len(places) > 1:
            self.refuse("two columns have this name.", line=1, column=column)
        return places[0]

    def _even(self, width: int, records: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
        for line, cells in records:
            if len(cells) != width:
                self.refuse(f"{len(cells)} cells where the header names {width}.", line=line)
            yield line, cells

    def _records(self, *, is_gzip: bool) -> Iterator[tuple[int, list[str]]]:
        with self.path.open("rb") as file:
            reader = csv.reader(self._lines(gzip.GzipFile(fileobj=file) if is_gzip else file), strict=True)
            yield from self._parsed(reader)

    def _parsed(self, reader: "Reader") -> Iterator[tuple[int, list[str]]]:
        while True:
            line = reader.line_num + 1  # a quoted cell may span lines: a record is named by its first
            try:
                cells = next(reader, None)
            except csv.Error as error:
                self.refuse(f"this is no CSV: {error}.", line=line)
            if cells is None:
                return
            if cells:  # an empty line separates nothing
                yield line, cells

    def _lines(self, source: BinaryIO | gzip.GzipFile) -> Iterator[str]:
        """Text lines; decoded one by one so that a bad byte is found on its own line."""
        number = 0
        try:
            for number, line in enumerate(source, start=1):
                if b"\0" in line:
                    self.refuse("this is no CSV file: it holds zero bytes.", line=number)
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            self.refuse(f"byte {error.start + 1} of the line is no UTF-8; save the file as UTF-8.", line=number)
        except (EOFError, OSError) as error:
            self.refuse(f"the gzip file is damaged after this line ({error}).", line=number)

    def _parquet(self) -> tuple[list[str], Iterator[tuple[int, Sequence[Any]]]]:
        try:
            header = pq.read_schema(self.path).names
        except (pa.ArrowInvalid, OSError) as error:
            self.refuse(f"the Parquet file is damaged ({error}).")
        return header, self._parquet_rows()

    def _parquet_rows(self) -> Iterator[tuple[int, Sequence[Any]]]:
        number = 0
        with pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=PARQUET_BATCH):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    number += 1
                    yield number, row
