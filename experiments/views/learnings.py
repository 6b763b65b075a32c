"""What was learned, for the next pod to find."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from engagement.accounts.requests import MemberRequest
from experiments.forms.filters import LearningFilterForm
from experiments.models import Learning
from experiments.queries.learnings import learned, nearest, with_experiments
from experiments.reports.effects import Effect, listed_effects
from experiments.reports.standing import decision_label

PAGE_SIZE = 25
LONGEST = 5_000  # characters of what is typed that are looked at


def learning_list(request: MemberRequest) -> HttpResponse:
    form = LearningFilterForm(request.GET)
    filters = form.filters()
    page = Paginator(learned(**filters), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": learning_rows(list(page.object_list)),
        "form": form,
        "is_filtered": any(filters.values()),
    }
    return render(request, "experiments/learnings.html", context)


def tried(request: MemberRequest) -> HttpResponse:
    """Whether something like an idea has been tried: a fragment for the form it is typed into, or a page of its own."""
    title, problem = request.GET.get("title", ""), request.GET.get("problem", "")
    context = {
        "title": title[:LONGEST],
        "problem": problem[:LONGEST],
        "rows": learning_rows(nearest(title[:LONGEST], problem=problem[:LONGEST])),
    }
    template = "experiments/_tried.html" if request.headers.get("HX-Request") else "experiments/tried.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])  # else a browser going back might show the fragment alone
    return response


def learning_rows(found: list[Learning]) -> list[tuple[Any, Effect | None, str]]:
    """Each learning with its effect and what was decided."""
    learnings = with_experiments(found)
    experiments = [learning.experiment for learning in learnings]
    labels = [decision_label(experiment.decision) for experiment in experiments]
    return list(zip(learnings, listed_effects(experiments), labels, strict=True))
