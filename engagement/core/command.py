"""What all commands of the house share: exit 0 done, 1 refused in one sentence on stderr, 2 wrong usage."""

import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from engagement.core.errors import DomainError
from engagement.core.jobs import Progress


class BarProgress(Progress):
    """Progress as a bar on a terminal; silent where nobody looks."""

    def __init__(self, bar: Any) -> None:
        super().__init__()
        self.bar = bar
        self.task: Any = None

    def doing(self, sentence: str, *, total: int | None = None) -> None:
        if self.task is not None:
            self.bar.remove_task(self.task)
        self.task = self.bar.add_task(sentence, total=total)

    def reached(self, done: int) -> None:
        if self.task is not None:
            self.bar.update(self.task, completed=done)


class Refusable(BaseCommand):
    """A command that does its work in `answer` and prints the sentence it returns."""

    epilog = ""
    requires_migrations_checks = True

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, epilog=self.epilog, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            sentence = self.answer(**options)
        except DomainError as error:
            self.stderr.write(str(error))
            sys.exit(1)
        except FileNotFoundError as error:
            self.stderr.write(f"There is no file {error.filename}.")
            sys.exit(1)
        if sentence:
            self.stdout.write(sentence)

    def answer(self, **options: Any) -> str:
        raise NotImplementedError

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        console = Console(stderr=True)
        with Bar(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
            yield BarProgress(bar)
