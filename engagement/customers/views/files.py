"""Bringing in customers, events and exposures as files."""

from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import redirect, render

from engagement.accounts.requests import MemberRequest
from engagement.customers.forms.customers import CustomerFileForm
from engagement.customers.services import file_uploads


def files(request: MemberRequest) -> HttpResponse:
    """A chosen file is read by a job, whose page tells how far it is."""
    form = CustomerFileForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return render(request, "customers/files.html", {"form": form})
    if not form.is_valid():
        return render(request, "customers/files.html", {"form": form}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    job = file_uploads.receive(kind=form.cleaned_data["kind"], file=form.cleaned_data["file"], actor=request.user)
    return redirect("job", job.pk)
