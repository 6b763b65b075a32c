"""Says whether what the site stands on answers."""

import sys
from typing import Any

from engagement.core import health
from engagement.core.command import Refusable


class Command(Refusable):
    help = "Checks database, store, queue and mail, one line each; exit 1 if any of them fails."
    epilog = "example:\n  python manage.py check_health\n"
    # Both would ask the database before we do, and end in a traceback where a line is wanted.
    requires_migrations_checks = False
    requires_system_checks = []

    def answer(self, **options: Any) -> str:
        checks = health.checks(is_thorough=True)
        lines = "\n".join(_line(check) for check in checks)
        if all(check.passed for check in checks):
            return lines
        self.stdout.write(lines)
        sys.exit(1)


def _line(check: health.Check) -> str:
    """One line whatever the finding: drivers tell of a lost connection in several."""
    return f"{'pass' if check.passed else 'fail'}  {check.name}: {' '.join(check.finding.split())}"
