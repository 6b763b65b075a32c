"""A finished experiment's file: one row per customer. Reads it streaming, believes nothing, names what is wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from engagement.core.cells import amount
from engagement.core.row_files import RowFile

LONGEST_KEY = 100
LONGEST_CUSTOMER = 255
MOST_VARIANTS = 10
FIRST_BYTES = 256_000
TRUTH = {"": 0.0, "0": 0.0, "1": 1.0, "false": 0.0, "true": 1.0, "0.0": 0.0, "1.0": 1.0}


Parser: TypeAlias = tuple[int, str, Callable[[str], float]]  # place of the column, its name, how a cell is read


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
    return RowFile(path, name).read_start(rows, first_bytes=FIRST_BYTES)


class _Reader:
    def __init__(self, path: Path, columns: Columns, name: str) -> None:
        self.file, self.columns = RowFile(path, name), columns
        self.refuse = self.file.refuse
        self.variants: set[str] = set()

    def rows(self) -> Iterator[Row]:
        header, rows = self.file.read_csv()
        parsers = self._parsers(header)
        number = 0
        for number, (line, cells) in enumerate(rows, start=1):
            yield self._row(number, line, cells, parsers)
        self._check_whole(number)

    def _parsers(self, header: list[str]) -> list[Parser]:
        self.variant_at = self.file.place(header, self.columns.variant)
        self.customer_at = self.file.place(header, self.columns.customer) if self.columns.customer else None
        parsers: list[Parser] = [
            (self.file.place(header, metric.column), metric.column, _truth if metric.kind == "proportion" else _amount)
            for metric in self.columns.metrics
        ]
        before = [self.columns.covariates.get(metric.name) for metric in self.columns.metrics]
        return parsers + [(self.file.place(header, column), column, _amount) for column in before if column is not None]

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


def _truth(text: str) -> float:
    try:
        return TRUTH[text.lower()]
    except KeyError:
        raise ValueError("is neither 0, 1, true nor false") from None


def _amount(text: str) -> float:
    return amount(text) or 0.0
