"""What success means: the goal tree on which every metric hangs, the library, each metric's page."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from engagement.accounts.requests import MemberRequest
from engagement.accounts.rules import require_writer
from engagement.core import jobs
from engagement.core.errors import DomainError
from experiments import queries
from experiments.forms.metric import MetricForm, PlaceForm
from experiments.metrics.library import LIBRARY
from experiments.models import RegisteredMetric
from experiments.reports import goal_tree
from experiments.services import registry

MEASURE = "experiments.services.registry.measure_all"


def overview(request: MemberRequest) -> HttpResponse:
    metrics = queries.registered_metrics()
    taken = {metric.key for metric in metrics}
    tree = goal_tree.tree(metrics, queries.newest_levels(metrics))
    context = {
        **tree,
        "metrics": metrics,
        "library": [one for one in LIBRARY if one.definition.key not in taken],
        "may_write": request.user.may_write,
    }
    return render(request, "experiments/metrics.html", context)


def keys(request: MemberRequest) -> HttpResponse:
    """The registered metrics as choices, for a form downstairs."""
    return render(request, "experiments/_metric_keys.html", {"metrics": queries.registered_metrics()})


def metric(request: MemberRequest, key: str) -> HttpResponse:
    """One metric; whoever writes here changes and places it."""
    found = queries.registered_metric(key)
    if request.method != "POST":
        return _page(request, found, MetricForm.of(found))
    form = MetricForm({**request.POST.dict(), "key": key}, before=found.definition)
    if not form.is_valid():
        return _page(request, found, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        version = form.cleaned_data["version"]
        changed = registry.change(metric=found, **form.values(), actor=request.user, seen_version=version)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _page(request, found, form, status=error.status)
    messages.success(request, _("Version %(number)d is kept.") % {"number": changed.version})
    return redirect("metric", key)


def new(request: MemberRequest) -> HttpResponse:
    require_writer(request.user)
    form = MetricForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = registry.add(**form.values(), actor=request.user)
        except DomainError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            return redirect("metric", made.key)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "experiments/metric_new.html", {"form": form}, status=status)


@require_POST
def add_standard(request: MemberRequest) -> HttpResponse:
    made = registry.add_standard(key=request.POST.get("key", ""), actor=request.user)
    messages.success(request, _("“%(name)s” is added. Say what it serves.") % {"name": made})
    return redirect("metric", made.key)


@require_POST
def place(request: MemberRequest, key: str) -> HttpResponse:
    found = queries.registered_metric(key)
    form = PlaceForm(request.POST, metric=found)
    if not form.is_valid():
        return _page(request, found, MetricForm.of(found), place_form=form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    given = form.cleaned_data
    try:
        registry.place(metric=found, serves=given["serves"], is_top=given["is_top"], actor=request.user)
        if given["owner"] and given["owner"] != found.owner:
            registry.hand_over(metric=found, owner=given["owner"], actor=request.user)
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _page(request, found, MetricForm.of(found), place_form=form, status=error.status)
    return redirect("metrics")


@require_POST
def measure(request: MemberRequest) -> HttpResponse:
    require_writer(request.user)
    job = jobs.enqueue(MEASURE, label=_("Metrics"), asked_by=request.user, back_url=reverse("metrics"))
    return redirect("job", job.pk)


def _page(
    request: MemberRequest, found: RegisteredMetric, form: MetricForm, *, place_form: PlaceForm | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:  # fmt: skip
    form.fields["key"].disabled = True
    context: dict[str, Any] = {
        "metric": found,
        "facts": goal_tree.facts(found),
        "level": goal_tree.level(found, found.levels.first()),
        "used": queries.experiments_measuring(found.key),
        "form": form,
        "place_form": place_form or PlaceForm(metric=found),
        "may_write": request.user.may_write,
    }
    return render(request, "experiments/metric.html", context, status=status)
