"""Moves what came in over HTTP into the store."""

from typing import Any

from engagement.core.command import Refusable
from engagement.customers.services.flushing import flush


class Command(Refusable):
    help = "Moves accepted events from the inbox into the store, exactly once. The worker does it every minute."
    epilog = "example:\n  python manage.py flush_events\n"

    def answer(self, **options: Any) -> str:
        return f"{flush():,} items moved."
