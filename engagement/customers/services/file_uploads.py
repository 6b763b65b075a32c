"""Files that come through the browser: the same imports as the commands, as jobs."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.core import jobs, uploads
from engagement.core.errors import InvalidInput
from engagement.core.jobs import Progress
from engagement.core.models import Job
from engagement.customers.services.customer_imports import import_customers
from engagement.customers.services.event_imports import import_events

JOB = "engagement.customers.services.file_uploads.read"


def receive(*, kind: str, file: File[Any], actor: Member) -> Job:
    """The job that reads the file; `kind` is one of `settings.FILE_READERS`."""
    require_writer(actor)
    if kind not in settings.FILE_READERS:
        raise InvalidInput(_("A file of customers, of events or of exposures."), field="kind")
    name = Path(file.name or kind).name[:200]
    label, back = _("Reading %(file)s") % {"file": name}, reverse("customer_files")
    return jobs.enqueue(JOB, label=label, asked_by=actor, back_url=back, kind=kind, kept=uploads.keep(file), name=name)


def read(*, progress: Progress, kind: str, kept: str, name: str) -> tuple[str, str]:
    """Imports the kept file and deletes it; a refused one too, for it is mended where it came from."""
    found = uploads.path(kept)
    try:
        rows, new = import_string(settings.FILE_READERS[kind])(path=found, name=name, progress=progress)
    except InvalidInput:
        found.unlink(missing_ok=True)
        raise
    found.unlink(missing_ok=True)
    told = _("%(file)s: %(rows)s rows read, %(new)s of them new or changed.")
    return told % {"file": name, "rows": f"{rows:,}", "new": f"{new:,}"}, reverse("customer_files")


def customers(*, path: Path, name: str, progress: Progress) -> tuple[int, int]:
    return import_customers(path=path, name=name, progress=progress)


def events(*, path: Path, name: str, progress: Progress) -> tuple[int, int]:
    done = import_events(path=path, name=name, complete_through=None, progress=progress)
    return done.rows, done.new
