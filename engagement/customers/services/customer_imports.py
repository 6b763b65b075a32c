"""Customers from a file into the database: created or brought up to date, and a repeat changes nothing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from engagement.core.cells import moment, optional_text, required_text, text_of
from engagement.core.clock import microseconds, now
from engagement.core.errors import InvalidInput
from engagement.core.jobs import Progress
from engagement.core.row_files import FileRefused, RowFile
from engagement.customers.models import Customer
from engagement.customers.services import customers, feeds, peace

BATCH = 5_000
KNOWN = ("email", "time_zone", "locale", "first_seen")
LONGEST = {"time_zone": 64, "locale": 35}


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """A line of the file; a column that the file does not have is in neither."""

    external_id: str
    columns: dict[str, Any]
    traits: dict[str, str]


def import_customers(*, path: Path, name: str, progress: Progress) -> tuple[int, int]:
    """Stores the file's customers; (rows, how many were new or changed). All of them or, where a row is wrong, none."""
    progress.doing(_("Checking %(file)s") % {"file": name})
    try:
        rows = 0
        for rows, _row in enumerate(_read(path, name), start=1):
            progress.reached(rows)
        progress.doing(_("Storing customers"), total=rows)
        return rows, _store(_read(path, name), progress)
    except FileRefused as error:
        raise InvalidInput(str(error), field="file") from error


@transaction.atomic
def _store(rows: Iterator[CustomerRow], progress: Progress) -> int:
    changed = done = 0
    told: set[str] = set()
    while chunk := list(islice(rows, BATCH)):
        changed += _store_chunk({row.external_id: row for row in chunk})
        told.update(name for row in chunk for name, value in (*row.columns.items(), *row.traits.items()) if value)
        done += len(chunk)
        progress.reached(done)
    feeds.told(told)
    return changed


def _store_chunk(rows: dict[str, CustomerRow]) -> int:
    ids = list(rows)
    known = set(Customer.objects.filter(external_id__in=ids).values_list("external_id", flat=True))
    owners = customers.ensure(ids)  # of a merged customer, the one who stayed
    stored = Customer.objects.select_for_update().in_bulk(owners)
    at = microseconds(now())
    changed = {row.external_id for pk, row in zip(owners, rows.values(), strict=True) if _update(stored[pk], row, at)}
    touched = [stored[pk] for pk in {pk for pk, external_id in zip(owners, ids, strict=True) if external_id in changed}]
    Customer.objects.bulk_update(touched, [*KNOWN, "traits", "told_at"], batch_size=500)
    peace.keep({row.email: row.pk for row in touched if row.email})
    return len(changed | (set(ids) - known))


def _update(customer: Customer, row: CustomerRow, at: int) -> bool:
    """Brings one customer up to date; whether that changed anything. A file says what holds at the time it comes in."""
    traits = {**customer.traits, **row.traits}
    wanted = {**row.columns, "traits": traits}
    if all(getattr(customer, column) == value for column, value in wanted.items()):
        return False
    for column, value in wanted.items():
        setattr(customer, column, value)
    customer.told_at.update(dict.fromkeys([*row.columns, *row.traits], at))
    return True


def _read(path: Path, name: str) -> Iterator[CustomerRow]:
    file = RowFile(path, name)
    header, rows = file.read()
    own = {column: file.place(header, column) for column in ("customer_id", *KNOWN) if column in header}
    own.setdefault("customer_id", file.place(header, "customer_id"))
    traits = [(column, place) for place, column in enumerate(header) if column not in own]
    count = 0
    for count, (line, cells) in enumerate(rows, start=1):  # noqa: B007  counted to tell an empty file
        yield _row(file, line, cells, own, traits)
    if count == 0:
        file.refuse("there is a header and no row below it.")


def _row(
    file: RowFile, line: int, cells: Sequence[Any], own: dict[str, int], traits: Sequence[tuple[str, int]]
) -> CustomerRow:
    read = {"customer_id": required_text, "email": _email, "first_seen": _first_seen}
    values: dict[str, Any] = {}
    for column, place in own.items():
        try:
            values[column] = read[column](cells[place]) if column in read else _short(column, cells[place])
        except ValueError as error:
            file.refuse(f"“{str(cells[place])[:40]}” {error}.", line=line, column=column)
    external_id = values.pop("customer_id")
    return CustomerRow(
        external_id, values, {name: text_of(cells[p]) for name, p in traits if cells[p] not in (None, "")}
    )


def _email(cell: Any) -> str:
    text = optional_text(cell) or ""
    try:
        if text:
            validate_email(text)
    except ValidationError:
        raise ValueError("is no e-mail address") from None
    return text


def _first_seen(cell: Any) -> datetime | None:
    return None if cell in (None, "") else moment(cell)


def _short(column: str, cell: Any) -> str:
    text = optional_text(cell) or ""
    if len(text) > LONGEST[column]:
        raise ValueError(f"is longer than {LONGEST[column]} characters")
    return text
