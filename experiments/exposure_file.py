"""A file of exposures, checked row by row: which customer met which variant of which experiment, and when."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engagement.core.cells import amount, moment, required_text
from engagement.core.row_files import RowFile

REQUIRED = ("experiment", "customer_id", "variant", "exposed_at")


@dataclass(frozen=True, slots=True)
class ExposureRow:
    experiment: str
    customer: str
    variant: str
    exposed_at: datetime
    propensity: float | None
    batch: int | None


def read_exposures(path: Path, *, name: str, variants: Mapping[str, frozenset[str]]) -> Iterator[ExposureRow]:
    """Every exposure of the file; `variants` are those of each known experiment. Raises `FileRefused`."""
    file = RowFile(path, name)
    header, rows = file.read()
    places = {column: file.place(header, column) for column in REQUIRED}
    places |= {column: header.index(column) for column in ("propensity", "batch") if column in header}
    count = 0
    for count, (line, cells) in enumerate(rows, start=1):  # noqa: B007  counted to tell an empty file
        yield _row(file, line, cells, places, variants)
    if count == 0:
        file.refuse("there is a header and no row below it.")


def _row(
    file: RowFile, line: int, cells: Sequence[Any], places: Mapping[str, int], variants: Mapping[str, frozenset[str]]
) -> ExposureRow:
    read = {"exposed_at": moment, "propensity": _propensity, "batch": _batch}
    values: dict[str, Any] = {}
    for column, place in places.items():
        try:
            values[column] = read.get(column, required_text)(cells[place])
        except ValueError as error:
            file.refuse(f"“{str(cells[place])[:40]}” {error}.", line=line, column=column)
    experiment, variant = values["experiment"], values["variant"]
    if experiment not in variants:
        file.refuse(f"there is no experiment “{experiment}”.", line=line, column="experiment")
    if variant not in variants[experiment]:
        known = ", ".join(f"“{key}”" for key in sorted(variants[experiment]))
        file.refuse(f"“{experiment}” has no variant “{variant}”; it has {known}.", line=line, column="variant")
    return ExposureRow(
        experiment, values["customer_id"], variant, values["exposed_at"], values.get("propensity"), values.get("batch")
    )


def _propensity(cell: Any) -> float | None:
    share = amount(cell)
    if share is not None and not 0 < share <= 1:
        raise ValueError("is no propensity; it must lie above 0 and at most be 1")
    return share


def _batch(cell: Any) -> int | None:
    if cell is None or cell == "":
        return None
    try:
        number = int(str(cell))
    except ValueError:
        raise ValueError("is no whole number") from None
    if number < 0:
        raise ValueError("is no batch; batches count from 0")
    return number
