"""Long work outside the web process: queued after commit, run by exactly one worker, resumed when a worker dies."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread, get_ident
from typing import Any
from uuid import UUID

from django.db import Error, connection, transaction
from django.db.models import Q, QuerySet
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from engagement.core.clock import now
from engagement.core.errors import DomainError
from engagement.core.models import Job, JobState

log = logging.getLogger(__name__)
BEAT_S = 5
LOST_AFTER = timedelta(seconds=30)
UNSENT_AFTER = timedelta(minutes=1)
MOST_ATTEMPTS = 3
LONGEST_TEXT = 200  # what `Job.label` and `Job.doing` hold


class Progress:
    """What a job's function is handed to tell how far it is; writes at most twice a second."""

    def __init__(self, job: Job | None = None) -> None:
        self.job = job
        self._thread = get_ident()
        self._written_at = now() - timedelta(days=1)

    def doing(self, sentence: str, *, total: int | None = None) -> None:
        """A new stage begins: its sentence, and its size where that is known."""
        self._write(doing=_cut(sentence), total=total, done=0)

    def reached(self, done: int) -> None:
        if now() - self._written_at <= timedelta(seconds=0.5):
            return
        if get_ident() == self._thread:
            self._write(done=done)
        else:
            self._write_from_elsewhere(done=done)

    def _write_from_elsewhere(self, **columns: Any) -> None:
        """From a thread of the store's, which pulls batches itself: work must not fail because telling of it did."""
        try:
            self._write(**columns)
        except Error:
            log.warning("progress could not be written", exc_info=True)
        finally:
            connection.close()  # this thread's own, which nobody else would close

    def _write(self, **columns: Any) -> None:
        if self.job is not None:
            self._written_at = now()
            _held(self.job).update(beat_at=self._written_at, **columns)


def enqueue(name: str, /, *, label: str, asked_by: Any = None, back_url: str = "", **arguments: Any) -> Job:
    """The queued job that will call the function at dotted `name` with `progress` and the JSON `arguments`.

    The function returns `(sentence, url)`: how it ended and where to look. It must be repeatable: a worker that dies
    in the middle is replaced by another that starts the function again. Whoever sees it refused is led to `back_url`.
    """
    job = Job.objects.create(name=name, label=_cut(label), asked_by=asked_by, back_url=back_url, arguments=arguments)
    transaction.on_commit(lambda: _send(job.pk))
    return job


def withdraw(name: str, *, asked_by: Any, because: str) -> None:
    """Ends those of somebody's jobs of this name that no worker has begun, each with the sentence."""
    waiting = Job.objects.filter(name=name, asked_by=asked_by, state=JobState.QUEUED)
    waiting.update(state=JobState.REFUSED, outcome=because, ended_at=now())


def run(job_id: str) -> None:
    """Does the job unless somebody else does or did; the entry point that workers call."""
    job = _claim(UUID(job_id))
    if job is None:
        return
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


def keys_under_way(name: str) -> set[str]:
    """The `key` arguments of the jobs of this name that wait or run, so that none is queued beside itself."""
    rows = Job.objects.filter(name=name, state__in=(JobState.QUEUED, JobState.RUNNING))
    return {arguments["key"] for arguments in rows.values_list("arguments", flat=True)}


def resume_lost() -> int:
    """Queues again each job whose worker gives no sign of life, or whose task got lost on its way; returns how many."""
    moment = now()
    dead = Q(state=JobState.RUNNING, beat_at__lt=moment - LOST_AFTER)
    unsent = Q(state=JobState.QUEUED, sent_at__lt=moment - UNSENT_AFTER)
    lost = list(Job.objects.filter(dead | unsent).values_list("pk", flat=True))
    for pk in lost:
        Job.objects.filter(pk=pk).update(sent_at=moment)
        _send(pk)
    return len(lost)


def _send(job_id: UUID) -> None:
    from django_q.tasks import async_task  # its import starts reading settings; the web process needs it only here

    async_task("engagement.core.jobs.run", str(job_id))  # type: ignore[no-untyped-call]  # django-q2 has no types


def _claim(job_id: UUID) -> Job | None:
    """The job, for exactly one caller: an atomic step from waiting, or from running with a runner gone silent.

    The step counts the attempt. The count is the runner's mark on the job (`_held`), and it ends a job that kills
    every worker it is given to.
    """
    moment = now()
    free = Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, beat_at__lt=moment - LOST_AFTER)
    job = Job.objects.filter(free, pk=job_id).first()
    if job is None:
        return None
    step = Job.objects.filter(free, pk=job_id, attempts=job.attempts)
    if job.attempts >= MOST_ATTEMPTS:
        sentence = _("This was started %(count)d times and each time its worker died. It is not tried again.")
        step.update(state=JobState.FAILED, outcome=sentence % {"count": job.attempts}, ended_at=moment, doing="")
        return None
    job.attempts += 1
    taken = step.update(state=JobState.RUNNING, started_at=moment, beat_at=moment, done=0, attempts=job.attempts)
    return job if taken else None


def _held(job: Job) -> QuerySet[Job]:
    """The job's row as long as this runner has it; empty once another took it over or ended it."""
    return Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)


def _end(job: Job, state: JobState, outcome: str, url: str = "") -> None:
    ended = _held(job).update(state=state, outcome=outcome, result_url=url, ended_at=now(), doing="")
    if not ended:
        log.warning("job %s (%s): attempt %d ended after it had lost the job", job.pk, job.name, job.attempts)


def _cut(text: str) -> str:
    text = str(text)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


@contextmanager
def _heartbeat(job: Job) -> Iterator[None]:
    """Signs of life from a thread of its own, so that one long query is not taken for a death."""
    over = Event()

    def beat() -> None:
        while not over.wait(BEAT_S):
            try:
                _held(job).update(beat_at=now())
            except Error:
                log.warning("job %s (%s): a sign of life could not be written", job.pk, job.name, exc_info=True)
                connection.close()  # the next one starts with a sound connection
        connection.close()

    thread = Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
