"""A file of events, checked row by row: customer, event, time, and what else came along."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engagement.core.cells import amount, currency_code, moment, optional_text, required_text, text_of
from engagement.core.row_files import RowFile

OWN_COLUMNS = ("customer_id", "event", "occurred_at", "message_id", "value", "currency")


@dataclass(frozen=True, slots=True)
class EventRow:
    customer: str
    event: str
    occurred_at: datetime
    message_id: str | None
    content: bytes  # what identifies the row where it has no message id, together with its occurrence number
    value: float | None
    currency: str | None
    properties: tuple[tuple[str, str], ...]


def read_events(path: Path, *, name: str) -> Iterator[EventRow]:
    """Every event of the file; raises `FileRefused` at the first row that cannot be used.

    Columns beyond the known ones become properties, where a cell is not empty. A time without a zone is UTC.
    """
    yield from _Events(RowFile(path, name)).rows()


class _Events:
    def __init__(self, file: RowFile) -> None:
        self.file = file

    def rows(self) -> Iterator[EventRow]:
        header, rows = self.file.read()
        places = {column: self.file.place(header, column) for column in OWN_COLUMNS[:3]}
        places |= {column: header.index(column) for column in OWN_COLUMNS[3:] if column in header}
        others = sorted((column, place) for place, column in enumerate(header) if column not in OWN_COLUMNS)
        count = 0
        for count, (line, cells) in enumerate(rows, start=1):  # noqa: B007  counted to tell an empty file
            yield self._row(line, cells, places, others)
        if count == 0:
            self.file.refuse("there is a header and no row below it.")

    def _row(
        self, line: int, cells: Sequence[Any], places: Mapping[str, int], others: Sequence[tuple[str, int]]
    ) -> EventRow:
        def cell(column: str, read: Callable[[Any], Any]) -> Any:
            place = places.get(column)
            try:
                return None if place is None else read(cells[place])
            except ValueError as error:
                self.file.refuse(f"“{str(cells[places[column]])[:40]}” {error}.", line=line, column=column)

        properties = tuple((name, text_of(cells[place])) for name, place in others if cells[place] not in (None, ""))
        customer, event, at = (
            cell("customer_id", required_text),
            cell("event", required_text),
            cell("occurred_at", moment),
        )
        value, currency = cell("value", amount), cell("currency", currency_code)
        content = repr((customer, event, at, value, currency, properties)).encode()
        return EventRow(
            customer=customer,
            event=event,
            occurred_at=at,
            message_id=cell("message_id", optional_text),
            content=hashlib.blake2b(content, digest_size=16).digest(),
            value=value,
            currency=currency,
            properties=properties,
        )
