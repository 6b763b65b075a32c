"""A finished experiment from a file: `manage.py import_results --help` shows an example."""

import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from engagement.core.command import Refusable
from engagement.core.moments import parse_moment
from experiments.results_file import Columns, ResultsMetric
from experiments.services import analysis
from experiments.services.results_import import ResultsFile, import_results

EXAMPLE = """example:
  python manage.py import_results hillstrom hillstrom.csv.gz --variant segment --control "No E-Mail" \\
      --metric visit:proportion --metric spend:mean --primary spend
"""


class Command(Refusable):
    help = "Imports a finished experiment from a CSV file with one row per customer, and analyses it."
    epilog = EXAMPLE

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="the experiment's key: letters, digits, - and _")
        parser.add_argument("file", type=Path, help="CSV or CSV.gz, UTF-8, with a header line")
        parser.add_argument("--variant", required=True, metavar="COL", help="the column that names each row's variant")
        parser.add_argument("--control", required=True, metavar="V", help="the variant the others are compared with")
        parser.add_argument("--customer", metavar="COL", help="the column with the customer id; default KEY:ROW")
        parser.add_argument(
            "--metric", required=True, action="append", type=_metric, metavar="NAME:KIND[:COL]", dest="metrics",
            help="a metric; KIND is proportion (0/1, true/false) or mean; COL is NAME unless given",
        )  # fmt: skip
        parser.add_argument("--primary", metavar="NAME", help="the metric that decides; default the first")
        parser.add_argument(
            "--covariate", action="append", type=_pair, default=[], metavar="METRIC=COL", dest="covariates",
            help="the column with the metric's value from before the exposure",
        )  # fmt: skip
        parser.add_argument(
            "--share", action="append", type=_share, default=[], metavar="V=S", dest="shares",
            help="planned share of a variant; default equal shares",
        )  # fmt: skip
        parser.add_argument(
            "--exposed-at",
            type=parse_moment,
            metavar="TIME",
            help="when everybody was exposed; default today, midnight UTC",
        )

    def answer(self, **options: Any) -> str:
        columns = Columns(
            variant=options["variant"], control=options["control"], customer=options["customer"],
            metrics=tuple(options["metrics"]), covariates=dict(options["covariates"]),
        )  # fmt: skip
        file = ResultsFile(
            path=options["file"], name=options["file"].name, columns=columns, primary=options["primary"],
            shares=dict(options["shares"]) or None, exposed_at=options["exposed_at"],
        )  # fmt: skip
        with self.progress() as progress:
            experiment, is_new = import_results(key=options["key"], file=file, actor=None, progress=progress)
            if not is_new:
                return f"{experiment.key}: these results are here already; nothing changed."
            analysis.analyse(experiment=experiment, progress=progress)
        rows = experiment.results_import.rows
        return f"{experiment.key}: {rows:,} customers in {experiment.variants.count()} variants imported and analysed."


def _metric(text: str) -> ResultsMetric:
    name, _colon, rest = text.partition(":")
    kind, _colon, column = rest.partition(":")
    if not name or kind not in ("proportion", "mean"):
        raise argparse.ArgumentTypeError(f"“{text}” is not NAME:proportion or NAME:mean, with :COL after it if needed")
    return ResultsMetric(name, kind, column or name)  # type: ignore[arg-type]  # checked one line above


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"“{text}” is not of the form A=B")
    return name, value


def _share(text: str) -> tuple[str, float]:
    variant, _equals, share = text.rpartition("=")
    try:
        return variant, float(share)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is not of the form VARIANT=SHARE, such as control=0.5") from None
