"""One idea in one round: the ballot, the first look after it, the reveal after closing."""

from hashlib import blake2b
from typing import Any

from django.contrib import messages
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _

from backlog import queries, rules
from backlog.forms import BallotForm, ExplanationForm
from backlog.models import Ballot, RoundIdea
from backlog.services import ballots
from backlog.views.figures import reveal_figure, tally_figure
from backlog.views.idea_page import evidence_shown
from backlog.views.reveal import comments_by_scale
from backlog.views.scales import scales_shown
from backlog.views.talk_page import talk_shown
from engagement.accounts.requests import MemberRequest
from engagement.accounts.views import refuse
from engagement.core.addresses import row_number
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden, InvalidInput

STOP_POLLING = 286  # htmx's own status: take this answer and ask no more


def ballot(request: MemberRequest, round_id: int, idea_id: int) -> HttpResponse:
    place = queries.places().filter(round=round_id, idea=idea_id).first()
    if place is None:
        kept = get_object_or_404(queries.kept_in_place_of(round_id, idea_id))
        messages.warning(request, _("The idea was merged into this one. Nothing was sent."))
        return redirect("ballot", round_id, kept.pk)
    form = BallotForm(request.POST or None, evidence=list(queries.evidence_for(place.idea)))
    if request.method == "POST" and form.is_valid():
        try:
            ballots.cast(voting_round=place.round, idea=place.idea, voter=request.user, **form.values())
        except InvalidInput as error:
            refuse(form, error)
        except Conflict as error:  # closed, over, or sent before: the page shows how things stand
            messages.warning(request, str(error))
            return redirect("ballot", round_id, idea_id)
        else:
            return redirect(f"{_what_follows(request, round_id)}?sent={idea_id}")
    return place_page(request, place, form=form)


def place_page(
    request: MemberRequest,
    place: RoundIdea,
    *,
    form: BallotForm | None = None,
    talk_form: ExplanationForm | None = None,
) -> HttpResponse:
    """One idea in one round as this member may see it, with whichever of its forms came back."""
    form = form or BallotForm(evidence=list(queries.evidence_for(place.idea)))
    context = _ballot_page(request, place, form) | {"talk_form": talk_form or ExplanationForm()}
    return render(request, "backlog/ballot.html", context)


def tally(request: MemberRequest, round_id: int, idea_id: int) -> HttpResponseBase:
    """The first look alone, which htmx asks for while the round is open; 304 as long as nothing is new."""
    places = queries.places().select_related(None).select_related("round")
    place = get_object_or_404(places, round=round_id, idea=idea_id)
    if place.round.is_closed:
        return render(request, "backlog/_tally.html", {"place": place}, status=STOP_POLLING)
    seen = queries.tally_visible_to(request.user, place)
    if seen is None:
        raise Forbidden(_("What others say is shown once you have scored the idea yourself."))
    etag = quote_etag(_etag(seen))
    answer = get_conditional_response(request, etag=etag)
    if answer is None:
        answer = render(request, "backlog/_tally.html", {"place": place, "is_poll": True, **_shown(seen)})
    answer.headers["ETag"] = etag
    return answer


def sent_before(request: MemberRequest, round_id: int) -> RoundIdea | None:
    """The idea whose ballot brought the member here, so that the page can confirm it."""
    sent = row_number(request.GET.get("sent", ""))
    if sent is None:
        return None
    return queries.places_scored_by(request.user).filter(round=round_id, idea=sent).first()


def place_of(request: MemberRequest, round_id: int, idea_id: int) -> RoundIdea:
    return get_object_or_404(queries.places(), round=round_id, idea=idea_id)


def _what_follows(request: MemberRequest, round_id: int) -> str:
    """The address of the next idea to score in this round, else of the round."""
    waiting = [place for place in queries.queue(request.user, at=now()) if place.round_id == round_id]
    return reverse("ballot", args=[round_id, waiting[0].idea_id]) if waiting else reverse("round", args=[round_id])


def _ballot_page(request: MemberRequest, place: RoundIdea, form: BallotForm) -> dict[str, Any]:
    voting_round = get_object_or_404(queries.rounds_visible_to(request.user), pk=place.round_id)
    prefetch_related_objects([request.user], "pods")
    cast = list(queries.ballots_visible_to(request.user).filter(round_idea=place))
    own = next((one for one in cast if one.voter_id == request.user.pk), None)
    refusal = rules.voting_refusal(request.user, voting_round, is_invited=voting_round.is_invited, at=now())
    result = queries.scores_visible_to(request.user).filter(pk=place.pk).first()
    first = list(queries.first_ballots_visible_to(request.user, place)) if own or result else []
    return {
        "voting_round": voting_round,
        "idea": place.idea,
        "place": place,
        "own": own,
        "own_first": own and next((one for one in first if one.voter_id == own.voter_id), None),
        "may_vote": own is None and refusal is None,
        "refusal": refusal,
        "form": form,
        "scales": scales_shown(form, has_keys=request.user.has_shortcuts),
        "number": voting_round.own_count + 1,
        "left": voting_round.idea_count - voting_round.own_count - 1,
        "what_follows": _what_follows(request, place.round_id) if own and not result else "",
        "sent": sent_before(request, place.round_id),
        "result": result,
        "ballots": cast if result else [],
        **evidence_shown(request, form.evidence),
        **(_reveal(request, place, cast, first) if result else _first_look(request, place)),
    }


def _reveal(request: MemberRequest, place: RoundIdea, cast: list[Ballot], first: list[Ballot]) -> dict[str, Any]:
    by_voter = {one.voter_id: one for one in first}
    for one in cast:
        one.first = by_voter.get(one.voter_id)
    figure = reveal_figure(cast, request.user, first=first)
    return {"figure": figure, "comments": comments_by_scale(cast), **talk_shown(request.user, place, at=now())}


def _first_look(request: MemberRequest, place: RoundIdea) -> dict[str, Any]:
    seen = queries.tally_visible_to(request.user, place)
    return {"tally": None, "figure": None} if seen is None else _shown(seen)


def _shown(seen: queries.Tally) -> dict[str, Any]:
    return {"tally": seen, "etag": _etag(seen), "figure": tally_figure(seen) if seen.scales else None}


def _etag(seen: queries.Tally) -> str:
    """Of all that the first look is drawn from: a merge may change it and leave the number of ballots."""
    return blake2b(repr(seen).encode(), digest_size=8).hexdigest()
