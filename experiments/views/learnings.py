"""What was learned, for the next pod to find."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from engagement.accounts.requests import MemberRequest
from experiments import queries
from experiments.forms.filters import SearchForm
from experiments.reports.effects import listed_effects
from experiments.reports.standing import decision_label

PAGE_SIZE = 25


def learning_list(request: MemberRequest) -> HttpResponse:
    form = SearchForm(request.GET)
    page = Paginator(queries.learned(text=form.text()), PAGE_SIZE).get_page(request.GET.get("page"))
    found = list(page.object_list)
    labels = [decision_label(experiment.decision) for experiment in found]
    rows = list(zip(found, listed_effects(found), labels, strict=True))
    return render(request, "experiments/learnings.html", {"page": page, "rows": rows, "form": form})
