"""Recomputes readouts from the store."""

from datetime import datetime
from typing import Any

from django.core.management.base import CommandParser

from engagement.core.command import Refusable
from engagement.core.errors import Conflict, DomainError
from engagement.core.jobs import Progress
from engagement.core.moments import parse_moment
from experiments import queries
from experiments.models import Experiment
from experiments.services import analysis


class Command(Refusable):
    help = "Recomputes the readouts of the named experiments, or of all that have results."
    epilog = "example:\n  python manage.py analyse hillstrom --as-of 2026-08-18T00:00Z\n"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("keys", nargs="*", metavar="KEY", help="the experiments; default all with results")
        parser.add_argument("--as-of", type=parse_moment, metavar="TIME", help="use only events before this time")
        parser.add_argument("--full", action="store_true", help="read every day again, what came late included")

    def answer(self, **options: Any) -> str:
        as_of: datetime | None = options["as_of"]
        experiments = [queries.experiment(key) for key in options["keys"]] or list(queries.with_results())
        with self.progress() as progress:
            answers = [self._analyse(each, as_of, progress, is_full=options["full"]) for each in experiments]
        refusals = [refusal for refusal in answers if refusal]
        for refusal in refusals:
            self.stderr.write(refusal)
        done = len(experiments) - len(refusals)
        if refusals:
            raise Conflict(f"{done} readouts computed, {len(refusals)} not.")
        return f"{done} readouts computed."

    def _analyse(self, experiment: Experiment, as_of: datetime | None, progress: Progress, *, is_full: bool) -> str:
        """Why this one could not be analysed, or nothing: the others go on."""
        try:
            analysis.analyse(experiment=experiment, as_of=as_of, is_full=is_full, progress=progress)
        except DomainError as error:
            return str(error)
        return ""
