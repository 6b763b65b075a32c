"""A second round on what a closed one left disputed: fresh ballots, and the first ones stay on record."""

from datetime import timedelta

import pytest

from backlog import queries
from backlog.models import Ballot, Idea, RoundIdea, Talk, VotingRound
from backlog.services import ballots, rounds
from engagement.accounts.choices import Role
from engagement.accounts.models import AuditEntry, Member
from engagement.core.clock import now
from engagement.core.errors import Conflict, DomainError, Forbidden, InvalidInput
from tests.backlog.factories import BallotFactory, DisputedFactory, RoundIdeaFactory
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
FROZEN = ("ice", "impact_median", "impact_spread", "counted_ballots", "tier")


@pytest.fixture
def place():
    """Disputed in a closed round, beside an idea on which everybody agrees."""
    made = DisputedFactory(round__quorum_share=0.5, round__talk_days=7)
    agreed = RoundIdeaFactory(round=made.round, idea__title="Agreed", idea__state="in_round")
    for voter in Member.objects.filter(ballots__round_idea=made):
        BallotFactory(round_idea=agreed, voter=voter)
    rounds.close_round(voting_round=made.round, actor=None)
    made.refresh_from_db()
    return made


def again(place, **changed) -> VotingRound:
    asked = {"ideas": [place.idea], "closes_at": now() + timedelta(days=2), "actor": place.round.opened_by, **changed}
    return rounds.open_second_round(first_round=place.round, **asked)


def voter(name: str) -> Member:
    return Member.objects.get(name=name)


def test_a6_2_a_second_round_is_linked_to_the_first_and_invites_its_members_who_may_still_score(place):
    Member.objects.filter(name="Pat").update(role=Role.READER)

    opened = again(place)

    assert (opened.name, opened.first_round, opened.pod) == ("Round 7, second round", place.round, place.round.pod)
    assert (opened.quorum_share, opened.talk_days) == (0.5, 7)
    assert [idea.title for idea in opened.ideas.all()] == ["A quiet week"]
    assert sorted(member.name for member in opened.members.all()) == ["Lou", "Mia", "Nat", "Oz"]
    assert Idea.objects.get(pk=place.idea_id).state == "in_round"
    entry = AuditEntry.objects.filter(verb="opened").get()
    assert (entry.target_label, entry.after["ideas"]) == ("Round 7, second round", ["A quiet week"])


@pytest.mark.parametrize("mistake", ["agreed", "past", "none"])
def test_only_what_is_disputed_is_scored_again(place, mistake):
    changed = {
        "agreed": {"ideas": [place.idea, Idea.objects.get(title="Agreed")]},
        "past": {"closes_at": now()},
        "none": {"ideas": []},
    }[mistake]

    with pytest.raises(InvalidInput):
        again(place, **changed)

    assert VotingRound.objects.count() == 1
    assert Idea.objects.get(pk=place.idea_id).state == "scored"


def test_who_does_not_moderate_opens_none_and_an_open_or_second_round_has_none(place):
    with pytest.raises(Forbidden):
        again(place, actor=voter("Mia"))
    opened = again(place)
    for first_round, words in ((opened, "still open"), (place.round, "taken up since")):
        with pytest.raises(DomainError, match=words):
            rounds.open_second_round(
                first_round=first_round, ideas=[place.idea], closes_at=now() + timedelta(1), actor=opened.opened_by
            )
    for name, score in (("Lou", 2), ("Mia", 2), ("Nat", 9), ("Oz", 9), ("Pat", 9)):
        cast(opened, place, name, score)
    rounds.close_round(voting_round=opened, actor=opened.opened_by)

    with pytest.raises(Conflict, match="settled by experiment"):
        rounds.open_second_round(
            first_round=opened, ideas=[place.idea], closes_at=now() + timedelta(1), actor=opened.opened_by
        )

    assert RoundIdea.objects.get(round=opened).disputed_scales == ["impact"]
    assert Talk.objects.filter(round_idea__round=opened).count() == 0
    assert queries.ideas_for_a_second_round(place.round) == []


def cast(voting_round: VotingRound, place: RoundIdea, name: str, impact: int | None) -> Ballot:
    scores = {"impact": impact, "confidence": impact and 5, "ease": impact and 5}
    return ballots.cast(voting_round=voting_round, idea=place.idea, voter=voter(name), **scores)


def test_a6_2_old_ballots_are_history_only_after_the_new_one_is_submitted(place):
    first = {ballot.voter.name: ballot for ballot in Ballot.objects.filter(round_idea=place)}
    opened = again(place)
    second = opened.round_ideas.get()

    blind = set(queries.ballots_visible_to(voter("Lou")).filter(round_idea__idea=place.idea))
    fresh = cast(opened, place, "Lou", 6)
    seeing = set(queries.ballots_visible_to(voter("Lou")).filter(round_idea__idea=place.idea))
    abstained = cast(opened, place, "Mia", None)

    assert blind == set()
    assert seeing == {fresh, *first.values()}
    assert set(queries.first_ballots_visible_to(voter("Lou"), second)) == set(first.values())
    assert set(queries.ballots_visible_to(voter("Mia")).filter(round_idea__idea=place.idea)) == {abstained}
    assert set(queries.first_ballots_visible_to(voter("Nat"), second)) == set()
    assert set(queries.first_ballots_visible_to(voter("Lou"), place)) == set()
    with pytest.raises(Conflict, match="Ballots of a second round are kept"):
        cast(opened, place, "Lou", 7)


def test_a6_2_the_first_round_stays_on_record_beside_the_second(place):
    before = RoundIdea.objects.filter(pk=place.pk).values_list(*FROZEN).get()
    first = list(Ballot.objects.filter(round_idea=place).values())
    opened = again(place)
    for name, score in (("Lou", 7), ("Mia", 7), ("Nat", 8), ("Oz", 8), ("Pat", 8)):
        cast(opened, place, name, score)

    rounds.close_round(voting_round=opened, actor=opened.opened_by)

    assert RoundIdea.objects.filter(pk=place.pk).values_list(*FROZEN).get() == before
    assert list(Ballot.objects.filter(round_idea=place).values()) == first
    results = queries.scores_visible_to(MemberFactory()).filter(idea=place.idea)
    assert [(one.round, one.impact_spread) for one in results] == [(opened, 1), (place.round, 5)]
    assert Idea.objects.get(pk=place.idea_id).state == "scored"
