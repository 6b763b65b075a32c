"""What became of the ideas that a member scored: seen by that member alone."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render

from engagement.accounts.requests import MemberRequest
from engagement.core.clock import now
from experiments.queries import outcomes as queries
from experiments.reports import outcomes

PAGE_SIZE = 25
SHOWN_AT_HOME = 3


def my_outcomes(request: MemberRequest) -> HttpResponse:
    page = Paginator(queries.ideas_scored_by(request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    rows = outcomes.rows(request.user, list(page.object_list))
    is_any_decided = page.number > 1 or any(row.outcome for row in rows)
    context = {
        "page": page,
        "rows": rows,
        "calibration": outcomes.own_calibration(request.user),
        "is_any_decided": is_any_decided,
        "next_end": None if is_any_decided else queries.next_end(request.user, at=now()),
    }
    return render(request, "experiments/outcomes.html", context)


def of_home(request: MemberRequest) -> HttpResponse:
    """The latest of them, as a fragment for the home page."""
    decisions = list(queries.decisions_foretold_by(request.user)[:SHOWN_AT_HOME])
    found = outcomes.foretold(request.user, decisions)
    return render(request, "experiments/_outcomes_home.html", {"outcomes": found})
