"""Home: the queue, its empty state, and what else waits."""

import re
from datetime import timedelta

import pytest

from backlog.services import rounds
from engagement.accounts.choices import Role
from engagement.core.clock import now
from tests.backlog.factories import BallotFactory, RoundIdeaFactory, RoundMemberFactory, VotingRoundFactory
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def voting_round():
    return VotingRoundFactory(name="Round 15")


@pytest.fixture
def me(voting_round):
    return RoundMemberFactory(round=voting_round).member


def test_a1_1_five_of_twelve_scored_leaves_seven_in_an_order_that_stays(client_of, voting_round, me):
    places = [RoundIdeaFactory(round=voting_round) for _ in range(12)]
    for place in places[:5]:
        BallotFactory(round_idea=place, voter=me)
    client = client_of(me)

    first, second = client.get("/"), client.get("/")

    assert "To score: 7 of 12" in first.content.decode()
    assert set(first.context["queue"]) == set(places[5:])
    assert first.context["queue"] == second.context["queue"]
    colleague = RoundMemberFactory(round=voting_round).member
    theirs = [place for place in client_of(colleague).get("/").context["queue"] if place in places[5:]]
    assert theirs != first.context["queue"]


def test_a1_2_with_everything_scored_the_page_says_so_and_offers_a_way_on(client_of, voting_round, me):
    BallotFactory(round_idea=RoundIdeaFactory(round=voting_round), voter=me)

    text = client_of(me).get("/").content.decode()

    assert "Nothing to score" in text
    assert "You have scored everything" in text
    assert 'href="/ideas/new/"' in text


def test_a1_3_a_round_closing_soon_tells_the_minutes_with_the_date(client_of, voting_round, me):
    RoundIdeaFactory(round=voting_round)
    voting_round.closes_at = now() + timedelta(minutes=95, seconds=10)
    voting_round.save()

    text = client_of(me).get("/").content.decode()

    assert re.search(r"by 95 minutes from now \(\w+ \d+ \w+, \d\d:\d\d\)", text)


def test_turnout_of_the_round_is_a_plain_number(client_of, voting_round, me):
    place = RoundIdeaFactory(round=voting_round)
    BallotFactory(round_idea=place, voter=RoundMemberFactory(round=voting_round).member)

    assert "Turnout so far: 1 of 2." in client_of(me).get("/").content.decode()


def test_rail_counts_what_waits(client_of, voting_round, me):
    RoundIdeaFactory.create_batch(2, round=voting_round)

    assert client_of(me).get("/ideas/").context["counts"] == {"home": 2, "rounds": 1}


def test_a_round_whose_time_is_over_is_the_openers_next_step(client_of, voting_round):
    voting_round.opens_at, voting_round.closes_at = now() - timedelta(days=2), now() - timedelta(days=1)
    voting_round.save()

    assert "Close Round 15 and see its scores" in client_of(voting_round.opened_by).get("/").content.decode()
    assert "Close Round 15" not in client_of(MemberFactory()).get("/").content.decode()


def test_closed_rounds_are_listed_with_what_i_scored(client_of, voting_round, me):
    place, _ = RoundIdeaFactory.create_batch(2, round=voting_round)
    BallotFactory(round_idea=place, voter=me)
    rounds.close_round(voting_round=voting_round, actor=None)

    text = client_of(me).get("/").content.decode()

    assert re.search(r"Closed on \d+ \w+ \d{4}. You scored 1 of 2.", text)


def test_a_reader_is_not_asked_to_add_anything(client_of):
    text = client_of(MemberFactory(role=Role.READER)).get("/").content.decode()

    assert "/ideas/new/" not in text
    assert "As a reader you look" in text or "as a reader you look" in text


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_does_not_grow_with_rows(client_of, voting_round, me, rows, django_assert_max_num_queries):
    RoundIdeaFactory.create_batch(rows, round=voting_round)
    client = client_of(me)

    with django_assert_max_num_queries(12):
        client.get("/")
