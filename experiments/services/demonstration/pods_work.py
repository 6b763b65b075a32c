"""The pods' backlog: ideas, the rounds in which they were scored, and what was put aside."""

from collections.abc import Mapping
from decimal import Decimal

from backlog.models import Idea, VotingRound
from backlog.services import ballots, evidence, rounds
from backlog.services import ideas as idea_services
from engagement.accounts.models import Member, Pod
from experiments.demonstration.calendar import Calendar
from experiments.demonstration.evidence import EVIDENCE
from experiments.demonstration.ideas import IDEAS
from experiments.demonstration.rounds import ROUNDS, RoundText
from experiments.demonstration.rounds import ballots as drawn_ballots

Members = Mapping[str, Member]


def fill_backlog(members: Members, *, seed: int, calendar: Calendar) -> dict[str, Idea]:
    """All ideas by key, scored where a round has scored them, declined where somebody did."""
    pods = {pod.slug: pod for pod in Pod.objects.all()}
    ideas = _add(members, pods, calendar)
    _back(members, ideas, calendar)
    for number, text in enumerate(ROUNDS):
        voting_round = _open(text, members, pods, ideas, calendar)
        _vote(voting_round, number, members, ideas, seed)
        if text.is_closed:
            closer = members[text.opened_by]
            rounds.close_round(voting_round=voting_round, actor=closer, at=calendar.moment(text.closes))
    _decline(members, ideas, calendar)
    return ideas


def _add(members: Members, pods: Mapping[str, Pod], calendar: Calendar) -> dict[str, Idea]:
    texts = sorted(IDEAS, key=lambda text: calendar.moment(text.added))
    return {
        text.key: idea_services.add(
            title=text.title, problem=text.problem, change=text.change, actor=members[text.author],
            pod=pods[text.pod], lever=text.lever, channel=text.channel, lifecycle_stage=text.stage,
            at=calendar.moment(text.added),
        )
        for text in texts
    }  # fmt: skip


def _back(members: Members, ideas: Mapping[str, Idea], calendar: Calendar) -> None:
    for text in EVIDENCE:
        evidence.link(
            idea=ideas[text.idea], source=text.source, grade=text.grade, says=text.says, actor=members[text.by],
            at=calendar.moment(text.when),
        )  # fmt: skip


def _open(
    text: RoundText, members: Members, pods: Mapping[str, Pod], ideas: Mapping[str, Idea], calendar: Calendar
) -> VotingRound:
    return rounds.open_round(
        name=text.name, pod=pods[text.pod], actor=members[text.opened_by], ideas=[ideas[key] for key in text.ideas],
        members=[members[key] for key in text.scored], at=calendar.moment(text.opens),
        closes_at=calendar.moment(text.closes),
    )  # fmt: skip


def _vote(voting_round: VotingRound, number: int, members: Members, ideas: Mapping[str, Idea], seed: int) -> None:
    for text in drawn_ballots(number, seed=seed):
        ballots.cast(
            voting_round=voting_round, idea=ideas[text.idea], voter=members[text.voter], impact=text.impact,
            confidence=text.confidence, ease=text.ease, comment=text.comment,
            expected_lift=None if text.expected_lift is None else Decimal(str(text.expected_lift)),
            at=voting_round.opens_at + text.after,
        )  # fmt: skip


def _decline(members: Members, ideas: dict[str, Idea], calendar: Calendar) -> None:
    for text in IDEAS:
        if text.declined is not None:
            ideas[text.key] = idea_services.decline(
                idea=ideas[text.key], reason=text.declined.reason, actor=members[text.declined.by],
                at=calendar.moment(text.declined.when),
            )  # fmt: skip
