"""Files of rows that people hand over: CSV, gzipped CSV, Parquet. Read as streams, refused with line and column."""

import csv
import gzip
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from _csv import Reader

GZIP, PARQUET = b"\x1f\x8b", b"PAR1"
PARQUET_BATCH = 50_000
LONGEST_LINE = 1_000_000  # nothing longer is ever held in memory


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
        return self._parquet() if start == PARQUET else self.read_csv()

    def read_csv(self) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
        """The header and the rows below it, as text, of a file that must be CSV."""
        records = self._records(first_bytes=None)
        header = self._header(records)
        return header, self._even(len(header), records)

    def read_start(self, rows: int, *, first_bytes: int) -> tuple[list[str], list[list[str]]]:
        """The header and the first rows of a CSV file, from its first bytes alone, however long it is.

        Ragged rows are left out and reading ends where a row cannot be read: the full reading names them.
        """
        records = self._records(first_bytes=first_bytes)
        header = self._header(records)
        try:
            found = [cells for _line, cells in islice(records, rows)]
        except FileRefused:
            found = []
        return header, [cells for cells in found if len(cells) == len(header)]

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

    def _header(self, records: Iterator[tuple[int, list[str]]]) -> list[str]:
        first = next(records, None)
        if first is None:
            self.refuse("the file is empty.")
        return first[1]

    def _records(self, *, first_bytes: int | None) -> Iterator[tuple[int, list[str]]]:
        with self.path.open("rb") as file:
            start = file.read(2)
            file.seek(0)
            source = gzip.GzipFile(fileobj=file) if start == GZIP else file
            lines = _short_lines(source) if first_bytes is None else _first_lines(source, first_bytes)
            yield from self._parsed(csv.reader(self._lines(lines), strict=True))

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

    def _lines(self, source: Iterable[bytes]) -> Iterator[str]:
        """Text lines; decoded one by one so that a bad byte is found on its own line."""
        number = 0
        try:
            for number, line in enumerate(source, start=1):
                if len(line) > LONGEST_LINE:
                    self.refuse(f"the line is longer than {LONGEST_LINE:,} bytes; is this a CSV file?", line=number)
                if b"\0" in line:
                    self.refuse("this is no CSV file: it holds zero bytes.", line=number)
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            self.refuse(f"byte {error.start + 1} of the line is no UTF-8; save the file as UTF-8.", line=number)
        except (EOFError, OSError, zlib.error) as error:
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


def _short_lines(source: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    """The lines; of one that is too long only its beginning, long enough to be refused."""
    while line := source.readline(LONGEST_LINE + 1):
        yield line


def _first_lines(source: BinaryIO | gzip.GzipFile, first_bytes: int) -> Iterator[bytes]:
    """The lines that the first bytes hold whole; a header longer than that is cut."""
    left = first_bytes
    while left > 0 and (line := source.readline(left)):
        is_cut = len(line) == left < first_bytes and not line.endswith(b"\n")
        left -= len(line)
        if not is_cut:
            yield line
