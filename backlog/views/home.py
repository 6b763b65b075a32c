"""Home: what waits for this member."""

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render

from backlog import queries
from engagement.accounts.requests import MemberRequest
from engagement.core.clock import now


def home(request: MemberRequest) -> HttpResponse:
    moment = now()
    prefetch_related_objects([request.user], "pods")
    waiting = queries.queue(request.user, at=moment)
    open_rounds = list(queries.rounds_waiting_for(request.user, at=moment))
    next_round = next((one for one in open_rounds if waiting and one.pk == waiting[0].round_id), None)
    context = {
        "queue": waiting,
        "is_newcomer": queries.is_newcomer(request.user),
        "next_round": next_round,
        "next_waiting": [place for place in waiting if place.round == next_round],
        "open_rounds": open_rounds,
        "to_score": sum(one.idea_count for one in open_rounds),
        "closed_rounds": queries.rounds_closed_with(request.user)[:3],
        "to_explain": list(queries.explanations_waiting_for(request.user)),
        "to_close": queries.rounds_to_close_by(request.user, at=moment),
    }
    return render(request, "backlog/home.html", context)
