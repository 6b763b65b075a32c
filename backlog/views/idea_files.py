"""Ideas out to a CSV file and in from one."""

from http import HTTPStatus
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from backlog import queries
from backlog.forms import IdeaFileForm, IdeaListFilter
from backlog.services import idea_files
from engagement.accounts.requests import MemberRequest
from engagement.accounts.rules import require_writer
from engagement.core.csv_answers import csv_answer
from engagement.core.row_files import FileRefused


def ideas_csv(request: MemberRequest) -> HttpResponse:
    """The ideas of the list as it is filtered and sorted, all pages of it."""
    ideas = queries.ideas_visible_to(request.user)
    found = IdeaListFilter(request.GET, queryset=ideas)  # type: ignore[no-untyped-call]  # django-filter has no types
    return csv_answer("ideas.csv", idea_files.EXPORTED, idea_files.exported(found.qs))


def ideas_import(request: MemberRequest) -> HttpResponse:
    require_writer(request.user)
    form = IdeaFileForm(request.POST or None, request.FILES or None)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                added, passed = _import(form.cleaned_data["file"], request)
            except FileRefused as refusal:
                form.add_error("file", str(refusal))
            else:
                words = _("Added: %(added)s. There already by their title: %(passed)s.")
                messages.success(request, words % {"added": added, "passed": passed})
                return redirect("ideas")
    return render(request, "backlog/ideas_import.html", {"form": form}, status=status)


def _import(file: "UploadedFile[bytes]", request: MemberRequest) -> tuple[int, int]:
    with NamedTemporaryFile(suffix=".csv") as kept:
        for chunk in file.chunks():
            kept.write(chunk)
        kept.flush()
        return idea_files.import_file(path=Path(kept.name), name=file.name or "ideas.csv", actor=request.user)
