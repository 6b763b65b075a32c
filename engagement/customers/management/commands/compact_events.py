"""Makes few large files of many small ones."""

from typing import Any

from engagement.core.command import Refusable
from engagement.customers.services.upkeep import compact


class Command(Refusable):
    help = (
        "Rewrites the store's small files as large ones and deletes those unused for a week. The worker does it daily."
    )
    epilog = "example:\n  python manage.py compact_events\n"

    def answer(self, **options: Any) -> str:
        fewer, deleted = compact()
        return f"{fewer:,} files fewer; {deleted:,} old files deleted."
