"""A quarter's report as a file."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from engagement.core.command import Refusable
from experiments.reports.quarterly.document import quarter_report
from experiments.reports.quarterly.period import quarter_named


class Command(Refusable):
    help = "Writes the report of a quarter."
    epilog = "example:\n  python manage.py report 2026-Q3 --format json -o report.json\n"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("quarter", metavar="QUARTER", help="such as 2026-Q3")
        parser.add_argument("--format", choices=["json"], default="json")
        parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")

    def answer(self, **options: Any) -> str:
        quarter = quarter_named(options["quarter"])
        text = json.dumps(quarter_report(quarter), indent=1, ensure_ascii=False)
        if options["output"] is None:
            return text
        options["output"].write_text(text + "\n", encoding="utf-8")
        return f"{quarter} written to {options['output']}."
