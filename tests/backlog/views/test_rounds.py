"""The rounds, opening one, its board, closing it."""

import re
from datetime import timedelta

import pytest
from django.utils.timezone import localtime

from backlog.models import VotingRound
from backlog.services import rounds
from engagement.accounts.choices import Role
from engagement.core.clock import now
from tests.backlog.factories import (
    BallotFactory,
    IdeaFactory,
    RoundIdeaFactory,
    RoundMemberFactory,
    VotingRoundFactory,
)
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def opener():
    return MemberFactory()


@pytest.fixture
def pod(opener):
    return PodFactory(members=[opener, MemberFactory()])


def typed(pod, ideas, **values):
    closes_at = localtime(now() + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M")
    return {"name": "Round 1", "pod": pod.pk, "closes_at": closes_at, "ideas": [idea.pk for idea in ideas], **values}


def test_form_proposes_a_name_the_pod_its_members_and_a_closing_time(client_of, opener, pod):
    IdeaFactory()

    form = client_of(opener).get("/rounds/new/").context["form"]

    assert (form.initial["name"], form.initial["pod"]) == ("Round 1", pod)
    assert set(form.initial["members"]) == set(pod.members.all())
    assert form.initial["closes_at"] > now() + timedelta(days=6)


def test_form_ticks_the_members_of_another_pod_when_asked(client_of, opener, pod):
    other = PodFactory(members=[opener, MemberFactory(name="Somebody else")])

    answer = client_of(opener).get(f"/rounds/new/?pod={other.pk}", headers={"HX-Request": "true"})

    assert "<html" not in answer.content.decode()
    assert set(answer.context["form"].initial["members"]) == set(other.members.all())


@pytest.mark.parametrize("asked", ["9" * 5_000, "9" * 30, "-1", "x", "²"])
def test_what_no_row_is_called_neither_ticks_members_nor_confirms_a_ballot(client_of, opener, pod, asked):
    place = RoundIdeaFactory(round__pod=pod)
    client = client_of(opener)

    for path in (f"/rounds/new/?pod={asked}", f"/rounds/{place.round_id}/?sent={asked}"):
        assert client.get(path).status_code == 200
    assert client.get(f"/rounds/{place.round_id}/ideas/{place.idea_id}/?sent={asked}").context["sent"] is None


def test_form_offers_free_ideas_only(client_of, opener, pod):
    free, taken = IdeaFactory(), IdeaFactory(state="in_round")

    form = client_of(opener).get("/rounds/new/").context["form"]

    assert set(form.fields["ideas"].queryset) == {free}
    assert taken.state == "in_round"


def test_opening_leads_to_the_board(client_of, opener, pod):
    ideas = IdeaFactory.create_batch(2)

    answer = client_of(opener).post("/rounds/new/", typed(pod, ideas))

    opened = VotingRound.objects.get()
    assert answer.headers["Location"] == f"/rounds/{opened.pk}/"
    assert set(opened.ideas.all()) == set(ideas)
    assert set(opened.members.all()) == set(pod.members.all())


def test_opening_with_a_past_time_keeps_what_was_typed(client_of, opener, pod):
    idea = IdeaFactory()

    text = client_of(opener).post("/rounds/new/", typed(pod, [idea], closes_at="2020-01-01T12:00")).content.decode()

    assert "The closing time has passed" in text
    assert re.search(rf'name="ideas" value="{idea.pk}"[^>]* checked', text)
    assert not VotingRound.objects.exists()


def test_opening_is_refused_to_those_outside_the_pod_and_to_readers(client_of, pod):
    outsider, reader = MemberFactory(), MemberFactory(role=Role.READER)
    pod.members.add(reader)
    idea = IdeaFactory()

    client = client_of(outsider)
    for answer in (client.get("/rounds/new/"), client.post("/rounds/new/", typed(pod, [idea]))):
        assert "Rounds are opened by members of a pod" in answer.content.decode()
    assert client_of(reader).post("/rounds/new/", typed(pod, [idea])).status_code == 403
    assert not VotingRound.objects.exists()


def test_board_shows_my_state_per_idea(client_of):
    voting_round = VotingRoundFactory()
    done, left = RoundIdeaFactory.create_batch(2, round=voting_round)
    me = RoundMemberFactory(round=voting_round).member
    BallotFactory(round_idea=done, voter=me)

    answer = client_of(me).get(f"/rounds/{voting_round.pk}/")

    assert {row.idea for row in answer.context["board"] if row.own} == {done.idea}
    assert answer.context["waiting"] == [left]
    assert "Score 1 idea in" in answer.content.decode()


def test_a4_1_before_closing_the_board_neither_shows_nor_sorts_by_score(client_of):
    voting_round = VotingRoundFactory()
    places = RoundIdeaFactory.create_batch(6, round=voting_round)
    me = RoundMemberFactory(round=voting_round).member
    client, path = client_of(me), f"/rounds/{voting_round.pk}/"
    before = [row.idea for row in client.get(path).context["board"]]

    for score, idea in enumerate(reversed(before), start=1):
        place = next(one for one in places if one.idea == idea)
        BallotFactory.create_batch(5, round_idea=place, impact=score, confidence=score, ease=score)
    answers = [client.get(path + asked) for asked in ("", "?sort=score", "?sort=-ice", "?ordering=ice")]

    assert [[row.idea for row in answer.context["board"]] for answer in answers] == [before] * 4
    assert {(row.result, row.own, len(row.ballots)) for row in answers[0].context["board"]} == {(None, None, 0)}
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)<', answers[0].content.decode())
    assert heads == ["Idea", "Author", "Your ballot"]
    by_score = client.get("/ideas/?sort=score").context["page"].object_list
    assert list(by_score) == sorted(before, key=lambda idea: -idea.pk)  # as without: the newest first


def test_board_after_closing_has_scores_spreads_and_ballots_with_names(client_of):
    place = RoundIdeaFactory(idea__title="The best")
    for name, score in (("Ann", 2), ("Bo", 4), ("Cy", 9)):
        BallotFactory(round_idea=place, voter__name=name, impact=score, confidence=8, ease=8, comment=f"From {name}")
    rounds.close_round(voting_round=place.round, actor=None)

    text = client_of(MemberFactory()).get(f"/rounds/{place.round_id}/").content.decode()

    assert "<b>6.7</b>" in text
    assert ">3.5<" in text  # impact 2 4 9: quartiles 3 and 6.5
    assert all(words in text for words in ("Ann", "From Ann", "Bo", "From Cy", "“The best” is ahead"))


def test_closing_by_the_opener_closes(client_of):
    voting_round = VotingRoundFactory()

    answer = client_of(voting_round.opened_by).post(f"/rounds/{voting_round.pk}/close/")

    assert answer.headers["Location"] == f"/rounds/{voting_round.pk}/"
    assert VotingRound.objects.get().is_closed


def test_closing_a_closed_round_shows_the_closed_round_and_says_so(client_of):
    voting_round = VotingRoundFactory()
    client = client_of(voting_round.opened_by)
    client.post(f"/rounds/{voting_round.pk}/close/")

    answer = client.post(f"/rounds/{voting_round.pk}/close/", follow=True)

    assert "was closed already" in answer.content.decode()
    assert answer.redirect_chain == [(f"/rounds/{voting_round.pk}/", 302)]


def test_closing_by_others_is_refused_and_not_offered(client_of):
    voting_round = VotingRoundFactory()
    client = client_of(MemberFactory())

    assert "Close the round" not in client.get(f"/rounds/{voting_round.pk}/").content.decode()
    assert client.post(f"/rounds/{voting_round.pk}/close/").status_code == 403
    assert not VotingRound.objects.get().is_closed


def test_the_list_tells_a_round_whose_time_is_over_from_an_open_one(client_of):
    past = now() - timedelta(days=1)
    VotingRoundFactory(opens_at=past - timedelta(days=1), closes_at=past)

    assert "Voting ended, not closed yet" in client_of(MemberFactory()).get("/rounds/").content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_query_counts_do_not_grow_with_rows(client_of, rows, django_assert_max_num_queries):
    voting_round = VotingRoundFactory()
    me = RoundMemberFactory(round=voting_round).member
    for place in RoundIdeaFactory.create_batch(rows, round=voting_round):
        BallotFactory.create_batch(rows, round_idea=place)
    VotingRoundFactory.create_batch(rows)
    client = client_of(me)

    with django_assert_max_num_queries(9):
        client.get("/rounds/")
    with django_assert_max_num_queries(12):
        client.get(f"/rounds/{voting_round.pk}/")
    rounds.close_round(voting_round=voting_round, actor=None)
    with django_assert_max_num_queries(12):
        client.get(f"/rounds/{voting_round.pk}/")


def test_the_form_sets_quorum_and_wait_and_empty_is_the_usual_one(client_of, opener, pod):
    for more in (
        {"quorum_percent": "75", "quorum_disciplines": "3", "talk_days": "0"},
        {"quorum_percent": "", "quorum_disciplines": "", "talk_days": ""},
    ):
        client_of(opener).post("/rounds/new/", {**typed(pod, [IdeaFactory()]), **more})

    found = VotingRound.objects.order_by("pk").values_list("quorum_share", "quorum_disciplines", "talk_days")
    assert list(found) == [(0.75, 3, 0), (0.5, 2, 3)]
