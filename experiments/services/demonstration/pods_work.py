"""The pods' backlog: ideas, the rounds in which they were scored, and what was put aside."""

from collections.abc import Mapping
from datetime import datetime, time
from decimal import Decimal

from backlog import queries
from backlog.choices import GoalKind, Scale
from backlog.models import Goal, Idea, Talk, VotingRound
from backlog.quarters import Quarter
from backlog.services import ballots, evidence, rounds, talks
from backlog.services import goals as goal_services
from backlog.services import ideas as idea_services
from engagement.accounts.models import Member, Pod
from experiments.demonstration.calendar import Calendar
from experiments.demonstration.disputes import SECOND_ROUND, TALKS, second_thoughts
from experiments.demonstration.evidence import EVIDENCE
from experiments.demonstration.ideas import IDEAS, REACH_OF_STAGE
from experiments.demonstration.leadership import GOALS
from experiments.demonstration.programme import EXPERIMENTS
from experiments.demonstration.rounds import ROUNDS, RoundText
from experiments.demonstration.rounds import ballots as drawn_ballots

Members = Mapping[str, Member]


def fill_backlog(members: Members, customers: int, *, seed: int, calendar: Calendar) -> dict[str, Idea]:
    """All ideas by key, scored where a round has scored them, declined where somebody did; and the pods' goals."""
    pods = {pod.slug: pod for pod in Pod.objects.all()}
    _set_goals(calendar.last_full_quarter, members, pods, calendar)
    goals = _set_goals(calendar.last_full_quarter.next, members, pods, calendar)
    ideas = _add(members, pods, goals, customers, calendar)
    _back(members, ideas, calendar)
    for number, text in enumerate(ROUNDS):
        voting_round = _open(text, members, pods, ideas, calendar)
        _vote(voting_round, number, members, ideas, seed)
        if text.is_closed:
            closer = members[text.opened_by]
            rounds.close_round(voting_round=voting_round, actor=closer, at=calendar.moment(text.closes))
            _talk(voting_round, ideas, calendar)
            _score_again(voting_round, members, ideas, calendar)
    _decline(members, ideas, calendar)
    return ideas


def _set_goals(quarter: Quarter, members: Members, pods: Mapping[str, Pod], calendar: Calendar) -> dict[str, Goal]:
    """The quarter's goals, set on its first morning; each pod's first by its slug."""
    morning = datetime.combine(quarter.first_day, time(9), calendar.zone)
    made: dict[str, Goal] = {}
    for text in GOALS:
        goal = goal_services.add(
            quarter=quarter, pod=pods[text.pod], name=text.name, metric_key=text.metric, kind=GoalKind.LIFT,
            target=Decimal(text.lift), direction=text.direction, actor=members[text.owner], at=morning,
        )  # fmt: skip
        made.setdefault(text.pod, goal)
    return made


def _add(
    members: Members, pods: Mapping[str, Pod], goals: Mapping[str, Goal], customers: int, calendar: Calendar
) -> dict[str, Idea]:
    """Ideas that nobody has made an experiment of serve their pod's first goal of this quarter and say for how many."""
    tried = {text.idea for text in EXPERIMENTS}
    texts = sorted(IDEAS, key=lambda text: calendar.moment(text.added))
    return {
        text.key: idea_services.add(
            title=text.title, problem=text.problem, change=text.change, actor=members[text.author],
            pod=pods[text.pod], lever=text.lever, channel=text.channel, lifecycle_stage=text.stage,
            customer_state=text.customers,
            serves=None if text.key in tried else goals[text.pod],
            expected_audience=None if text.key in tried else round(customers * REACH_OF_STAGE[text.stage]),
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
            confidence=text.confidence, ease=text.ease,
            **{f"{text.about}_comment" if text.about else "comment": text.comment},
            expected_lift=None if text.expected_lift is None else Decimal(str(text.expected_lift)),
            at=voting_round.opens_at + text.after,
        )  # fmt: skip


def _talk(voting_round: VotingRound, ideas: Mapping[str, Idea], calendar: Calendar) -> None:
    """Both ends say why, where the drawn ballots left an idea disputed on the scale they write about."""
    for text in TALKS:
        of_idea = Talk.objects.filter(round_idea__round=voting_round, round_idea__idea=ideas[text.idea])
        for talk in of_idea.filter(scale=text.scale):
            for one in talk.explanations.select_related("ballot__voter"):
                side, at = getattr(text, one.end), calendar.moment(text.when)
                talks.explain(talk=talk, text=side.why, would_change=side.would_change, actor=one.voter, at=at)


def _score_again(first_round: VotingRound, members: Members, ideas: Mapping[str, Idea], calendar: Calendar) -> None:
    """The second round, where the drawn ballots call for it: everybody has moved towards the middle."""
    idea, actor = ideas[SECOND_ROUND.idea], members[SECOND_ROUND.opened_by]
    if idea not in queries.ideas_for_a_second_round(first_round):
        return
    again = rounds.open_second_round(
        first_round=first_round, ideas=[idea], actor=actor, closes_at=calendar.moment(SECOND_ROUND.closes),
        at=calendar.moment(SECOND_ROUND.opens),
    )  # fmt: skip
    place = first_round.round_ideas.get(idea=idea)
    for first in place.ballots.select_related("voter"):
        impact, confidence, ease = (
            second_thoughts(getattr(first, scale), getattr(place, f"{scale}_median")) for scale in Scale
        )
        ballots.cast(
            voting_round=again, idea=idea, voter=first.voter, impact=impact, confidence=confidence, ease=ease,
            at=again.opens_at + (first.cast_at - first_round.opens_at),
        )  # fmt: skip
    rounds.close_round(voting_round=again, actor=actor, at=again.closes_at)


def _decline(members: Members, ideas: dict[str, Idea], calendar: Calendar) -> None:
    for text in IDEAS:
        if text.declined is not None:
            ideas[text.key] = idea_services.decline(
                idea=ideas[text.key], reason=text.declined.reason, actor=members[text.declined.by],
                at=calendar.moment(text.declined.when),
            )  # fmt: skip
