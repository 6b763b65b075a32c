"""The rounds, and one round's board."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backlog import queries, rules
from backlog.forms import RoundForm, proposed_closing
from backlog.models import VotingRound
from backlog.services import rounds
from backlog.views.ballots import sent_before
from engagement.accounts.models import Pod
from engagement.accounts.requests import MemberRequest
from engagement.accounts.views import refuse
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput

PAGE_SIZE = 50


def rounds_list(request: MemberRequest) -> HttpResponse:
    found = queries.rounds_visible_to(request.user)
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "may_open": _pods(request).exists(),
        "now": now(),
    }
    return render(request, "backlog/rounds.html", context)


def round_new(request: MemberRequest) -> HttpResponse:
    """The form of a new round; `?pod=` ticks another pod's members, and htmx asks for those alone."""
    form = RoundForm(request.POST or None, initial=_proposed(request), member=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            opened = rounds.open_round(actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refuse(form, error)
        else:
            messages.success(request, _("%(round)s is open.") % {"round": opened})
            return redirect("round", opened.pk)
    template = "backlog/_members_to_invite.html" if request.headers.get("HX-Request") else "backlog/round_new.html"
    return render(request, template, {"form": form, "may_open": _pods(request).exists()})


def voting_round(request: MemberRequest, round_id: int) -> HttpResponse:
    found = _visible(request, round_id)
    moment, board = now(), queries.board(request.user, found)
    waiting = queries.queue(request.user, at=moment)
    context = {
        "voting_round": found,
        "board": board,
        "waiting": [place for place in waiting if place.round_id == round_id],
        "best": next((row for row in board if row.result and row.result.ice), None),
        "sent": sent_before(request, round_id),
        "takes_ballots": rules.takes_ballots(found, at=moment),
        "may_close": not found.is_closed and rules.may_close_round(request.user, found),
    }
    return render(request, "backlog/round.html", context)


@require_POST
def round_close(request: MemberRequest, round_id: int) -> HttpResponse:
    found = _visible(request, round_id)
    try:
        rounds.close_round(voting_round=found, actor=request.user)
    except Conflict as error:  # somebody else was first: their closing stands and is shown
        messages.warning(request, str(error))
    return redirect("round", round_id)


def _visible(request: MemberRequest, round_id: int) -> VotingRound:
    return get_object_or_404(queries.rounds_visible_to(request.user), pk=round_id)


def _pods(request: MemberRequest) -> QuerySet[Pod]:
    return queries.pods_to_open_rounds_for(request.user)


def _proposed(request: MemberRequest) -> dict[str, Any]:
    asked = request.GET.get("pod", "")
    pods = _pods(request)
    pod: Pod | None = pods.filter(pk=asked).first() if asked.isdecimal() else pods.first()
    return {
        "name": _("Round %(number)d") % {"number": queries.next_round_number()},
        "pod": pod,
        "closes_at": proposed_closing(),
        "members": list(pod.members.all()) if pod else [],
    }
