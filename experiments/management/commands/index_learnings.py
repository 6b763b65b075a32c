"""Makes the library of learnings anew."""

from typing import Any

from engagement.core.command import Refusable
from experiments.services import learnings


class Command(Refusable):
    help = "Makes the search of learnings anew from decisions and retros. The worker does it every night."
    epilog = "example:\n  python manage.py index_learnings\n"

    def answer(self, **options: Any) -> str:
        return learnings.rebuild()
