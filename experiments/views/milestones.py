"""Milestones on an experiment's plan, and those of a member on the home page."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.accounts.rules import require_writer
from experiments import queries
from experiments.forms.milestone import MilestoneForm
from experiments.models import Experiment, Milestone
from experiments.queries.milestones import milestones_of
from experiments.services import milestones

SHOWN_AT_HOME = 8


@require_POST
def propose(request: MemberRequest, key: str) -> HttpResponse:
    made = milestones.propose(experiment=queries.experiment(key), actor=request.user)
    messages.success(request, _("Milestones are proposed.") if made else _("It has every milestone already."))
    return _plan(key)


def change(request: MemberRequest, key: str, step: str) -> HttpResponse:
    found = _milestone(key, step)
    require_writer(request.user)
    form = MilestoneForm(request.POST or None, milestone=found)
    if request.method == "POST" and form.is_valid():
        milestones.change(milestone=found, **form.cleaned_data, actor=request.user)
        return _plan(key)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"experiment": found.experiment, "milestone": found, "form": form}
    return render(request, "experiments/milestone.html", context, status=status)


@require_POST
def done(request: MemberRequest, key: str, step: str) -> HttpResponse:
    """`is_done` says whether it is done or open again."""
    is_done = request.POST.get("is_done") == "yes"
    milestones.set_done(milestone=_milestone(key, step), is_done=is_done, actor=request.user)
    return _plan(key)


def of_home(request: MemberRequest) -> HttpResponse:
    """What the member has to do for launches, as a fragment for the home page."""
    return render(
        request, "experiments/_my_milestones.html", {"milestones": listed(milestones_of(request.user)[:SHOWN_AT_HOME])}
    )


def milestones_context(found: Experiment) -> dict[str, Any]:
    return {"milestones": listed(found.milestones.select_related("owner", "done_by"))}


def listed(found: Iterable[Milestone]) -> list[tuple[Milestone, bool]]:
    """Each with whether it is late where the member is."""
    today = localdate()
    return [(one, one.is_late(today)) for one in found]


def _milestone(key: str, step: str) -> Milestone:
    return get_object_or_404(Milestone.objects.select_related("experiment"), experiment__key=key, step=step)


def _plan(key: str) -> HttpResponse:
    return redirect(reverse("experiment", args=[key, "plan"]) + "#milestones")
