"""The launch checklist and what runs from it: roles, marks, launch, pause, resume, stop."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.core.errors import Conflict, DomainError, InvalidInput
from experiments import queries, rules
from experiments.forms.launch import MarkForm, PausesForm, ReasonForm, RolesForm
from experiments.lifecycle import PLANNED, State
from experiments.models import Experiment
from experiments.reports import running
from experiments.services import checklist, launching, roles, runs, watching


def checklist_context(request: MemberRequest, found: Experiment) -> dict[str, Any]:
    """The items as they stand for this member, and which buttons there are."""
    is_planned = found.state in PLANNED
    items = checklist.items(found, actor=request.user) if is_planned else []
    runs_now = found.state in (State.RUNNING, State.PAUSED) and request.user.may_write
    return {
        "items": items,
        "waivers": checklist.standing_waivers(found),
        "open_items": [item for item in items if item.is_open],
        "may_prepare": rules.may_prepare(request.user, found),
        "runs_now": runs_now,
        **stopping_context(found),
        "missed": runs.missed(found) if found.state == State.PAUSED else "",
    }


def stopping_context(found: Experiment) -> dict[str, Any]:
    """What stands beside the button that pauses it: the escalation plan, and when the plan pauses it by itself."""
    return {
        "escalation": found.checklist_marks.filter(item="escalation").select_related("by").first(),
        "pauses": running.pauses(found),
    }


@require_POST
def roles_change(request: MemberRequest, key: str) -> HttpResponse:
    """Names the owners; a refusal is told on the plan."""
    found, form = queries.experiment(key), RolesForm(request.POST)
    if form.is_valid():
        told = _("The roles are saved.")
        return _done(request, key, "plan", told, lambda: roles.assign(
            experiment=found, actor=request.user, **form.cleaned_data
        ))  # fmt: skip
    messages.error(request, _("Choose each owner from the list."))
    return redirect("experiment", key, "plan")


@require_POST
def pauses_change(request: MemberRequest, key: str) -> HttpResponse:
    """When it pauses by itself; a refusal is told on the plan."""
    found, form = queries.experiment(key), PausesForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("A plan cannot pause on that."))
    told = _("The plan says now when it pauses by itself.")
    return _done(request, key, "plan", told, lambda: watching.choose_pauses(
        experiment=found, conditions=form.cleaned_data["pauses_on"], actor=request.user
    ))  # fmt: skip


@require_POST
def mark(request: MemberRequest, key: str) -> HttpResponse:
    found, form = queries.experiment(key), MarkForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("The checklist has no such item to mark in this way."))
    return _done(request, key, "checklist", _("Noted."), lambda: checklist.mark(
        experiment=found, actor=request.user, **form.cleaned_data
    ))  # fmt: skip


@require_POST
def launch(request: MemberRequest, key: str) -> HttpResponse:
    found = queries.experiment(key)
    launching.launch(experiment=found, actor=request.user)
    messages.success(request, _("Launched. You may not record its decision."))
    return redirect("experiment", key, "health")


@require_POST
def pause(request: MemberRequest, key: str) -> HttpResponse:
    found, why = queries.experiment(key), _why(request)
    told = _("Paused: nobody gets a variant until somebody resumes.")
    return _done(request, key, "checklist", told, lambda: runs.pause(
        experiment=found, actor=request.user, reason=why
    ))  # fmt: skip


@require_POST
def resume(request: MemberRequest, key: str) -> HttpResponse:
    found = queries.experiment(key)
    told = f"{_('Resumed.')} {runs.missed(found)}"
    return _done(request, key, "checklist", told, lambda: runs.resume(experiment=found, actor=request.user))


@require_POST
def stop(request: MemberRequest, key: str) -> HttpResponse:
    found, why = queries.experiment(key), _why(request)
    return _done(request, key, "results", _("Stopped."), lambda: launching.stop(
        experiment=found, actor=request.user, reason=why
    ))  # fmt: skip


def _done(request: MemberRequest, key: str, tab: str, told: str, act: Callable[[], object]) -> HttpResponse:
    """Acts and goes back; what the form asked for and missed is told there, anything else is a refusal's own page."""
    try:
        act()
    except (InvalidInput, Conflict) as error:
        messages.error(request, str(error))
        return redirect("experiment", key, "checklist" if tab == "results" else tab)
    except DomainError as error:
        if error.field is None:
            raise
        messages.error(request, str(error))
        return redirect("experiment", key, tab)
    messages.success(request, told)
    return redirect("experiment", key, tab)


def _why(request: MemberRequest) -> str:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("The reason is too long: 1,000 characters are the most."))
    return str(form.cleaned_data["reason"])
