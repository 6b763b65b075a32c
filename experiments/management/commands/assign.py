"""Variants for a whole audience, for another sender."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from engagement.core.command import Refusable
from experiments.services.assigning import Reason
from experiments.services.assignment_export import export


class Command(Refusable):
    help = "Decides the variant of every customer of an audience and writes them to a CSV file."
    epilog = "example:\n  python manage.py assign spring-mail --audience readers.csv -o assigned.csv\n"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="the experiment's key; it must run")
        parser.add_argument(
            "--audience", type=Path, metavar="FILE",
            help="CSV, CSV.gz or Parquet with a column customer_id; default everybody it may decide about",
        )  # fmt: skip
        parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")

    def answer(self, **options: Any) -> str:
        with self.progress() as progress:
            counts = export(key=options["key"], audience=options["audience"], to=options["output"], progress=progress)
        told = [f"{options['key']}: {counts[Reason.ASSIGNED]:,} customers assigned, written to {options['output']}."]
        others = [f"{count:,} {reason}" for reason, count in counts.items() if reason != Reason.ASSIGNED]
        if others:
            told.append(f"Left out: {', '.join(others)}.")
        return " ".join(told)
