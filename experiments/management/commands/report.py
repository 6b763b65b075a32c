"""A quarter's report as a file."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.template.loader import render_to_string

from engagement.core.command import Refusable
from experiments import queries
from experiments.reports.quarterly.page import quarter_page
from experiments.reports.quarterly.paper import PAPERS, pdf
from experiments.reports.quarterly.period import quarter_named
from experiments.services.reporting.releasing import draft


class Command(Refusable):
    help = "Writes the report of a quarter: its newest revision, before the first release the draft."
    epilog = "example:\n  python manage.py report 2026-Q3 --format pdf -o report.pdf\n"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("quarter", metavar="QUARTER", help="such as 2026-Q3")
        parser.add_argument("--format", choices=["html", "pdf", "json"], default="json")
        parser.add_argument("--paper", choices=list(PAPERS), default="a4", help="of a PDF")
        parser.add_argument(
            "-o", "--output", type=Path, metavar="FILE", help="default: standard output; of a PDF a must"
        )

    def answer(self, **options: Any) -> str:
        quarter, form = quarter_named(options["quarter"]), options["format"]
        if form == "pdf" and options["output"] is None:
            raise CommandError("A PDF needs a file to be written to: name it with -o.", returncode=2)
        revision = queries.revisions(str(quarter)).first()
        document = revision.document if revision else draft(quarter=quarter)
        if form == "pdf":
            written = pdf(document, revision=revision, address="", paper=options["paper"])
        elif form == "html":
            context = {**quarter_page(document), "revision": revision, "is_draft": revision is None, "address": ""}
            written = render_to_string("experiments/report.html", context).encode()
        else:
            written = json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n"
        if options["output"] is None:
            return written.decode().removesuffix("\n")
        options["output"].write_bytes(written)
        return f"{quarter} written to {options['output']}."
