"""A finished experiment's file: one row per customer. Reads it streaming, believes nothing, names what is wrong."""

import csv
import gzip
import math
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, NoReturn, TypeAlias

if TYPE_CHECKING:
    from _csv import Reader

LARGEST = 1e15  # beyond it squares and cubes lose their digits
LONGEST_KEY = 100
LONGEST_CUSTOMER = 255
MOST_VARIANTS = 10
FIRST_BYTES = 256_000
TRUTH = {"": 0.0, "0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0, "0.0": 0.0, "1.0": 1.0}


Parser: TypeAlias = tuple[int, str, Callable[[str], float]]  # place of the column, its name, how a cell is read


class FileRefused(Exception):
    """Why this file cannot be used, in one sentence with line and column where there are any."""


@dataclass(frozen=True, slots=True)
class ResultsMetric:
    name: str
    kind: Literal["proportion", "mean"]
    column: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Which columns hold what. `covariates` maps a metric's name to the column with its pre-period value."""

    variant: str
    control: str
    metrics: tuple[ResultsMetric, ...]
    customer: str | None = None
    covariates: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    number: int  # first data row = 1
    line: int
    customer: str | None
    variant: str
    values: tuple[float, ...]  # per metric, then per covariate in the order of the metrics that have one


def read_rows(path: Path, columns: Columns, *, name: str) -> Iterator[Row]:
    """Every row of the file, checked; raises `FileRefused` at the first that cannot be used.

    `name` is what people call the file. Gzip is told by its first bytes. At the end the variants are known, so that a
    single one, or a control that no row has, is refused then: the caller must keep nothing before the iterator ends.
    """
    reader = _Reader(path, columns, name)
    yield from reader.rows()


def read_start(path: Path, *, name: str, rows: int = 200) -> tuple[list[str], list[list[str]]]:
    """The header and the first rows as text, from the first 256 kB of the file alone, however long it is.

    Raises `FileRefused` where there is no header to be read. Ragged rows are left out: the full reading names them.
    """
    return _Reader(path, Columns("", "", ()), name).start(rows)


class _Reader:
    def __init__(self, path: Path, columns: Columns, name: str) -> None:
        self.path, self.columns, self.name = path, columns, name
        self.variants: set[str] = set()

    def refuse(self, sentence: str, *, line: int | None = None, column: str | None = None) -> NoReturn:
        where = self.name + (f", line {line}" if line else "") + (f", column “{column}”" if column else "")
        raise FileRefused(f"{where}: {sentence}")

    def start(self, rows: int) -> tuple[list[str], list[list[str]]]:
        with self.path.open("rb") as file:
            reader = csv.reader(self._lines(_first_lines(self._bytes(file))), strict=True)
            header = self._header(reader)
            try:
                found = [cells for _line, cells in islice(self._records(reader), rows)]
            except FileRefused:
                found = []  # the full reading says what is wrong there, with its line
        return header, [cells for cells in found if len(cells) == len(header)]

    def rows(self) -> Iterator[Row]:
        with self.path.open("rb") as file:
            reader = csv.reader(self._lines(self._bytes(file)), strict=True)
            header = self._header(reader)
            parsers = self._parsers(header)
            number = 0
            for number, (line, cells) in enumerate(self._records(reader), start=1):
                if len(cells) != len(header):
                    self.refuse(f"{len(cells)} cells where the header names {len(header)}.", line=line)
                yield self._row(number, line, cells, parsers)
        self._check_whole(number)

    def _is_gzip(self, file: BinaryIO) -> bool:
        start = file.read(2)
        file.seek(0)
        if not start:
            self.refuse("the file is empty.")
        return start == b"\x1f\x8b"

    def _bytes(self, file: BinaryIO) -> BinaryIO | gzip.GzipFile:
        return gzip.GzipFile(fileobj=file) if self._is_gzip(file) else file

    def _lines(self, source: Iterable[bytes]) -> Iterator[str]:
        """Text lines; decoded one by one so that a bad byte is found on its own line."""
        number = 0
        try:
            for number, line in enumerate(source, start=1):
                if b"\0" in line:
                    self.refuse("this is no CSV file: it holds zero bytes.", line=number)
                yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            self.refuse(f"byte {error.start + 1} of the line is no UTF-8; save the file as UTF-8.", line=number)
        except (EOFError, OSError, zlib.error) as error:
            self.refuse(f"the gzip file is damaged after this line ({error}).", line=number)

    def _records(self, reader: "Reader") -> Iterator[tuple[int, list[str]]]:
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

    def _header(self, reader: "Reader") -> list[str]:
        first = next(self._records(reader), None)
        if first is None:
            self.refuse("the file is empty.")
        return first[1]

    def _parsers(self, header: list[str]) -> list[Parser]:
        self.variant_at = self._find(header, self.columns.variant)
        self.customer_at = self._find(header, self.columns.customer) if self.columns.customer else None
        parsers: list[Parser] = [
            (self._find(header, metric.column), metric.column, _truth if metric.kind == "proportion" else _amount)
            for metric in self.columns.metrics
        ]
        before = [self.columns.covariates.get(metric.name) for metric in self.columns.metrics]
        return parsers + [(self._find(header, column), column, _amount) for column in before if column is not None]

    def _find(self, header: list[str], column: str) -> int:
        places = [place for place, cell in enumerate(header) if cell == column]
        if not places:
            named = ", ".join(header[:30])
            self.refuse(f"there is no column “{column}”; the columns are {named}.", line=1)
        if len(places) > 1:
            self.refuse("two columns have this name.", line=1, column=column)
        return places[0]

    def _row(self, number: int, line: int, cells: list[str], parsers: list[Parser]) -> Row:
        values = []
        for place, column, parse in parsers:
            try:
                values.append(parse(cells[place].strip()))
            except ValueError as error:
                self.refuse(f"“{cells[place][:40]}” {error}.", line=line, column=column)
        variant = self._variant(cells[self.variant_at], line)
        customer = None if self.customer_at is None else self._customer(cells[self.customer_at], line)
        return Row(number, line, customer, variant, tuple(values))

    def _variant(self, cell: str, line: int) -> str:
        if not cell or len(cell) > LONGEST_KEY:
            wrong = "is empty" if not cell else f"is longer than {LONGEST_KEY} characters"
            self.refuse(f"the variant {wrong}.", line=line, column=self.columns.variant)
        self.variants.add(cell)
        if len(self.variants) > MOST_VARIANTS:
            sentence = (
                f"this is the eleventh variant; an experiment has at most {MOST_VARIANTS}. Is this the right column?"
            )
            self.refuse(sentence, line=line, column=self.columns.variant)
        return cell

    def _customer(self, cell: str, line: int) -> str:
        if not cell or len(cell) > LONGEST_CUSTOMER:
            wrong = "is empty" if not cell else f"is longer than {LONGEST_CUSTOMER} characters"
            self.refuse(f"the customer id {wrong}.", line=line, column=self.columns.customer)
        return cell

    def _check_whole(self, rows: int) -> None:
        if rows == 0:
            self.refuse("there is a header and no row below it.")
        listed = ", ".join(f"“{variant}”" for variant in sorted(self.variants))
        if len(self.variants) == 1:
            self.refuse(f"all rows have one variant, {listed}; a comparison needs two.", column=self.columns.variant)
        if self.columns.control not in self.variants:
            sentence = f"no row has the control “{self.columns.control}”; the variants are {listed}."
            self.refuse(sentence, column=self.columns.variant)


def _first_lines(source: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    """The lines that the first bytes hold whole; a header longer than that is cut."""
    left = FIRST_BYTES
    while left > 0 and (line := source.readline(left)):
        is_cut = len(line) == left < FIRST_BYTES and not line.endswith(b"\n")
        left -= len(line)
        if not is_cut:
            yield line


def _truth(text: str) -> float:
    try:
        return TRUTH[text.lower()]
    except KeyError:
        raise ValueError("is neither 0, 1, true nor false") from None


def _amount(text: str) -> float:
    if not text:
        return 0.0
    try:
        amount = float(text)
    except ValueError:
        raise ValueError("is no number") from None
    if "_" in text:  # Python reads 1_000, nobody's export means it
        raise ValueError("is no number")
    if not math.isfinite(amount):
        raise ValueError("is no finite number")
    if abs(amount) > LARGEST:
        raise ValueError("is too large to calculate with")
    return amount
