"""The blindness rule, and everything that hangs on it: ballots, scores, tallies, posts, talks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from backlog.choices import RoundState
from backlog.models import Ballot, Explanation, Idea, Post, RoundIdea, Talk
from backlog.scoring import SCALES, ScaleSummary, Scores, summarise
from engagement.accounts.models import Member

LEAST_FOR_A_TALLY = 3
SCORED_SOMETHING = Q(impact__isnull=False) | Q(confidence__isnull=False) | Q(ease__isnull=False)


def _still_blind(member: Member) -> QuerySet[RoundIdea]:
    """What this member is asked to score and has not scored: nothing that others said of these ideas may reach them.

    That includes ballots of earlier, closed rounds. Having abstained on every scale is not having scored.
    """
    scored = Ballot.objects.filter(SCORED_SOMETHING, round_idea=OuterRef("pk"), voter=member)
    return RoundIdea.objects.filter(~Exists(scored), round__state=RoundState.OPEN, round__members=member)


def _blind_ideas(member: Member) -> QuerySet[Any, Any]:
    """The numbers of the ideas of `_still_blind`, and of those that became part of one of them.

    Two parts, for each can use its index: one condition with “or” would read every idea there is.
    """
    to_score = _still_blind(member).values("idea").order_by()
    return to_score.union(Idea.objects.filter(merged_into__in=to_score).values("pk").order_by(), all=True)


def ballots_visible_to(member: Member) -> QuerySet[Ballot]:
    """In open rounds one's own; in closed ones all, unless this member is to score the same idea again.

    Then their own earlier ballot is hidden too, lest they repeat it: it is history once the new one is sent.
    """
    is_closed = Q(round_idea__round__state=RoundState.CLOSED)
    shown = Q(voter=member) & ~is_closed | is_closed & ~Q(round_idea__idea__in=_blind_ideas(member))
    return Ballot.objects.filter(shown).select_related("voter", "round_idea__idea", "round_idea__round")


def first_ballots_visible_to(member: Member, place: RoundIdea) -> QuerySet[Ballot]:
    """What the first round had said of an idea in a second round; nothing where there was none."""
    visible = ballots_visible_to(member).filter(round_idea__idea=place.idea_id)
    return visible.filter(round_idea__round__second_rounds=place.round_id)


def scores_visible_to(member: Member) -> QuerySet[RoundIdea]:
    """The results of closed rounds, newest round first, where `ballots_visible_to` shows what they were made from."""
    results = RoundIdea.objects.filter(round__state=RoundState.CLOSED).exclude(idea__in=_blind_ideas(member))
    return results.select_related("round").order_by("-round__closed_at", "-pk")


def is_newcomer(member: Member) -> bool:
    """Whether this member may score and has never sent a ballot."""
    return member.may_write and not Ballot.objects.filter(voter=member).exists()


@dataclass(frozen=True, slots=True)
class Tally:
    """What the ballots for one idea say together, without names.

    `ballots` counts those that scored something. `scales` holds the scales that may be shown: those with three scores.
    """

    ballots: int
    mine: Scores
    scales: Mapping[str, ScaleSummary]


def tally_visible_to(member: Member, round_idea: RoundIdea) -> Tally | None:
    """The tally of an idea that this member has scored in this round, and is not to score again; else None.

    A scale is left out while fewer than three have scored it: beside one's own dot another one gives a person away.
    """
    rows = Ballot.objects.filter(SCORED_SOMETHING, round_idea=round_idea).values_list("voter", *SCALES)
    cast = {voter: Scores(*scores) for voter, *scores in rows}
    mine = cast.get(member.pk)
    if mine is None or _still_blind(member).filter(idea=round_idea.idea_id).exists():
        return None
    summary = summarise(cast.values())
    scales = {scale: getattr(summary, scale) for scale in SCALES}
    shown = {scale: one for scale, one in scales.items() if one.scored >= LEAST_FOR_A_TALLY}
    return Tally(ballots=len(cast), mine=mine, scales=shown)


def posts_visible_to(member: Member) -> QuerySet[Post]:
    """What is said of ideas, the oldest first; nothing of an idea that this member is still to score."""
    return Post.objects.exclude(idea__in=_blind_ideas(member)).select_related("author")


def talks_visible_to(member: Member) -> QuerySet[Talk]:
    """The talks on disputed ideas; none on an idea that this member is to score again."""
    shown = Talk.objects.exclude(round_idea__idea__in=_blind_ideas(member))
    return shown.select_related("round_idea__round__pod", "alone_by")


def explanations_visible_to(member: Member) -> QuerySet[Explanation]:
    """What the ends of a dispute wrote, as far as this member may read it (`readable_by`)."""
    return Explanation.objects.filter(readable_by(member), talk__in=talks_visible_to(member))


def readable_by(member: Member) -> Q:
    """Of the words of visible talks: one's own, and others' once the talk has opened, both at the same moment."""
    return Q(written_at__isnull=False) & (Q(ballot__voter=member) | Q(talk__opened_at__isnull=False))
