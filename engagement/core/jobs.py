"""Long work outside the web process: queued after commit, run by exactly one worker, resumed when a worker dies."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from engagement.core.clock import now
from engagement.core.errors import DomainError
from engagement.core.models import Job, JobState

log = logging.getLogger(__name__)
BEAT_S = 5
LOST_AFTER = timedelta(seconds=30)


class Progress:
    """What a job's function is handed to tell how far it is; writes at most twice a second."""

    def __init__(self, job: Job | None = None) -> None:
        self.job = job
        self._written_at = now() - timedelta(days=1)

    def doing(self, sentence: str, *, total: int | None = None) -> None:
        """A new stage begins: its sentence, and its size where that is known."""
        self._write(doing=sentence, total=total, done=0)

    def reached(self, done: int) -> None:
        if now() - self._written_at > timedelta(seconds=0.5):
            self._write(done=done)

    def _write(self, **columns: Any) -> None:
        if self.job is not None:
            self._written_at = now()
            Job.objects.filter(pk=self.job.pk).update(beat_at=self._written_at, **columns)


def enqueue(name: str, /, *, label: str, asked_by: Any = None, back_url: str = "", **arguments: Any) -> Job:
    """The queued job that will call the function at dotted `name` with `progress` and the JSON `arguments`.

    The function returns `(sentence, url)`: how it ended and where to look. It must be repeatable: a worker that dies
    in the middle is replaced by another that starts the function again. Whoever sees it refused is led to `back_url`.
    """
    job = Job.objects.create(name=name, label=label, asked_by=asked_by, back_url=back_url, arguments=arguments)
    transaction.on_commit(lambda: _send(job.pk))
    return job


def run(job_id: str) -> None:
    """Does the job unless somebody else does or did; the entry point that workers call."""
    if not _claim(UUID(job_id)):
        return
    job = Job.objects.get(pk=job_id)
    with _heartbeat(job):
        try:
            outcome, url = import_string(job.name)(progress=Progress(job), **job.arguments)
        except DomainError as error:
            _end(job, JobState.REFUSED, str(error))
        except Exception:
            log.exception("job %s (%s) failed", job.pk, job.name)
            _end(job, JobState.FAILED, _("This did not work, through no fault of yours. Nothing was half-written."))
            raise
        else:
            _end(job, JobState.DONE, outcome, url)


def resume_lost() -> int:
    """Queues again each running job whose worker has given no sign of life; returns how many."""
    lost = list(Job.objects.filter(state=JobState.RUNNING, beat_at__lt=now() - LOST_AFTER).values_list("pk", flat=True))
    for pk in lost:
        _send(pk)
    return len(lost)


def _send(job_id: UUID) -> None:
    from django_q.tasks import async_task  # its import starts reading settings; the web process needs it only here

    async_task("engagement.core.jobs.run", str(job_id))  # type: ignore[no-untyped-call]  # django-q2 has no types


def _claim(job_id: UUID) -> bool:
    """True for exactly one caller: an atomic update from waiting, or from running with a runner gone silent."""
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, beat_at__lt=now() - LOST_AFTER)
    moment = now()
    return (
        Job.objects.filter(free, pk=job_id).update(state=JobState.RUNNING, started_at=moment, beat_at=moment, done=0)
        == 1
    )


def _end(job: Job, state: JobState, outcome: str, url: str = "") -> None:
    Job.objects.filter(pk=job.pk).update(state=state, outcome=outcome, result_url=url, ended_at=now(), doing="")


@contextmanager
def _heartbeat(job: Job) -> Iterator[None]:
    """Signs of life from a thread of its own, so that one long query is not taken for a death."""
    over = Event()

    def beat() -> None:
        while not over.wait(BEAT_S):
            Job.objects.filter(pk=job.pk).update(beat_at=now())
        connection.close()

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
