"""A results file that comes through the browser: kept, looked at, handed to the job that reads it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.accounts import rules as people
from engagement.accounts.models import Member
from engagement.accounts.services import audit
from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.models import Job
from engagement.core.row_files import FileRefused
from experiments.lifecycle import State, may_move
from experiments.models import Experiment, ResultsUpload
from experiments.models.experiment import KEY_PATTERN
from experiments.results_file import Columns, ResultsMetric, read_start

FORGOTTEN_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read an uploaded file: what a person chose from its header."""

    variant: str
    control: str
    metrics: Sequence[ResultsMetric]
    primary: str | None = None
    customer: str | None = None

    @property
    def columns(self) -> Columns:
        return Columns(self.variant, self.control, tuple(self.metrics), self.customer or None)


@transaction.atomic
def receive(*, key: str, file: File[Any], actor: Member) -> ResultsUpload:
    """Keeps the file for experiment `key`, planned or new, after a look at its first lines.

    Refused: a key that cannot be used, an experiment that has its results, a file without a header.
    """
    people.require_writer(actor)
    _require_open(key)
    forget_old()
    upload = ResultsUpload(key=key, file_name=Path(file.name or "results").name[:255], size=file.size, header=[])
    upload.uploaded_by = actor
    _keep(upload, file)
    upload.save()
    audit.record(actor=actor, verb="uploaded results", target=upload, after={"key": key, "bytes": upload.size})
    return upload


@transaction.atomic
def start_import(*, upload: ResultsUpload, reading: Reading, actor: Member) -> Job:
    """The job that imports and analyses the upload; while one is at work on it, that one."""
    people.require_writer(actor)
    upload = ResultsUpload.objects.select_for_update().get(pk=upload.pk)
    if upload.job is not None and not upload.job.is_over:
        return upload.job
    _check(upload, reading)
    planned = Experiment.objects.filter(key=upload.key).first()
    upload.job = jobs.enqueue(
        "experiments.tasks.import_and_analyse",
        label=_("Results of “%(name)s”") % {"name": planned or upload.key},
        asked_by=actor,
        back_url=reverse("results_columns", args=[upload.pk]),
        upload_id=str(upload.pk),
        key=upload.key,
        columns=asdict(reading.columns),
        primary=reading.primary,
        member_id=actor.pk,
    )
    upload.save(update_fields=["job"])
    return upload.job


def discard(upload: ResultsUpload) -> None:
    """Deletes the upload, row and file; a second call does nothing."""
    path = upload.path
    ResultsUpload.objects.filter(pk=upload.pk).delete()
    transaction.on_commit(lambda: path.unlink(missing_ok=True))


def forget_old() -> None:
    """Deletes what nobody came back for: a results file may hold customers' ids."""
    for upload in ResultsUpload.objects.filter(uploaded_at__lt=now() - FORGOTTEN_AFTER).select_related("job"):
        if upload.job is None or upload.job.is_over:
            discard(upload)


def _require_open(key: str) -> None:
    if len(key) > 100 or not KEY_PATTERN.match(key):
        raise InvalidInput(_("A key has 1 to 100 letters, digits, - or _."), field="key")
    planned = Experiment.objects.filter(key=key).first()
    if planned is not None and not may_move(State(planned.state), State.ENDED):
        raise Conflict(
            _("“%(key)s” is %(state)s and has its results. Choose another key.")
            % {"key": key, "state": planned.get_state_display().lower()},
            field="key",
        )


def _keep(upload: ResultsUpload, file: File[Any]) -> None:
    folder = FileSystemStorage(location=Path(settings.MEDIA_ROOT) / "results", file_permissions_mode=0o600)
    folder.save(str(upload.pk), file)
    try:
        upload.header, _rows = read_start(upload.path, name=upload.file_name, rows=0)
    except FileRefused as error:
        upload.path.unlink()
        raise InvalidInput(str(error), field="file") from error


def _check(upload: ResultsUpload, reading: Reading) -> None:
    """Refuses what can be told from the header alone; the rest is the job's."""
    chosen = [reading.variant, *(metric.column for metric in reading.metrics), *filter(None, [reading.customer])]
    for column in chosen:
        if column not in upload.header:
            raise InvalidInput(_("The file has no column “%(column)s”.") % {"column": column}, field="variant")
    if not reading.control:
        raise InvalidInput(_("Name the control: the others are compared with it."), field="control")
    names = [metric.name for metric in reading.metrics]
    if not names:
        raise InvalidInput(_("Name at least one metric."), field="metrics")
    if len(set(names)) < len(names):
        raise InvalidInput(_("Two metrics have the same name."), field="metrics")
    if reading.primary is not None and reading.primary not in names:
        raise InvalidInput(_("The primary metric is none of the metrics."), field="metrics")
