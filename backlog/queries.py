"""What there is to see of ideas, rounds and ballots. Every visibility rule of the backlog lives here."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from backlog.choices import IdeaState, RoundState, may_become
from backlog.models import Ballot, Evidence, Idea, Post, RoundIdea, RoundMember, VotingRound
from backlog.scoring import SCALES, ScaleSummary, Scores, order_key, summarise
from engagement.accounts.models import AuditEntry, Member, Pod
from engagement.accounts.queries import audit_trail

LEAST_FOR_A_TALLY = 3
NUMBERS = ["ice", "counted_ballots", *(f"{scale}_{number}" for scale in SCALES for number in ("median", "spread"))]
SCORED_SOMETHING = Q(impact__isnull=False) | Q(confidence__isnull=False) | Q(ease__isnull=False)


# --- the blindness rule ---------------------------------------------------------------------------------------------
def _still_blind(member: Member) -> QuerySet[RoundIdea]:
    """What this member is asked to score and has not scored: nothing that others said of these ideas may reach them.

    That includes ballots of earlier, closed rounds. Having abstained on every scale is not having scored.
    """
    scored = Ballot.objects.filter(SCORED_SOMETHING, round_idea=OuterRef("pk"), voter=member)
    return RoundIdea.objects.filter(~Exists(scored), round__state=RoundState.OPEN, round__members=member)


def ballots_visible_to(member: Member) -> QuerySet[Ballot]:
    """Own ballots always; others' once their round is closed and this member is not to score the same idea again."""
    blind_ideas = _still_blind(member).values("idea")
    revealed = Q(round_idea__round__state=RoundState.CLOSED) & ~Q(round_idea__idea__in=blind_ideas)
    return Ballot.objects.filter(Q(voter=member) | revealed).select_related(
        "voter", "round_idea__idea", "round_idea__round"
    )


def scores_visible_to(member: Member) -> QuerySet[RoundIdea]:
    """The results of closed rounds, newest round first, where `ballots_visible_to` shows what they were made from."""
    blind_ideas = _still_blind(member).values("idea")
    results = RoundIdea.objects.filter(round__state=RoundState.CLOSED).exclude(idea__in=blind_ideas)
    return results.select_related("round").order_by("-round__closed_at", "-pk")


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
    mine = Ballot.objects.filter(SCORED_SOMETHING, round_idea=round_idea, voter=member).first()
    if mine is None or _still_blind(member).filter(idea=round_idea.idea_id).exists():
        return None
    cast = [ballot.scores for ballot in Ballot.objects.filter(SCORED_SOMETHING, round_idea=round_idea)]
    summary = summarise(cast)
    scales = {scale: getattr(summary, scale) for scale in SCALES}
    shown = {scale: one for scale, one in scales.items() if one.scored >= LEAST_FOR_A_TALLY}
    return Tally(ballots=len(cast), mine=mine.scores, scales=shown)


def posts_visible_to(member: Member) -> QuerySet[Post]:
    """What is said of ideas, the oldest first; nothing of an idea that this member is still to score."""
    blind_ideas = _still_blind(member).values("idea")
    return Post.objects.exclude(idea__in=blind_ideas).select_related("author")


# --- ideas ----------------------------------------------------------------------------------------------------------
def ideas_visible_to(member: Member) -> QuerySet[Idea]:
    """Every idea; `results` lists the results this member may see, newest first, and `ice` is the newest score."""
    visible = scores_visible_to(member)
    newest_score = visible.filter(idea=OuterRef("pk"), ice__isnull=False).values("ice")[:1]
    annotations = {"ice": Subquery(newest_score)}
    return Idea.objects.select_related("pod", "author").prefetch_related(_results(visible)).annotate(**annotations)


def _results(visible: QuerySet[RoundIdea]) -> Prefetch[Any]:
    return Prefetch("round_ideas", queryset=visible, to_attr="results")


def evidence_for(idea: Idea) -> QuerySet[Evidence]:
    """What backs the idea, in the order it was linked. It is the same for everybody, before a ballot too."""
    return Evidence.objects.filter(idea=idea).select_related("added_by")


def ideas_free_for_a_round() -> QuerySet[Idea]:
    return Idea.objects.filter(state__in=may_become(IdeaState.IN_ROUND)).select_related("pod")


def idea_counts() -> dict[str, int]:
    """How many ideas there are in each state that has any."""
    return dict(Idea.objects.order_by().values_list("state").annotate(count=Count("pk")))


def rounds_of(idea: Idea) -> QuerySet[VotingRound]:
    return VotingRound.objects.filter(ideas=idea).select_related("pod")


def history_of(idea: Idea) -> QuerySet[AuditEntry]:
    """What was done to the idea, newest first. Ballots are not part of it: they leave their trace at the round."""
    return audit_trail(target_type="idea", target_id=str(idea.pk))


def pods_to_open_rounds_for(member: Member) -> QuerySet[Pod]:
    """Those whose rounds this member may open: as `rules.may_open_round`."""
    return Pod.objects.all() if member.is_administrator else member.pods.all()


# --- rounds ---------------------------------------------------------------------------------------------------------
def rounds_visible_to(member: Member) -> QuerySet[VotingRound]:
    """Every round, with counts: its ideas, members invited and voting, and this member's own ballots in it.

    How many have voted in the round at all is no secret; how many have scored which idea is.
    """
    rounds = VotingRound.objects.select_related("pod", "opened_by", "closed_by")
    return rounds.annotate(**_round_counts(member))


def _round_counts(member: Member) -> dict[str, Coalesce | Exists]:
    round_members = RoundMember.objects.filter(round=OuterRef("pk"))
    voted = Ballot.objects.filter(round_idea__round=OuterRef("round"), voter=OuterRef("member"))
    own = Ballot.objects.filter(round_idea__round=OuterRef("pk"), voter=member)
    return {
        "idea_count": _count(RoundIdea.objects.filter(round=OuterRef("pk")), "round"),
        "member_count": _count(round_members, "round"),
        "voter_count": _count(round_members.filter(Exists(voted)), "round"),
        "own_count": _count(own, "round_idea__round"),
        "is_invited": Exists(round_members.filter(member=member)),
    }


def rounds_waiting_for(member: Member, *, at: datetime) -> QuerySet[VotingRound]:
    """The rounds in which this member may cast ballots now, the one that closes first in front."""
    in_time = Q(state=RoundState.OPEN, opens_at__lte=at, closes_at__gt=at)
    return rounds_visible_to(member).filter(in_time, members=member).order_by("closes_at", "pk")


def rounds_closed_with(member: Member) -> QuerySet[VotingRound]:
    """The closed rounds this member was invited to, the newest first."""
    return rounds_visible_to(member).filter(state=RoundState.CLOSED, members=member).order_by("-closed_at")


def rounds_to_close_by(member: Member, *, at: datetime) -> QuerySet[VotingRound]:
    """The rounds whose time is over and which this member may close: as `rules.may_close_round`."""
    over = rounds_visible_to(member).filter(state=RoundState.OPEN, closes_at__lte=at).order_by("closes_at")
    if not member.may_write:
        return over.none()
    return over if member.is_administrator else over.filter(Q(opened_by=member) | Q(pod__in=member.pods.all()))


def places() -> QuerySet[RoundIdea]:
    """Every idea in every round. Its numbers are not for showing: those come from `scores_visible_to`."""
    return RoundIdea.objects.select_related("round__pod", "idea__pod", "idea__author").defer(*NUMBERS)


def places_scored_by(member: Member) -> QuerySet[RoundIdea]:
    return places().filter(ballots__voter=member)


def next_round_number() -> int:
    return VotingRound.objects.count() + 1


def waiting_for(member: Member, *, at: datetime) -> QuerySet[RoundIdea]:
    """The ideas that wait for this member's ballot now."""
    in_time = Q(round__state=RoundState.OPEN, round__opens_at__lte=at, round__closes_at__gt=at)
    return RoundIdea.objects.filter(in_time, round__members=member).exclude(ballots__voter=member)


def queue(member: Member, *, at: datetime) -> list[RoundIdea]:
    """What waits for this member's ballot: round by round, in a round in an order that is theirs alone and stays."""
    return sorted(
        waiting_for(member, at=at).select_related("round__pod", "idea__pod"),
        key=lambda place: (place.round.closes_at, place.round_id, _own_order(member, place)),
    )


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One idea of a round as one member may see it: all ballots or only their own, the result or none."""

    idea: Idea
    ballots: list[Ballot]
    own: Ballot | None
    result: RoundIdea | None


def board(member: Member, voting_round: VotingRound) -> list[BoardRow]:
    """The ideas of a round: in this member's own order while it is open, by ICE score once it is closed."""
    in_round = list(places().filter(round=voting_round))
    in_round.sort(key=lambda place: _own_order(member, place))
    ballots: defaultdict[int, list[Ballot]] = defaultdict(list)
    for ballot in ballots_visible_to(member).filter(round_idea__round=voting_round):
        ballots[ballot.round_idea_id].append(ballot)
    results = scores_visible_to(member).filter(round=voting_round).in_bulk()
    rows = [_board_row(member, place, ballots[place.pk], results.get(place.pk)) for place in in_round]
    return sorted(rows, key=lambda row: -row.result.ice if row.result and row.result.ice else 0)


def _board_row(member: Member, place: RoundIdea, ballots: list[Ballot], result: RoundIdea | None) -> BoardRow:
    own = next((ballot for ballot in ballots if ballot.voter_id == member.pk), None)
    return BoardRow(idea=place.idea, ballots=ballots, own=own, result=result)


def _own_order(member: Member, place: RoundIdea) -> bytes:
    return order_key(secret=settings.SECRET_KEY, member=member.pk, voting_round=place.round_id, idea=place.idea_id)


def _count(rows: QuerySet[RoundIdea] | QuerySet[RoundMember] | QuerySet[Ballot], group: str) -> Coalesce:
    """The number of `rows` that belong to one outer row, without a join that would multiply other counts."""
    counted = rows.order_by().values(group).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0, output_field=IntegerField())
