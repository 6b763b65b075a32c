"""The list of experiments, and the part of it that an idea's page shows."""

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from engagement.accounts.requests import MemberRequest
from experiments import queries, rules
from experiments.forms.filters import FilterForm
from experiments.models import Experiment
from experiments.reports.effects import listed_effects, shared_axis

PAGE_SIZE = 25
SHOWN_AT_HOME = 5


def experiment_list(request: MemberRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    found = queries.found_experiments(**form.filters())
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    effects = listed_effects(page.object_list)
    context = {
        "page": page,
        "rows": list(zip(page.object_list, effects, strict=True)),
        "axis": shared_axis(effects),
        "form": form,
        "is_filtered": any(form.filters().values()),
        "may_plan": rules.may_plan(request.user),
    }
    return render(request, "experiments/experiments.html", context)


def of_idea(request: MemberRequest, idea_id: int) -> HttpResponse:
    """The experiments made from an idea, as a fragment for the idea's page."""
    return _part(request, _("Experiments"), queries.made_from(idea_id))


def of_home(request: MemberRequest) -> HttpResponse:
    """What is under way, what waits for a decision first, as a fragment for the home page."""
    return _part(request, _("Experiments under way"), queries.under_way()[:SHOWN_AT_HOME])


def _part(request: MemberRequest, title: str, experiments: QuerySet[Experiment]) -> HttpResponse:
    found = list(experiments)
    rows = list(zip(found, listed_effects(found), strict=True))
    return render(request, "experiments/_part.html", {"title": title, "rows": rows})
