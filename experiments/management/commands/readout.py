"""Prints the newest readout of an experiment."""

import json
from typing import Any

from django.core.management.base import CommandParser

from engagement.core.command import Refusable
from experiments import queries
from experiments.reports.plain_text import readout_text


class Command(Refusable):
    help = "Prints the newest readout of an experiment."
    epilog = "example:\n  python manage.py readout hillstrom --format json\n"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="the experiment's key")
        parser.add_argument("--format", choices=["text", "json"], default="text")

    def answer(self, **options: Any) -> str:
        readout = queries.newest_readout(options["key"])
        if options["format"] == "json":
            return json.dumps(readout.document, indent=1, ensure_ascii=False)
        return readout_text(readout.document)
