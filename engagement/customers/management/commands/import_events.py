"""Events from a file into the store."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from engagement.core.command import Refusable
from engagement.core.moments import parse_moment
from engagement.customers.services.event_imports import import_events


class Command(Refusable):
    help = "Imports events from a CSV, CSV.gz or Parquet file. Repeating an import changes nothing."
    epilog = "example:\n  python manage.py import_events orders.csv.gz --complete-through 2026-08-01T00:00Z\n"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="columns customer_id, event, occurred_at; more in the contracts")
        parser.add_argument(
            "--complete-through", type=parse_moment, metavar="TIME", help="default: the newest event of each feed"
        )

    def answer(self, **options: Any) -> str:
        path: Path = options["file"]
        with self.progress() as progress:
            done = import_events(
                path=path, name=path.name, complete_through=options["complete_through"], progress=progress
            )
        return f"{path.name}: {done.rows:,} events read, {done.new:,} of them new."
