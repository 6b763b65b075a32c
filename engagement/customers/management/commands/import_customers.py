"""Customers from a file into the database."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from engagement.core.command import Refusable
from engagement.customers.services.customer_imports import import_customers


class Command(Refusable):
    help = "Imports customers from a CSV, CSV.gz or Parquet file. Repeating an import changes nothing."
    epilog = "example:\n  python manage.py import_customers readers.csv.gz\n"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="column customer_id; email, time_zone, locale, first_seen; traits")

    def answer(self, **options: Any) -> str:
        path: Path = options["file"]
        with self.progress() as progress:
            rows, changed = import_customers(path=path, name=path.name, progress=progress)
        return f"{path.name}: {rows:,} customers read, {changed:,} of them new or changed."
