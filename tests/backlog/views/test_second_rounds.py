"""Opening a second round, scoring afresh, and the dots of both joined at the reveal."""

import re
from datetime import timedelta

import pytest
from django.utils.timezone import localtime

from backlog.models import Ballot, VotingRound
from backlog.services import ballots, rounds
from engagement.accounts.models import Member
from engagement.core.clock import now
from tests.backlog.factories import DisputedFactory
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
MOVES = (("Lou", 6), ("Mia", 7), ("Nat", 8), ("Oz", 8))  # Pat stays away


@pytest.fixture
def place():
    made = DisputedFactory()
    rounds.close_round(voting_round=made.round, actor=None)
    Ballot.objects.filter(voter__name="Lou").update(comment="They will leave.")
    return made


@pytest.fixture
def second(place):
    return rounds.open_second_round(
        first_round=place.round, ideas=[place.idea], closes_at=now() + timedelta(days=2), actor=place.round.opened_by
    )


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def voter(name: str) -> Member:
    return Member.objects.get(name=name)


def score_again(second, place) -> None:
    for name, score in MOVES:
        ballots.cast(voting_round=second, idea=place.idea, voter=voter(name), impact=score, confidence=5, ease=None)


def test_a_moderator_opens_a_second_round_from_the_reveal(client_of, place):
    client, address = client_of(place.round.opened_by), f"/rounds/{place.round_id}/"
    closes_at = localtime(now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")

    offered = text_of(client.get(address))
    form = client.get(f"{address}second/?idea={place.idea_id}")
    answer = client.post(f"{address}second/", {"ideas": [place.idea_id], "closes_at": closes_at})
    left = text_of(client.get(address))

    opened = VotingRound.objects.get(first_round=place.round)
    assert f'href="{address}second/?idea={place.idea_id}"' in offered
    assert re.search(rf'name="ideas" value="{place.idea_id}"[^>]* checked', form.content.decode())
    assert answer.headers["Location"] == f"/rounds/{opened.pk}/"
    assert "Open a second round" not in left
    assert f'<a href="/rounds/{opened.pk}/">Round 7, second round</a>' in left
    assert f'<a href="{address}">Round 7</a>' in text_of(client.get(f"/rounds/{opened.pk}/"))
    assert "Nothing is left to score again" in text_of(client.get(f"{address}second/"))


def test_a_mistaken_second_round_keeps_what_was_chosen(client_of, place):
    client = client_of(place.round.opened_by)

    answer = client.post(
        f"/rounds/{place.round_id}/second/", {"ideas": [place.idea_id], "closes_at": "2020-01-01T12:00"}
    )

    assert "The closing time has passed" in text_of(answer)
    assert re.search(rf'name="ideas" value="{place.idea_id}"[^>]* checked', answer.content.decode())


def test_others_are_neither_offered_a_second_round_nor_let_open_one(client_of, place):
    client = client_of(voter("Mia"))

    assert "Open a second round" not in text_of(client.get(f"/rounds/{place.round_id}/"))
    for answer in (client.get(f"/rounds/{place.round_id}/second/"), client.post(f"/rounds/{place.round_id}/second/")):
        assert answer.status_code == 403
    assert client_of(place.round.opened_by).get("/rounds/9999/second/").status_code == 404


def test_a6_2_the_old_ballot_appears_as_history_once_the_new_one_is_sent(client_of, place, second):
    client, address = client_of(voter("Lou")), f"/rounds/{second.pk}/ideas/{place.idea_id}/"

    before = text_of(client.get(address))
    client.post(address, {"impact": "6", "confidence": "5", "ease": "5"})
    after = text_of(client.get(address))

    assert "A second round: you score it afresh." in before
    assert ("They will leave." in before, "Your first ballot" in before) == (False, False)
    assert "In Round 7 you said: impact 2, confidence rating 5, ease 5." in after
    assert "Now: 6, 5, 5." in after
    assert "They will leave." in after


def test_a6_2_the_reveal_joins_each_members_two_dots_by_a_line(client_of, place, second):
    score_again(second, place)
    rounds.close_round(voting_round=second, actor=None)
    client = client_of(voter("Lou"))

    answer = client.get(f"/rounds/{second.pk}/ideas/{place.idea_id}/")

    impact, _, ease = (row.strip for row in answer.context["figure"].rows)
    joined = {before.point.name: (before.point.score, after.point.score) for before, after in impact.moves}
    assert joined == {"Lou": (2, 6), "Mia": (3, 7), "Nat": (8, 8), "Oz": (9, 8)}
    assert [dot.point.score for dot in impact.earlier] == [2, 3, 8, 8, 9]
    assert ease is None
    page = answer.content.decode()
    assert (page.count('class="move"'), page.count('class="move is-mine"')) == (2 * 3 + 1, 2)  # one in the key
    assert "a line joins a member’s two ballots" in page
    assert "was 2" in page


def test_the_first_rounds_own_page_shows_no_lines(client_of, place, second):
    score_again(second, place)
    rounds.close_round(voting_round=second, actor=None)

    figure = client_of(MemberFactory()).get(f"/rounds/{place.round_id}/ideas/{place.idea_id}/").context["figure"]

    assert [row.strip.moves for row in figure.rows] == [[], [], []]


def test_the_api_names_the_first_round(client_of, place, second):
    told = client_of(MemberFactory()).get("/api/v1/rounds/").json()["results"]

    assert [(one["id"], one["first_round"]) for one in told] == [(second.pk, place.round_id), (place.round_id, None)]
