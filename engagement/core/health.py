"""Whether what the site stands on answers: a line each for `check_health`, one answer for `/health/ready`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from engagement.core.clock import now
from engagement.core.jobs import LOST_AFTER
from engagement.core.models import Job, JobState

LONGEST_WAIT = timedelta(minutes=10)
PROBE = 64 * 1024  # bytes: a full disk still takes an empty file


class NoWorker(Exception):
    """Jobs wait and nobody does them."""


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    passed: bool
    finding: str


def checks(*, is_thorough: bool = False) -> list[Check]:
    """Database, store and queue; if asked the store's engine and mail too, which may take a network round trip."""
    store = _store_and_engine if is_thorough else _store
    asked: list[tuple[str, Callable[[], str]]] = [("database", _database), ("store", store), ("queue", _queue)]
    if is_thorough:
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
    probe = settings.WAREHOUSE_DIR / f".probe-{uuid4().hex}"  # its own: two checks at once must not meet
    try:
        probe.write_bytes(bytes(PROBE))
    finally:
        probe.unlink(missing_ok=True)
    return _("the folder can be written")


def _store_and_engine() -> str:
    answer: Callable[[], str] = import_string("engagement.warehouse.engines.answer")  # a floor above
    return f"{_store()}; {answer()}"


def _queue() -> str:
    """One worker does one job after the other: waiting long is a fault only while none is being done."""
    waiting = Job.objects.filter(state=JobState.QUEUED)
    is_late = waiting.filter(created_at__lt=now() - LONGEST_WAIT).exists()
    if is_late and not Job.objects.filter(state=JobState.RUNNING, beat_at__gte=now() - LOST_AFTER).exists():
        minutes = LONGEST_WAIT // timedelta(minutes=1)
        raise NoWorker(_("a job has waited for more than %(minutes)d minutes and none runs") % {"minutes": minutes})
    return _("%(count)d jobs waiting") % {"count": waiting.count()}


def _mail() -> str:
    with get_connection():
        return _("the mail server answers")
