"""Files that come through the browser to be read by a job: kept until it has read them, or for two days."""

import uuid
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage
from django.utils.translation import gettext as _

from engagement.core.clock import now
from engagement.core.errors import NotFound
from engagement.core.row_files import GZIP, PARQUET

FORGOTTEN_AFTER = timedelta(days=2)


def keep(file: File[Any]) -> str:
    """Keeps the file, readable by this installation alone; the name by which `path` finds it."""
    forget_old()
    name = uuid.uuid4().hex
    FileSystemStorage(location=_folder(), file_permissions_mode=0o600).save(name, file)
    return name


def path(name: str) -> Path:
    """Where a kept file lies; refuses names of files that are gone."""
    found = _folder() / uuid.UUID(name).hex
    if not found.exists():
        raise NotFound(_("The uploaded file is gone: it was read, or nobody read it within two days. Upload it again."))
    return found


def forget_old() -> None:
    """Deletes what no job came for: such a file may hold customers' ids."""
    latest = (now() - FORGOTTEN_AFTER).timestamp()
    for kept in _folder().glob("*"):
        if kept.stat().st_mtime < latest:
            kept.unlink(missing_ok=True)


def forget_holding(names: Collection[str]) -> None:
    """Deletes the kept files that name any of these; their jobs are told to ask for the file anew."""
    for kept in _folder().glob("*"):
        if holds(kept, names):
            kept.unlink(missing_ok=True)


def holds(file: Path, names: Collection[str]) -> bool:
    """Whether the file may hold one of these names; a packed one is not read, for it may."""
    encoded = [name.encode() for name in names]
    try:
        with file.open("rb") as opened:
            start = opened.read(len(PARQUET))
            if start.startswith((GZIP, PARQUET)):
                return True
            opened.seek(0)
            return any(name in line for line in opened for name in encoded)
    except FileNotFoundError:
        return False


def _folder() -> Path:
    return Path(settings.MEDIA_ROOT) / "files"
