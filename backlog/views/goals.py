"""What the pods are to move in a quarter: the list, a new goal, a change."""

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from backlog import queries, rules
from backlog.forms import GoalForm
from backlog.models import Goal
from backlog.quarters import Quarter
from backlog.services import goals
from backlog.templatetags.goals import quarter_words
from engagement.accounts.requests import MemberRequest
from engagement.core.clock import now
from engagement.core.csv_answers import csv_answer
from engagement.core.errors import DomainError, Forbidden

EXPORTED = (
    "id", "quarter", "pod", "goal", "metric", "direction", "kind", "target", "baseline", "unit", "owner", "ideas",
)  # fmt: skip


def goals_now(request: MemberRequest) -> HttpResponse:
    return redirect("goals", str(queries.current_quarter(now())))


def goals_list(request: MemberRequest, quarter: str) -> HttpResponse:
    named, present = queries.quarter_named(quarter), queries.current_quarter(now())
    mine = set(queries.pods_to_set_goals_for(request.user).values_list("pk", flat=True))
    is_over = named < present
    context = {
        "quarter": named,
        "quarters": [named.previous, named, named.next],
        "goals": [(one, one.pod_id in mine and not is_over) for one in queries.goals_of(named)],
        "may_add": bool(mine) and not is_over,
        "is_over": is_over,
    }
    return render(request, "backlog/goals.html", context)


def goals_csv(request: MemberRequest, quarter: str) -> HttpResponse:
    named = queries.quarter_named(quarter)
    rows = (
        (
            one.pk, one.quarter, one.pod.slug, one.name, one.metric_key, one.direction, one.kind, one.target,
            one.baseline, one.unit, one.owner.name, one.idea_count,
        )
        for one in queries.goals_of(named)
    )  # fmt: skip
    return csv_answer(f"{named}-goals.csv", EXPORTED, rows)


def goal_new(request: MemberRequest, quarter: str) -> HttpResponse:
    named = queries.quarter_named(quarter)
    if not queries.pods_to_set_goals_for(request.user).exists():
        raise Forbidden(_("Only members of a pod and administrators set goals."))
    form = GoalForm(request.POST or None, member=request.user)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                goals.add(quarter=named, **form.values(), actor=request.user)
            except Forbidden:
                raise
            except DomainError as error:
                status = _refused(form, error)
            else:
                messages.success(request, _("The goal is set. Ideas can serve it from now on."))
                return redirect("goals", str(named))
    return _page(request, form, named, status=status)


def goal_change(request: MemberRequest, quarter: str, goal_id: int) -> HttpResponse:
    named = queries.quarter_named(quarter)
    found = get_object_or_404(queries.goals(), pk=goal_id, quarter=str(named))
    if not rules.may_set_goals(request.user, found.pod):
        raise Forbidden(_("Only members of %(pod)s and administrators set its goals.") % {"pod": found.pod})
    form = GoalForm(request.POST or None, member=request.user, goal=found)
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                goals.change(goal=found, **form.values(), actor=request.user)
            except Forbidden:
                raise
            except DomainError as error:
                status = _refused(form, error)
            else:
                messages.success(request, _("The goal is changed."))
                return redirect("goals", str(named))
    return _page(request, form, named, goal=found, status=status)


def _refused(form: GoalForm, error: DomainError) -> HTTPStatus:
    form.add_error(error.field if error.field in form.fields else None, str(error))
    return HTTPStatus(error.status)


def _page(
    request: MemberRequest, form: GoalForm, quarter: Quarter, *, goal: Goal | None = None, status: int
) -> HttpResponse:
    context = {"form": form, "quarter": quarter, "label": quarter_words(quarter), "goal": goal}
    return render(request, "backlog/goal_edit.html", context, status=status)
