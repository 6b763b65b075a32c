"""Whether what the site stands on answers: a line each for `check_health`, one answer for `/health/ready`."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.utils.translation import gettext as _

from engagement.core.models import Job, JobState


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    passed: bool
    finding: str


def checks(*, mail: bool = False) -> list[Check]:
    """Database, store and queue; mail too if asked, since it may take a network round trip."""
    asked: list[tuple[str, Callable[[], str]]] = [("database", _database), ("store", _store), ("queue", _queue)]
    if mail:
        asked.append(("mail", _mail))
    return [_try(name, ask) for name, ask in asked]


def _try(name: str, ask: Callable[[], str]) -> Check:
    try:
        return Check(name, True, ask())
    except Exception as error:  # noqa: BLE001  whatever fails here is the finding itself
        return Check(name, False, f"{type(error).__name__}: {error}")


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return _("%(vendor)s answers") % {"vendor": connection.vendor}


def _store() -> str:
    settings.WAREHOUSE_DIR.mkdir(parents=True, exist_ok=True)
    probe = settings.WAREHOUSE_DIR / ".probe"
    probe.write_bytes(b"")
    probe.unlink()
    return _("the folder can be written")


def _queue() -> str:
    waiting = Job.objects.filter(state=JobState.QUEUED).count()
    return _("%(count)d jobs waiting") % {"count": waiting}


def _mail() -> str:
    with get_connection():
        return _("the mail server answers")
