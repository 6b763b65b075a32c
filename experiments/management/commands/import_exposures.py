"""Exposures from a file into the store."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from engagement.core.command import Refusable
from experiments.services.exposure_imports import import_exposures


class Command(Refusable):
    help = "Imports exposures from a CSV, CSV.gz or Parquet file. Repeating an import changes nothing."
    epilog = "example:\n  python manage.py import_exposures exposures.csv.gz\n"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="columns experiment, customer_id, variant, exposed_at")

    def answer(self, **options: Any) -> str:
        path: Path = options["file"]
        with self.progress() as progress:
            done = import_exposures(path=path, name=path.name, progress=progress)
        return f"{path.name}: {done.rows:,} exposures read, {done.new:,} of them new."
