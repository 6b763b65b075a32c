"""Rounds, the boards of their ideas, and what waits for whom."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from backlog import rules
from backlog.choices import RoundState
from backlog.models import Ballot, Idea, RoundIdea, RoundMember, VotingRound
from backlog.queries.ballots import ballots_visible_to, scores_visible_to
from backlog.quorum import Quorum, quorum
from backlog.scoring import SCALES, order_key
from engagement.accounts.models import Member, Pod

# Not for showing: they come from `scores_visible_to` alone.
NUMBERS = [
    "ice",
    "counted_ballots",
    "ballots_moved",
    "ballots_dropped",
    *(f"{scale}_{number}" for scale in SCALES for number in ("median", "spread")),
    "rank",
    "rank_low",
    "rank_high",
    "tier",
]


ROUNDS_OF_A_POD = 12


def rounds_visible_to(member: Member) -> QuerySet[VotingRound]:
    """Every round, with counts: its ideas, members invited and voting, and this member's own ballots in it.

    How many have voted in the round at all is no secret; how many have scored which idea is.
    """
    rounds = VotingRound.objects.select_related("pod", "opened_by", "closed_by", "first_round")
    return rounds.annotate(**_round_counts(member))


def _round_counts(member: Member) -> dict[str, Coalesce | Exists]:
    own = Ballot.objects.filter(round_idea__round=OuterRef("pk"), voter=member)
    return {
        "idea_count": _count(RoundIdea.objects.filter(round=OuterRef("pk")), "round"),
        **_turnout_counts(),
        "own_count": _count(own, "round_idea__round"),
        "is_invited": Exists(RoundMember.objects.filter(round=OuterRef("pk"), member=member)),
    }


def _turnout_counts() -> dict[str, Coalesce]:
    round_members = RoundMember.objects.filter(round=OuterRef("pk"))
    voted = Ballot.objects.filter(round_idea__round=OuterRef("round"), voter=OuterRef("member"))
    return {
        "member_count": _count(round_members, "round"),
        "voter_count": _count(round_members.filter(Exists(voted)), "round"),
    }


def rounds_of_pod(pod: Pod) -> list[VotingRound]:
    """The pod's newest rounds with their turnout: as many as tell which way it goes, and a few for those still open."""
    newest = VotingRound.objects.filter(pod=pod).annotate(**_turnout_counts())
    return list(newest.order_by("-opens_at", "-pk")[:ROUNDS_OF_A_POD])


def quorum_of(voting_round: VotingRound) -> Quorum:
    """How far the round is from counting; that a member has voted at all is no secret."""
    members = RoundMember.objects.filter(round=voting_round)
    voted = Ballot.objects.filter(round_idea__round=voting_round, voter=OuterRef("member"))
    rows = list(members.values_list("member__discipline", Exists(voted)))
    return quorum(
        invited=[discipline for discipline, _has_voted in rows],
        voted=[discipline for discipline, has_voted in rows if has_voted],
        share=voting_round.quorum_share,
        disciplines=voting_round.quorum_disciplines,
    )


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
    shown = ("round__pod", "idea__pod", "idea__author", "idea__serves", "idea__may_hurt_goal")
    return RoundIdea.objects.select_related(*shown).defer(*NUMBERS)


def ideas_for_a_second_round(first_round: VotingRound) -> list[Idea]:
    """The disputed ideas of a closed round that are free to be scored again and no second round has taken up."""
    taken = {place.idea_id for place in places_scored_again(first_round)}
    places = RoundIdea.objects.filter(round=first_round).exclude(idea__in=taken).select_related("idea__pod")
    return [place.idea for place in places if rules.may_be_scored_again(place.idea, place)]


def places_scored_again(first_round: VotingRound) -> list[RoundIdea]:
    """The places of its ideas in second rounds, the newest round first."""
    again = RoundIdea.objects.filter(round__first_round=first_round).select_related("round").defer(*NUMBERS)
    return list(again.order_by("-round_id", "pk"))


def kept_in_place_of(round_id: int, idea_id: int) -> QuerySet[Idea]:
    """The one idea that is scored in that round in this one's stead since the two were merged; none where none is."""
    return Idea.objects.filter(merged_ideas=idea_id, round_ideas__round=round_id)


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
