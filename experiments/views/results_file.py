"""A finished experiment's file: first the file, then what its columns mean; a job does the rest."""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render

from engagement.accounts.requests import MemberRequest
from engagement.accounts.rules import require_writer
from engagement.core.errors import DomainError
from experiments import queries, results_guess
from experiments.forms.results import NewColumnsDraft, PlannedColumnsForm, UploadForm
from experiments.models import Experiment
from experiments.results_file import read_start
from experiments.services import results_uploads

SHOWN_ROWS = 5


def upload(request: MemberRequest) -> HttpResponse:
    require_writer(request.user)
    form = UploadForm(request.POST or None, request.FILES or None, initial={"key": request.GET.get("key", "")})
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                received = results_uploads.receive(**form.cleaned_data, actor=request.user)
                return redirect("results_columns", received.pk)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, str(error))
                status = HTTPStatus(error.status)
    return render(request, "experiments/results_upload.html", {"form": form}, status=status)


def columns(request: MemberRequest, upload_id: UUID) -> HttpResponse:
    require_writer(request.user)
    found = queries.results_upload(upload_id, member=request.user)
    header, rows = read_start(found.path, name=found.file_name)
    planned = queries.experiments().filter(key=found.key).first()
    draft = _draft(request, planned, header, rows)
    status = HTTPStatus.OK
    if request.method == "POST" and "add_metric" not in request.POST:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if draft.is_valid():
            try:
                job = results_uploads.start_import(upload=found, reading=draft.reading(), actor=request.user)
                return redirect("job", job.pk)
            except DomainError as error:
                draft.refuse(error)
                status = HTTPStatus(error.status)
    context = {
        "upload": found,
        "planned": planned,
        "draft": draft,
        "form": draft if isinstance(draft, PlannedColumnsForm) else draft.head,
        "header": header,
        "rows": rows[:SHOWN_ROWS],
        "words": results_guess.all_words(header, rows),
    }
    return render(request, "experiments/results_columns.html", context, status=status)


def _draft(
    request: MemberRequest, planned: Experiment | None, header: Sequence[str], rows: Sequence[Sequence[str]]
) -> NewColumnsDraft | PlannedColumnsForm:
    if planned:
        variant = results_guess.variant_column(header, rows)
        return PlannedColumnsForm(request.POST or None, experiment=planned, header=header, initial={"variant": variant})
    if request.method != "POST":
        return NewColumnsDraft.fresh(header, rows)
    read = NewColumnsDraft.typed if "add_metric" in request.POST else NewColumnsDraft.judged
    return read(header, request.POST)
