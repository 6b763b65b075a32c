"""The rounds, and one round's board."""

from collections.abc import Collection
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet, prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backlog import queries, rules
from backlog.forms import RoundForm, SecondRoundForm, proposed_closing
from backlog.models import Idea, VotingRound
from backlog.queries.rounds import BoardRow
from backlog.services import rounds
from backlog.views import reveal
from backlog.views.ballots import sent_before
from backlog.views.figures import reveal_figure
from engagement.accounts.models import Pod
from engagement.accounts.requests import MemberRequest
from engagement.accounts.views import refuse
from engagement.core.addresses import row_number
from engagement.core.clock import now
from engagement.core.csv_answers import csv_answer
from engagement.core.errors import Conflict, InvalidInput

PAGE_SIZE = 50
BALLOT_COLUMNS = (
    "idea", "title", "voter", "discipline", "impact", "confidence", "ease", "expected_lift", "comment",
    "impact_comment", "confidence_comment", "ease_comment",
)  # fmt: skip


def rounds_list(request: MemberRequest) -> HttpResponse:
    found = queries.rounds_visible_to(request.user)
    context = {
        "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
        "may_open": _pods(request).exists(),
        "is_newcomer": queries.is_newcomer(request.user),
        "now": now(),
    }
    return render(request, "backlog/rounds.html", context)


def round_new(request: MemberRequest) -> HttpResponse:
    """The form of a new round; `?pod=` ticks another pod's members, and htmx asks for those alone."""
    form = RoundForm(request.POST or None, initial=_proposed(request), member=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            opened = rounds.open_round(actor=request.user, **form.round())
        except InvalidInput as error:
            refuse(form, error)
        else:
            messages.success(request, _("%(round)s is open.") % {"round": opened})
            return redirect("round", opened.pk)
    template = "backlog/_members_to_invite.html" if request.headers.get("HX-Request") else "backlog/round_new.html"
    return render(request, template, {"form": form, "may_open": _pods(request).exists()})


def voting_round(request: MemberRequest, round_id: int) -> HttpResponse:
    found = _visible(request, round_id)
    prefetch_related_objects([request.user], "pods")
    moment, board = now(), queries.board(request.user, found)
    waiting = [] if found.is_closed else queries.queue(request.user, at=moment)
    context = {
        "voting_round": found,
        "board": board,
        "waiting": [place for place in waiting if place.round_id == round_id],
        "best": next((row for row in board if row.result and row.result.ice), None),
        "sent": sent_before(request, round_id),
        "takes_ballots": rules.takes_ballots(found, at=moment),
        "may_close": not found.is_closed and rules.may_close_round(request.user, found),
        "quorum": queries.quorum_of(found),
        **(_revealed(request, found, board) if found.is_closed else {}),
    }
    return render(request, "backlog/round.html", context)


def _revealed(request: MemberRequest, found: VotingRound, board: list[BoardRow]) -> dict[str, Any]:
    tiers = reveal.tiers(board)
    split = [row.result.pk for row in board if row.result and row.result.disputed_scales]
    talks = queries.talks(request.user, split) if split else {}
    again = queries.places_scored_again(found)
    left = _left_for_a_second_round(board, {place.idea_id for place in again})
    agreed = sum(bool(row.result and row.result.is_agreed) for row in board)
    return {
        "tiers": tiers,
        "tiers_sentence": reveal.tiers_sentence(tiers),
        "rank_axis": reveal.rank_axis(tiers),
        "disputed": reveal.disputed(board, talks),
        "disputed_count": len(split),
        **_most_disputed(request, board),
        "talk_next": reveal.next_talk(board, talks),
        "agreed": agreed,
        "second_rounds": list(dict.fromkeys(place.round for place in again)),
        "to_second_round": left if left and rules.second_round_refusal(request.user, found) is None else [],
    }


def _most_disputed(request: MemberRequest, board: list[BoardRow]) -> dict[str, Any]:
    """The dots of the idea about which the round is split most, under the sentence that says how."""
    row = reveal.most_disputed(board)
    if row is None:
        return {"split": None}
    return {"split": row, "figure": reveal_figure(row.ballots, request.user, sentence=reveal.split_sentence(row))}


def round_second(request: MemberRequest, round_id: int) -> HttpResponse:
    """The form of a second round for what this one left disputed; `?idea=` ticks that idea alone."""
    first = _visible(request, round_id)
    refusal = rules.second_round_refusal(request.user, first)
    if refusal is not None:
        raise refusal
    disputed, asked = queries.ideas_for_a_second_round(first), row_number(request.GET.get("idea", ""))
    ticked = [idea.pk for idea in disputed if asked in (None, idea.pk)]
    initial = {"ideas": ticked, "closes_at": proposed_closing()}
    form = SecondRoundForm(request.POST or None, initial=initial, disputed=disputed)
    if request.method == "POST" and form.is_valid():
        try:
            opened = rounds.open_second_round(first_round=first, actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refuse(form, error)
        else:
            messages.success(request, _("%(round)s is open.") % {"round": opened})
            return redirect("round", opened.pk)
    return render(request, "backlog/round_second.html", {"form": form, "first_round": first, "disputed": disputed})


def _left_for_a_second_round(board: list[BoardRow], taken: Collection[int]) -> list[Idea]:
    """As `queries.ideas_for_a_second_round`, of a board that is read already."""
    left = [(row.idea, row.result) for row in board if row.result is not None and row.idea.pk not in taken]
    return [idea for idea, place in left if rules.may_be_scored_again(idea, place)]


@require_POST
def round_extend(request: MemberRequest, round_id: int) -> HttpResponse:
    """One more day to vote."""
    found = rounds.extend(voting_round=_visible(request, round_id), actor=request.user)
    messages.success(request, _("%(round)s is open for one more day.") % {"round": found})
    return redirect("round", round_id)


@require_POST
def round_waive(request: MemberRequest, round_id: int) -> HttpResponse:
    """Lets somebody else close the round without quorum, with a reason."""
    reason = request.POST.get("reason", "")
    rounds.waive_quorum(voting_round=_visible(request, round_id), reason=reason, actor=request.user)
    messages.success(request, _("The quorum is waived. Somebody else closes the round."))
    return redirect("round", round_id)


def round_csv(request: MemberRequest, round_id: int) -> HttpResponse:
    """The ballots that this member may see, as a download; from a closed round's the scores can be computed anew."""
    found = _visible(request, round_id)
    ballots = queries.ballots_visible_to(request.user).filter(round_idea__round=found).order_by("round_idea", "pk")
    rows = [
        (ballot.round_idea.idea_id, ballot.round_idea.idea.title, ballot.voter.name, ballot.voter.discipline,
         ballot.impact, ballot.confidence, ballot.ease, ballot.expected_lift, ballot.comment,
         ballot.impact_comment, ballot.confidence_comment, ballot.ease_comment)
        for ballot in ballots
    ]  # fmt: skip
    return csv_answer(f"round-{round_id}.csv", BALLOT_COLUMNS, rows)


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
    asked = row_number(request.GET.get("pod", ""))
    pods = _pods(request)
    pod: Pod | None = pods.first() if asked is None else pods.filter(pk=asked).first()
    return {
        "name": _("Round %(number)d") % {"number": queries.next_round_number()},
        "pod": pod,
        "closes_at": proposed_closing(),
        "members": list(pod.members.all()) if pod else [],
    }
