"""The demonstration workspace: `manage.py demo --help` shows an example."""

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from engagement.accounts.queries import workspace
from engagement.core.command import Refusable
from experiments.services import demonstration

FEWEST, MOST = 500, 200_000


class Command(Refusable):
    help = "Fills the workspace with a made-up news publisher, its experiments and its simulated readers."
    epilog = "example:\n  python manage.py demo --customers 20000 --seed 2\n"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--customers", type=_customers, default=20_000, metavar="N", help="simulated readers; default 20,000"
        )
        parser.add_argument("--seed", type=_seed, default=2, metavar="S", help="same seed, same data; default 2")
        parser.add_argument(
            "--reset",
            action="store_true",
            help="first remove everything in the demonstration workspace, members included",
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where anybody or anything is in the workspace"
        )

    def answer(self, **options: Any) -> str:
        if options["if_empty"] and not demonstration.is_untouched():
            return _left_alone()
        with self.progress() as progress:
            sign_ins = demonstration.build(
                customers=options["customers"], seed=options["seed"], reset=options["reset"], progress=progress
            )
        return _ready(sign_ins, options["customers"])


def _ready(sign_ins: list[demonstration.SignIn], customers: int) -> str:
    head = _(
        "%(name)s is ready, with %(count)s simulated readers. Open %(address)s and sign in as one of these; the "
        "passwords are shown this once, and work on this machine only."
    )
    values = {"name": workspace().name, "count": f"{customers:,}", "address": settings.BASE_URL}
    lines = [f"  {sign_in.role:13}  {sign_in.email:36}  {sign_in.password}" for sign_in in sign_ins]
    return "\n".join([head % values, "", *lines, ""])


def _left_alone() -> str:
    if not workspace().is_demonstration:
        return _("This workspace is in use, so the demonstration was left out.")
    return _(
        "The demonstration is here; its sign-ins were printed at the first start. New ones come with a new "
        "demonstration (python manage.py demo --reset), or for one member with python manage.py changepassword E-MAIL."
    )


def _customers(text: str) -> int:
    if not text.isdigit() or not FEWEST <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number from {FEWEST} to {MOST:,}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number from 0 up")
    return int(text)
