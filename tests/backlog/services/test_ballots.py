"""Casting a ballot, and what is refused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backlog.choices import RoundState
from backlog.models import Ballot, RoundIdea
from backlog.services import ballots
from engagement.accounts.choices import Role
from engagement.accounts.models import AuditEntry, Member
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from tests.backlog.factories import (
    BallotFactory,
    IdeaFactory,
    MemberFactory,
    RoundIdeaFactory,
    RoundMemberFactory,
)

pytestmark = pytest.mark.django_db
NOON = datetime(2027, 3, 5, 12, tzinfo=UTC)
SCORES = {"impact": 7, "confidence": 5, "ease": 8}


@pytest.fixture
def place() -> RoundIdea:
    return RoundIdeaFactory(round__opens_at=NOON - timedelta(days=1), round__closes_at=NOON + timedelta(days=1))


@pytest.fixture
def voter(place: RoundIdea) -> Member:
    return RoundMemberFactory(round=place.round).member


def cast(place: RoundIdea, voter: Member, **values: Any) -> Ballot:
    values = {"at": NOON, "idea": place.idea, **SCORES, **values}
    return ballots.cast(voting_round=place.round, voter=voter, **values)


def test_cast_keeps_scores_comment_and_expected_lift(place, voter):
    ballot = cast(place, voter, comment=" Worth a try. ", expected_lift=Decimal("0.03"))

    ballot.refresh_from_db()
    assert (ballot.round_idea, ballot.voter, ballot.cast_at) == (place, voter, NOON)
    assert (ballot.impact, ballot.confidence, ballot.ease) == (7, 5, 8)
    assert (ballot.comment, ballot.expected_lift) == ("Worth a try.", Decimal("0.0300"))


def test_cast_by_somebody_who_cannot_judge_keeps_nothing_there(place, voter):
    ballot = cast(place, voter, impact=None, ease=None)

    assert (ballot.impact, ballot.confidence, ballot.ease) == (None, 5, None)


def test_cast_leaves_a_trace_that_tells_neither_the_scores_nor_the_idea(place, voter):
    cast(place, voter, comment="SECRET")

    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.verb, entry.target_label) == (voter, "cast a ballot", place.round.name)
    assert (entry.before, entry.after, entry.reason) == ({}, {}, "")


def test_cast_a_second_time_is_refused_and_the_first_is_kept(place, voter):
    first = cast(place, voter)

    with pytest.raises(Conflict, match=r"First-round ballots are kept.*second round opens"):
        cast(place, voter, impact=1)

    assert list(Ballot.objects.values_list("pk", "impact")) == [(first.pk, 7)]


def test_cast_by_the_author_counts_and_is_marked(place):
    place.round.members.add(place.idea.author)

    assert cast(place, place.idea.author).is_by_author


def test_cast_by_a_member_not_invited_is_refused(place):
    with pytest.raises(Forbidden, match="You are not invited"):
        cast(place, MemberFactory())

    assert not Ballot.objects.exists()


def test_cast_by_an_invited_member_who_became_a_reader_is_refused(place, voter):
    voter.role = Role.READER

    with pytest.raises(Forbidden):
        cast(place, voter)


def test_cast_for_a_closed_round_is_refused(place, voter):
    place.round.state, place.round.closed_at = RoundState.CLOSED, NOON
    place.round.save()

    with pytest.raises(Conflict, match="was closed on"):
        cast(place, voter)

    assert not Ballot.objects.exists()


@pytest.mark.parametrize(("hours", "sentence"), [(24, "ended on"), (-25, "opens on")])
def test_cast_outside_the_rounds_time_is_refused(place, voter, hours, sentence):
    with pytest.raises(Conflict, match=sentence):
        cast(place, voter, at=NOON + timedelta(hours=hours))


def test_cast_for_an_idea_of_another_round_is_refused(place, voter):
    elsewhere = RoundIdeaFactory()

    for idea in (elsewhere.idea, IdeaFactory()):
        with pytest.raises(InvalidInput, match="is not among the ideas") as refusal:
            cast(place, voter, idea=idea)
        assert refusal.value.field == "idea"
    assert not Ballot.objects.exists()


@pytest.mark.parametrize("scale", ["impact", "confidence", "ease"])
@pytest.mark.parametrize("score", [0, 11, -1, 1_000_000])
def test_cast_outside_1_to_10_is_refused_at_its_scale(place, voter, scale, score):
    with pytest.raises(InvalidInput) as refusal:
        cast(place, voter, **{scale: score})

    assert refusal.value.field == scale
    assert not Ballot.objects.exists()


@pytest.mark.parametrize("lift", [Decimal("-1.01"), Decimal("10.5")])
def test_cast_with_an_impossible_lift_is_refused(place, voter, lift):
    with pytest.raises(InvalidInput) as refusal:
        cast(place, voter, expected_lift=lift)

    assert refusal.value.field == "expected_lift"


def test_cast_with_a_comment_of_100_kb_is_refused(place, voter):
    with pytest.raises(InvalidInput) as refusal:
        cast(place, voter, comment="x" * 100_000)

    assert refusal.value.field == "comment"


@pytest.mark.parametrize("wrong", [{"impact": 0}, {"confidence": 11}, {"ease": 0}, {"expected_lift": Decimal(-2)}])
def test_the_database_itself_refuses_what_no_ballot_may_hold(place, voter, wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        BallotFactory(round_idea=place, voter=voter, **wrong)


def test_the_database_itself_refuses_a_second_ballot(place, voter):
    BallotFactory(round_idea=place, voter=voter)

    with pytest.raises(IntegrityError), transaction.atomic():
        BallotFactory(round_idea=place, voter=voter)
