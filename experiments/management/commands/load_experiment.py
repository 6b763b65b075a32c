"""An experiment, its variants and metrics from a TOML file."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from engagement.core.command import Refusable
from experiments.services.loading import load


class Command(Refusable):
    help = "Creates or updates an experiment, its variants and metrics from a TOML file."
    epilog = "example:\n  python manage.py load_experiment welcome.toml\n"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.toml")

    def answer(self, **options: Any) -> str:
        experiment, is_changed = load(path=options["file"], actor=None)
        variants, metrics = experiment.variants.count(), experiment.metrics.count()
        if not is_changed:
            return f"{experiment.key}: as in the file already; nothing changed."
        return f"{experiment.key}: {variants} variants and {metrics} metrics loaded; {experiment.get_state_display()}."
