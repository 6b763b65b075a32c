"""Making one idea of two."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from backlog import rules
from backlog.choices import IdeaState, RoundState, may_become
from backlog.models import Ballot, Evidence, Idea, Post, RoundIdea, RoundMember, VotingRound
from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.errors import Conflict, Forbidden, InvalidInput


@dataclass(frozen=True, slots=True)
class Merged:
    """The idea that is kept, and, where it is being scored, its place and what became of the other's ballots."""

    idea: Idea
    place: RoundIdea | None
    moved: int
    dropped: int


@transaction.atomic
def merge(*, idea: Idea, into: Idea, actor: Member, at: datetime | None = None) -> Merged:
    """`idea` becomes part of `into`, with its evidence and its discussion; its address leads there from now on.

    In an open round each member keeps one ballot, the newest. Ballots of closed rounds stay where they were cast.
    """
    require_writer(actor)
    if idea.pk == into.pk:
        raise InvalidInput(_("An idea cannot be merged into itself. Choose another one."), field="into")
    _let_ballots_arrive(idea, into)
    # By number, so that two who merge the same ideas the other way round take turns.
    found = Idea.objects.select_for_update().order_by("pk").in_bulk([idea.pk, into.pk])
    idea, into = found[idea.pk], found[into.pk]
    _require_may_merge(idea, into, actor)
    moved, dropped = _merge_places(idea, into)
    Evidence.objects.filter(idea=idea).update(idea=into)
    Post.objects.filter(idea=idea).update(idea=into)
    Idea.objects.filter(merged_into=idea).update(merged_into=into)
    before = idea.state
    Idea.objects.filter(pk=idea.pk).update(merged_into=into, state=IdeaState.MERGED)
    _record(idea, into, before=before, actor=actor, at=at)
    into.refresh_from_db()
    place = RoundIdea.objects.filter(idea=into, round__state=RoundState.OPEN).first()
    return Merged(into, place, moved, dropped)


def _let_ballots_arrive(idea: Idea, into: Idea) -> None:
    """Waits for every ballot on its way in the open rounds of both, and lets nobody close them meanwhile."""
    places = RoundIdea.objects.filter(idea__in=[idea, into], round__state=RoundState.OPEN)
    rounds = VotingRound.objects.select_for_update(of=("self",)).filter(pk__in=places.values("round")).order_by("pk")
    list(RoundMember.objects.select_for_update().filter(round__in=list(rounds)).order_by("pk"))


def _require_may_merge(idea: Idea, into: Idea, actor: Member) -> None:
    if not rules.may_change_idea(actor, idea):
        raise Forbidden(_("Only its author, its pod and administrators may merge this idea into another."))
    for one in (idea, into):
        if one.merged_into is not None:
            words = _("“%(idea)s” was merged into “%(kept)s” already.")
            raise Conflict(words % {"idea": one, "kept": one.merged_into})
    if not rules.may_be_merged(idea):
        words = _("“%(idea)s” is in the state “%(state)s”: an experiment stands on it, so it stays an idea of its own.")
        raise Conflict(words % {"idea": idea, "state": IdeaState(idea.state).label})


def _merge_places(idea: Idea, into: Idea) -> tuple[int, int]:
    """How many ballots of the open round moved, and how many were dropped."""
    in_open_rounds = RoundIdea.objects.filter(round__state=RoundState.OPEN).select_related("round")
    place, kept_place = in_open_rounds.filter(idea=idea).first(), in_open_rounds.filter(idea=into).first()
    if place is None:
        return 0, 0
    if kept_place is None:
        return _hand_over(place, into)
    if kept_place.round_id != place.round_id:
        raise Conflict(_("Both are being scored, in different rounds. Merge them when one of the rounds is closed."))
    return _merge_ballots(place, kept_place)


def _hand_over(place: RoundIdea, into: Idea) -> tuple[int, int]:
    """The kept idea is scored in the other's stead, with the ballots that are there."""
    if into.state not in may_become(IdeaState.IN_ROUND):
        words = _("“%(idea)s” is being scored and “%(kept)s” is in the state “%(state)s”. Close the round first.")
        raise Conflict(words % {"idea": place.idea, "kept": into, "state": IdeaState(into.state).label})
    moved = place.ballots.count()
    RoundIdea.objects.filter(pk=place.pk).update(idea=into, ballots_moved=moved)
    Idea.objects.filter(pk=into.pk).update(state=IdeaState.IN_ROUND)
    return moved, 0


def _merge_ballots(place: RoundIdea, kept_place: RoundIdea) -> tuple[int, int]:
    kept = {ballot.voter_id: ballot for ballot in kept_place.ballots.all()}
    both = list(place.ballots.all())
    newer = [one for one in both if one.voter_id not in kept or one.cast_at > kept[one.voter_id].cast_at]
    outdone = [kept[one.voter_id] for one in newer if one.voter_id in kept]
    dropped = len(both) - len(newer) + len(outdone)
    Ballot.objects.filter(pk__in=[one.pk for one in outdone]).delete()
    Ballot.objects.filter(pk__in=[one.pk for one in newer]).update(round_idea=kept_place)
    place.ballots.all().delete()
    place.delete()
    RoundIdea.objects.filter(pk=kept_place.pk).update(
        ballots_moved=F("ballots_moved") + len(newer), ballots_dropped=F("ballots_dropped") + dropped
    )
    return len(newer), dropped


def _record(idea: Idea, into: Idea, *, before: str, actor: Member, at: datetime | None) -> None:
    """Both ideas tell of it. How many ballots moved is no matter for the trail: its readers may be yet to score."""
    audit.record(
        actor=actor,
        verb="merged",
        target=idea,
        before={"state": before},
        after={"state": IdeaState.MERGED, "into": into.title},
        at=at,
    )
    audit.record(actor=actor, verb="took in", target=into, after={"idea": idea.title}, at=at)
