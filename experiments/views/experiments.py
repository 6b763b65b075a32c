"""The list of experiments, and the part of it that an idea's page shows."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from engagement.accounts.requests import MemberRequest
from experiments import queries, rules
from experiments.forms.filters import FilterForm
from experiments.reports.effects import listed_effects, shared_axis

PAGE_SIZE = 25


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
    found = list(queries.made_from(idea_id))
    context = {"rows": list(zip(found, listed_effects(found), strict=True)), "idea_id": idea_id}
    return render(request, "experiments/_of_idea.html", {**context, "may_plan": rules.may_plan(request.user)})
