"""Opening and closing rounds."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from backlog.choices import IdeaState, RoundState
from backlog.models import Ballot, Idea, RoundIdea, VotingRound
from backlog.services import rounds
from engagement.accounts.choices import Role
from engagement.accounts.models import AuditEntry
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from tests.backlog.factories import (
    BallotFactory,
    IdeaFactory,
    MemberFactory,
    PodFactory,
    RoundIdeaFactory,
    VotingRoundFactory,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=7)


def test_open_round_invites_the_pod_but_its_readers_and_takes_the_ideas_in():
    opener, colleague, reader = MemberFactory(), MemberFactory(), MemberFactory(role=Role.READER)
    pod = PodFactory(members=[opener, colleague, reader])
    chosen, other = [IdeaFactory(title="One"), IdeaFactory(title="Two", state=IdeaState.SCORED)], IdeaFactory()

    opened = rounds.open_round(name="Round 1", pod=pod, closes_at=LATER, ideas=chosen, actor=opener, at=NOON)

    assert set(opened.members.all()) == {opener, colleague}
    assert set(opened.ideas.all()) == set(chosen)
    assert {idea.state for idea in opened.ideas.all()} == {IdeaState.IN_ROUND}
    assert Idea.objects.get(pk=other.pk).state == IdeaState.BACKLOG
    entry = AuditEntry.objects.get()
    assert (entry.verb, entry.target_label, entry.after["ideas"]) == ("opened", "Round 1", ["One", "Two"])


def test_open_round_invites_exactly_the_members_named():
    opener, guest = MemberFactory(), MemberFactory()
    pod = PodFactory(members=[opener])

    opened = rounds.open_round(
        name="Round 1", pod=pod, closes_at=LATER, ideas=[IdeaFactory()], members=[guest, guest], actor=opener, at=NOON
    )

    assert list(opened.members.all()) == [guest]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"closes_at": NOON}, "closes_at"),
        ({"ideas": []}, "ideas"),
        ({"name": " "}, "name"),
    ],
)
def test_open_round_with_a_wrong_value_is_refused_and_leaves_nothing(change, field):
    opener = MemberFactory()
    values = {"name": "Round 1", "closes_at": LATER, "ideas": [IdeaFactory()], **change}

    with pytest.raises(InvalidInput) as refusal:
        rounds.open_round(pod=PodFactory(members=[opener]), actor=opener, at=NOON, **values)

    assert refusal.value.field == field
    assert not VotingRound.objects.exists()


def test_open_round_with_an_idea_that_is_taken_is_refused_whole():
    opener = MemberFactory()
    free, taken = IdeaFactory(), IdeaFactory(title="Taken", state=IdeaState.IN_ROUND)

    with pytest.raises(InvalidInput, match="“Taken” is in the state “In a round”"):
        rounds.open_round(
            name="Round 1",
            pod=PodFactory(members=[opener]),
            closes_at=LATER,
            ideas=[free, taken],
            actor=opener,
            at=NOON,
        )

    assert not VotingRound.objects.exists()
    assert Idea.objects.get(pk=free.pk).state == IdeaState.BACKLOG


def test_open_round_naming_a_reader_is_refused():
    opener, reader = MemberFactory(), MemberFactory(name="Rea", role=Role.READER)

    with pytest.raises(InvalidInput, match="Rea may look but not score"):
        rounds.open_round(
            name="Round 1",
            pod=PodFactory(members=[opener]),
            closes_at=LATER,
            ideas=[IdeaFactory()],
            members=[opener, reader],
            actor=opener,
            at=NOON,
        )


def test_open_round_in_a_pod_where_nobody_may_score_is_refused():
    with pytest.raises(InvalidInput, match="Nobody in"):
        rounds.open_round(
            name="Round 1",
            pod=PodFactory(members=[]),
            closes_at=LATER,
            ideas=[IdeaFactory()],
            actor=MemberFactory(role=Role.ADMINISTRATOR),
            at=NOON,
        )


@pytest.mark.parametrize("role", [Role.MEMBER, Role.READER])
def test_open_round_for_a_pod_of_others_is_refused(role):
    with pytest.raises(Forbidden):
        rounds.open_round(
            name="Round 1",
            pod=PodFactory(members=[MemberFactory()]),
            closes_at=LATER,
            ideas=[IdeaFactory()],
            actor=MemberFactory(role=role),
            at=NOON,
        )


def test_close_round_freezes_medians_spreads_and_the_score():
    # Impact 2, 4, 9: median 4, quartiles 3 and 6.5. Confidence 7 and 8. Ease 1, 1, 10. ICE = (4 + 7.5 + 1) / 3 = 4.17.
    place = RoundIdeaFactory(idea__state=IdeaState.IN_ROUND)
    for impact, confidence, ease in ((2, 7, 1), (4, 8, 10), (9, None, 1)):
        BallotFactory(round_idea=place, impact=impact, confidence=confidence, ease=ease)
    BallotFactory(round_idea=place, impact=None, confidence=None, ease=None)

    closed = rounds.close_round(voting_round=place.round, actor=place.round.opened_by, at=NOON)

    place.refresh_from_db()
    frozen = {name: getattr(place, name) for name in ("ice", "counted_ballots", *rounds.FROZEN)}
    assert frozen == {
        "ice": Decimal("4.2"),
        "counted_ballots": 3,
        "impact_median": Decimal("4.0"),
        "impact_spread": Decimal("3.50"),
        "confidence_median": Decimal("7.5"),
        "confidence_spread": Decimal("0.50"),
        "ease_median": Decimal("1.0"),
        "ease_spread": Decimal("4.50"),
    }
    assert (closed.state, closed.closed_at, closed.closed_by) == (RoundState.CLOSED, NOON, place.round.opened_by)
    assert Idea.objects.get(pk=place.idea_id).state == IdeaState.SCORED


def test_close_round_returns_ideas_without_a_score_to_where_they_were():
    place = RoundIdeaFactory(idea__state=IdeaState.IN_ROUND)
    again = RoundIdeaFactory(round=place.round, idea__state=IdeaState.IN_ROUND)
    RoundIdeaFactory(idea=again.idea, ice=5, impact_median=5, confidence_median=5, ease_median=5, counted_ballots=1)
    BallotFactory(round_idea=place, ease=None)

    rounds.close_round(voting_round=place.round, actor=place.round.opened_by)

    place.refresh_from_db()
    assert (place.ice, place.impact_median, place.ease_median, place.counted_ballots) == (None, 5, None, 1)
    assert Idea.objects.get(pk=place.idea_id).state == IdeaState.BACKLOG
    assert Idea.objects.get(pk=again.idea_id).state == IdeaState.SCORED


def test_close_round_again_is_refused_and_changes_nothing():
    place = RoundIdeaFactory(idea__state=IdeaState.IN_ROUND)
    ballot = BallotFactory(round_idea=place)
    opener = place.round.opened_by
    rounds.close_round(voting_round=place.round, actor=opener, at=NOON)
    Ballot.objects.filter(pk=ballot.pk).update(impact=1)  # what a second computing would pick up

    with pytest.raises(Conflict, match="was closed already"):
        rounds.close_round(voting_round=place.round, actor=opener)

    assert RoundIdea.objects.get(pk=place.pk).impact_median == 5
    assert VotingRound.objects.get(pk=place.round_id).closed_at == NOON
    assert AuditEntry.objects.filter(verb="closed").count() == 1


def test_close_round_by_opener_pod_and_administrator_but_by_nobody_else():
    colleague = MemberFactory()
    pod = PodFactory(members=[colleague, MemberFactory(role=Role.READER)])
    for actor in (MemberFactory(), MemberFactory(role=Role.READER), pod.members.get(role=Role.READER)):
        voting_round = VotingRoundFactory(pod=pod)
        with pytest.raises(Forbidden):
            rounds.close_round(voting_round=voting_round, actor=actor)
        assert VotingRound.objects.get(pk=voting_round.pk).state == RoundState.OPEN
    for actor in (colleague, MemberFactory(role=Role.ADMINISTRATOR), None):
        rounds.close_round(voting_round=VotingRoundFactory(pod=pod), actor=actor)
    assert VotingRound.objects.filter(state=RoundState.CLOSED).count() == 3


def test_the_trail_of_a_closing_holds_states_and_no_scores():
    place = RoundIdeaFactory(idea__state=IdeaState.IN_ROUND, idea__title="One")
    BallotFactory(round_idea=place, comment="SECRET")

    rounds.close_round(voting_round=place.round, actor=place.round.opened_by)

    entry = AuditEntry.objects.get()
    assert (entry.before, entry.after) == ({"state": "open"}, {"state": "closed", "ideas": {"One": "scored"}})
