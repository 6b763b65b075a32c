"""The retro of an experiment and the ideas that follow from it."""

from http import HTTPStatus

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.core.errors import DomainError, Forbidden
from experiments import queries
from experiments.forms.retro import NextIdeaForm, RetroForm
from experiments.services import retros


@require_POST
def close(request: MemberRequest, key: str) -> HttpResponse:
    """Closes with a retro; a refusal brings the page back with everything that was typed."""
    from experiments.views.experiment import page

    found, form = queries.experiment(key), RetroForm(request.POST)
    if not form.is_valid():
        return page(request, found, "retro", retro_form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        retros.close(experiment=found, actor=request.user, **form.cleaned_data)
    except Forbidden:
        raise
    except DomainError as error:
        form.refuse(error)
        return page(request, found, "retro", retro_form=form, status=error.status)
    messages.success(request, _("Closed."))
    return redirect("experiment", key, "retro")


@require_POST
def next_idea(request: MemberRequest, key: str) -> HttpResponse:
    found, form = queries.experiment(key), NextIdeaForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("An idea needs a title, a problem and a change."))
        return redirect("experiment", key, "retro")
    made = retros.next_idea(experiment=found, actor=request.user, url=_results(request, key), **form.cleaned_data)
    messages.success(request, _("“%(title)s” is in the backlog.") % {"title": made})
    return redirect("idea", made.pk)


def _results(request: MemberRequest, key: str) -> str:
    """Where the result is read; nothing on a host whose bare name makes no address that evidence may keep."""
    address = request.build_absolute_uri(reverse("experiment", args=[key, "results"]))
    try:
        URLValidator()(address)
    except ValidationError:
        return ""
    return address
