"""Opening a voting round and closing it."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from backlog import queries, rules, scoring
from backlog.choices import IdeaState, RoundState, may_become
from backlog.models import Idea, RoundIdea, RoundMember, VotingRound
from backlog.models.rounds import TALK_DAYS
from backlog.quorum import HALF, TWO
from backlog.services import columns, talks
from backlog.services.ranking import freeze_ranks
from engagement.accounts.models import Member, Pod
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden, InvalidInput

DAY = timedelta(days=1)
ROOM_FOR_NAME = 60  # of the 80 letters a round's name may have
FROZEN = [f"{scale}_{number}" for scale in scoring.SCALES for number in ("median", "spread")]


@transaction.atomic
def open_round(
    *,
    name: str,
    pod: Pod,
    closes_at: datetime,
    ideas: Collection[Idea],
    actor: Member,
    members: Collection[Member] = (),
    quorum_share: float = HALF,
    quorum_disciplines: int = TWO,
    talk_days: int = TALK_DAYS,
    at: datetime | None = None,
) -> VotingRound:
    """A round in which `members` score `ideas` until `closes_at`; with no members named, the whole pod is invited."""
    require_writer(actor)
    if not rules.may_open_round(actor, pod):
        raise Forbidden(_("Only members of %(pod)s and administrators open its rounds.") % {"pod": pod})
    moment = at or now()
    if closes_at <= moment:
        raise InvalidInput(_("The closing time has passed. Choose a later one."), field="closes_at")
    ideas, invited = list(dict.fromkeys(ideas)), _voters(pod, list(dict.fromkeys(members)))
    voting_round = VotingRound(name=name.strip(), pod=pod, opens_at=moment, closes_at=closes_at, opened_by=actor)
    voting_round.quorum_share, voting_round.quorum_disciplines = quorum_share, quorum_disciplines
    voting_round.talk_days = talk_days
    return _begin(voting_round, ideas, invited, actor=actor)


@transaction.atomic
def open_second_round(
    *,
    first_round: VotingRound,
    ideas: Collection[Idea],
    closes_at: datetime,
    actor: Member,
    at: datetime | None = None,
) -> VotingRound:
    """Fresh ballots for disputed ideas of a closed round, by whoever was invited to it and may still score.

    The first ballots stay on record as they are; quorum and wait are those of the first round.
    """
    require_writer(actor)
    first_round = VotingRound.objects.select_for_update(of=("self",)).select_related("pod").get(pk=first_round.pk)
    refusal = rules.second_round_refusal(actor, first_round)
    if refusal is not None:
        raise refusal
    moment, ideas, disputed = at or now(), list(dict.fromkeys(ideas)), queries.ideas_for_a_second_round(first_round)
    if closes_at <= moment:
        raise InvalidInput(_("The closing time has passed. Choose a later one."), field="closes_at")
    for idea in ideas:
        if idea not in disputed:
            words = _("“%(idea)s” is not disputed in %(round)s, or has been taken up since.")
            raise InvalidInput(words % {"idea": idea, "round": first_round}, field="ideas")
    opened = VotingRound(
        name=_("%(round)s, second round") % {"round": first_round.name[:ROOM_FOR_NAME]},
        first_round=first_round,
        pod=first_round.pod,
        opens_at=moment,
        closes_at=closes_at,
        opened_by=actor,
        quorum_share=first_round.quorum_share,
        quorum_disciplines=first_round.quorum_disciplines,
        talk_days=first_round.talk_days,
    )
    invited = [member for member in first_round.members.all() if member.may_write]
    return _begin(opened, ideas, invited, actor=actor)


def _begin(
    voting_round: VotingRound, ideas: Collection[Idea], invited: Collection[Member], *, actor: Member
) -> VotingRound:
    columns.check(voting_round)
    voting_round.save()
    _take_in(voting_round, ideas)
    RoundMember.objects.bulk_create([RoundMember(round=voting_round, member=member) for member in invited])
    audit.record(
        actor=actor,
        verb="opened",
        target=voting_round,
        after={
            "closes_at": voting_round.closes_at.isoformat(),
            "ideas": sorted(idea.title for idea in ideas),
            "members": sorted(member.name for member in invited),
        },
        at=voting_round.opens_at,
    )
    return voting_round


@transaction.atomic
def close_round(*, voting_round: VotingRound, actor: Member | None, at: datetime | None = None) -> VotingRound:
    """Ends the voting, computes the scores once and for good, and opens all ballots with their names.

    Of two who close at once the second is refused. A ballot on its way is either counted or refused: it holds its
    voter's invitation (see `ballots.cast`), and closing waits for all of them.
    """
    require_writer(actor)
    voting_round = VotingRound.objects.select_for_update(of=("self",)).select_related("pod").get(pk=voting_round.pk)
    if actor is not None and not rules.may_close_round(actor, voting_round):
        raise Forbidden(_("Only whoever opened the round, its pod and administrators may close it."))
    if voting_round.is_closed:
        words = _("%(round)s was closed already, on %(time)s.")
        raise Conflict(words % {"round": voting_round, "time": rules.written(voting_round.closed_at)})
    list(RoundMember.objects.select_for_update().filter(round=voting_round).order_by("pk"))
    _require_quorum(voting_round, actor)
    voting_round.state, voting_round.closed_at, voting_round.closed_by = RoundState.CLOSED, at or now(), actor
    voting_round.save()
    _freeze_scores(voting_round)
    talks.invite(voting_round=voting_round)
    states = _release_ideas(voting_round)
    _record_turnout(voting_round)
    audit.record(
        actor=actor,
        verb="closed",
        target=voting_round,
        before={"state": RoundState.OPEN},
        after={"state": RoundState.CLOSED, "ideas": states},
        at=voting_round.closed_at,
    )
    return voting_round


def _require_quorum(voting_round: VotingRound, actor: Member | None) -> None:
    """Enough members of enough disciplines, or the waiver of somebody else than whoever closes."""
    found = queries.quorum_of(voting_round)
    if found.is_met:
        return
    if voting_round.waived_at is None:
        raise Conflict(rules.quorum_missing(found))
    if actor is not None and voting_round.waived_by_id == actor.pk:
        raise Conflict(_("You gave the waiver, so somebody else closes the round."))


@transaction.atomic
def waive_quorum(*, voting_round: VotingRound, reason: str, actor: Member | None) -> None:
    """Lets the round be closed without quorum, by somebody else, with a reason that stays on the round."""
    require_writer(actor)
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("Say why the round counts without quorum."), field="reason")
    voting_round = VotingRound.objects.select_for_update(of=("self",)).select_related("pod").get(pk=voting_round.pk)
    if actor is not None and not rules.may_close_round(actor, voting_round):
        raise Forbidden(_("Only whoever opened the round, its pod and administrators may waive its quorum."))
    if voting_round.is_closed or queries.quorum_of(voting_round).is_met:
        raise Conflict(_("There is nothing to waive: the round is closed or has its quorum."))
    voting_round.waived_by, voting_round.waived_at, voting_round.waiver = actor, now(), reason[:300]
    voting_round.save()
    audit.record(actor=actor, verb="waived quorum", target=voting_round, reason=reason)


@transaction.atomic
def extend(*, voting_round: VotingRound, actor: Member | None, at: datetime | None = None) -> VotingRound:
    """One more day to vote, from now where the time is over already."""
    require_writer(actor)
    voting_round = VotingRound.objects.select_for_update(of=("self",)).select_related("pod").get(pk=voting_round.pk)
    if actor is not None and not rules.may_close_round(actor, voting_round):
        raise Forbidden(_("Only whoever opened the round, its pod and administrators may extend it."))
    if voting_round.is_closed:
        raise Conflict(_("The round is closed; its scores stand."))
    before = voting_round.closes_at
    voting_round.closes_at = max(before, at or now()) + DAY
    voting_round.save()
    times = ({"closes_at": moment.isoformat()} for moment in (before, voting_round.closes_at))
    audit.record(actor=actor, verb="extended", target=voting_round, before=next(times), after=next(times))
    return voting_round


def _voters(pod: Pod, named: Collection[Member]) -> list[Member]:
    """Who is invited: the members named, else everybody in the pod who may score."""
    voters = [member for member in named or pod.members.all() if member.may_write]
    if len(voters) < len(named):
        barred = next(member for member in named if not member.may_write)
        words = _("%(name)s may look but not score. Leave them out, or have their role changed first.")
        raise InvalidInput(words % {"name": barred}, field="members")
    if not voters:
        raise InvalidInput(_("Nobody in %(pod)s may score. Choose who is invited.") % {"pod": pod}, field="members")
    return voters


def _take_in(voting_round: VotingRound, ideas: Collection[Idea]) -> None:
    """Puts the ideas into the round: all of them, or none when one is not free."""
    if not ideas:
        raise InvalidInput(_("A round needs at least one idea. Choose some from the backlog."), field="ideas")
    found = Idea.objects.select_for_update().filter(pk__in=[idea.pk for idea in ideas]).order_by("pk")
    for idea in found:
        if idea.state not in may_become(IdeaState.IN_ROUND):
            words = _("“%(idea)s” is in the state “%(state)s” and cannot be scored now.")
            raise InvalidInput(words % {"idea": idea, "state": IdeaState(idea.state).label}, field="ideas")
    RoundIdea.objects.bulk_create([RoundIdea(round=voting_round, idea=idea) for idea in ideas])
    found.order_by().update(state=IdeaState.IN_ROUND)


def _freeze_scores(voting_round: VotingRound) -> None:
    round_ideas = list(voting_round.round_ideas.prefetch_related("ballots"))
    for round_idea in round_ideas:
        summary = scoring.summarise(ballot.scores for ballot in round_idea.ballots.all())
        round_idea.ice, round_idea.counted_ballots = summary.ice, summary.counted
        for scale in scoring.SCALES:
            setattr(round_idea, f"{scale}_median", getattr(summary, scale).median)
            setattr(round_idea, f"{scale}_spread", getattr(summary, scale).spread)
    RoundIdea.objects.bulk_update(round_ideas, ["ice", "counted_ballots", *FROZEN])
    freeze_ranks(voting_round, round_ideas)


def _record_turnout(voting_round: VotingRound) -> None:
    """One entry per member who voted, all of the same moment: from the trail no ballot can be told from another."""
    for voter in voting_round.members.filter(ballots__round_idea__round=voting_round).order_by("name", "pk").distinct():
        audit.record(actor=voter, verb="voted", target=voting_round, at=voting_round.closed_at)


def _release_ideas(voting_round: VotingRound) -> dict[str, str]:
    """Moves the ideas on: scored, or back to the backlog when no round gave them a score. State by title."""
    ideas = Idea.objects.filter(voting_rounds=voting_round)
    scored = set(ideas.filter(round_ideas__ice__isnull=False).values_list("pk", flat=True))
    states = {idea: IdeaState.SCORED if idea.pk in scored else IdeaState.BACKLOG for idea in ideas}
    for state in set(states.values()):
        Idea.objects.filter(pk__in=[idea.pk for idea in ideas if states[idea] == state]).update(state=state)
    return {idea.title: state.value for idea, state in states.items()}
