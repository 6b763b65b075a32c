"""Ideas, rounds and ballots over HTTP. What may be seen when is tests/test_secrecy.py's."""

from base64 import b64encode

import pytest
from django.test import Client

from backlog.models import Ballot, Idea
from backlog.services import rounds
from engagement.accounts.choices import Role
from tests.backlog.factories import BallotFactory, IdeaFactory, RoundIdeaFactory, RoundMemberFactory
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
JSON = "application/json"
IDEA = {"title": "A quiet week", "problem": "Three asks in a week.", "change": "None for seven days."}


@pytest.fixture
def place():
    return RoundIdeaFactory()


@pytest.fixture
def me(place):
    return RoundMemberFactory(round=place.round).member


def ballot(place, **values) -> dict:
    return {"round": place.round_id, "idea": place.idea_id, "impact": 7, "confidence": 5, "ease": 8, **values}


def test_signed_out_answers_are_refusals_as_problem_details():
    for path in ("ideas", "rounds", "ballots"):
        answer = Client().get(f"/api/v1/{path}/")
        assert (answer.status_code, answer.headers["Content-Type"]) == (401, "application/problem+json")


def test_an_idea_is_added_and_read(client_of):
    author = MemberFactory()
    PodFactory(slug="loyalty", members=[author])
    client = client_of(author)

    added = client.post("/api/v1/ideas/", {**IDEA, "lever": "timing", "customer_state": "core"}, content_type=JSON)

    assert added.status_code == 201
    told = client.get(f"/api/v1/ideas/{added.json()['id']}/").json()
    assert {name: told[name] for name in ("title", "pod", "lever", "customer_state", "state", "results")} == {
        "title": "A quiet week",
        "pod": "loyalty",
        "lever": "timing",
        "customer_state": "core",
        "state": "backlog",
        "results": [],
    }
    assert told["author"] == {"id": author.pk, "name": author.name, "discipline": "design"}


def test_an_idea_without_a_change_is_refused_by_its_field(client_of):
    answer = client_of(MemberFactory()).post("/api/v1/ideas/", {**IDEA, "change": ""}, content_type=JSON)

    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"change"})
    assert not Idea.objects.exists()


def test_a_reader_adds_nothing(client_of):
    answer = client_of(MemberFactory(role=Role.READER)).post("/api/v1/ideas/", IDEA, content_type=JSON)

    assert (answer.status_code, answer.json()["title"]) == (403, "Forbidden")


def test_ideas_are_filtered_as_on_the_page(client_of):
    IdeaFactory(title="Quiet week", lever="timing", lifecycle_stage="convert", customer_state="low")
    IdeaFactory(title="Loud week")
    client = client_of(MemberFactory())

    for asked in ("q=quiet", "lever=timing", "lifecycle_stage=convert", "customer_state=low"):
        assert [one["title"] for one in client.get(f"/api/v1/ideas/?{asked}").json()["results"]] == ["Quiet week"]
    assert client.get("/api/v1/ideas/?state=nonsense").status_code == 400


@pytest.mark.parametrize(
    ("path", "field"),
    [
        (f"ideas/?q={'w+' * 1_000}", "q"),
        ("ballots/?round=1e30", "round"),
        ("ballots/?idea=1e30", "idea"),
        (f"ballots/?round={'9' * 5_000}", "round"),
        (f"ballots/?round={'9' * 30}", "round"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_by_its_field(client_of, place, me, path, field):
    BallotFactory(round_idea=place, voter=me)

    answer = client_of(me).get(f"/api/v1/{path}")

    assert (answer.status_code, set(answer.json()["errors"])) == (400, {field})


def test_ballots_are_found_by_round_and_idea(client_of, place, me):
    other = RoundIdeaFactory(round=place.round)
    for one in (place, other):
        BallotFactory(round_idea=one, voter=me)
    client = client_of(me)

    found = client.get(f"/api/v1/ballots/?round={place.round_id}&idea={other.idea_id}").json()["results"]

    assert [one["idea"] for one in found] == [other.idea_id]


def test_a_round_comes_with_members_ideas_and_after_closing_results(client_of, place, me):
    client = client_of(me)
    BallotFactory(round_idea=place, voter=me, impact=3, confidence=6, ease=9)

    while_open = client.get(f"/api/v1/rounds/{place.round_id}/").json()
    rounds.close_round(voting_round=place.round, actor=None)
    closed = client.get(f"/api/v1/rounds/{place.round_id}/").json()

    row = {"id": place.idea_id, "title": place.idea.title, "has_voted": True}
    assert (while_open["state"], while_open["ideas"]) == ("open", [{**row, "result": None}])
    assert while_open["members"] == [{"id": me.pk, "name": me.name, "discipline": "design"}]
    scales = {
        scale: {"median": number, "spread": 0.0}
        for scale, number in zip(("impact", "confidence", "ease"), (3.0, 6.0, 9.0), strict=True)
    }
    result = {"round": place.round_id, "ice": 6.0, "counted_ballots": 1, "scales": scales}
    assert (closed["state"], closed["ideas"]) == ("closed", [{**row, "result": result}])
    assert client.get(f"/api/v1/ideas/{place.idea_id}/").json()["results"] == [result]


def test_a_ballot_is_cast_and_read_back(client_of, place, me):
    client = client_of(me)

    cast = client.post("/api/v1/ballots/", ballot(place, ease=None, expected_lift=0.03), content_type=JSON)

    assert cast.status_code == 201
    [told] = client.get("/api/v1/ballots/").json()["results"]
    scores = {name: told[name] for name in ("round", "idea", "impact", "confidence", "ease", "expected_lift")}
    assert scores == {**ballot(place, ease=None), "expected_lift": 0.03}
    assert told["voter"]["id"] == me.pk
    assert "id" not in told


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"impact": 0}, "impact"),
        ({"ease": 11}, "ease"),
        ({"confidence": "x"}, "confidence"),
        ({"idea": 99_999}, "idea"),
    ],
)
def test_a_forged_ballot_is_refused_by_its_field(client_of, place, me, values, field):
    answer = client_of(me).post("/api/v1/ballots/", ballot(place, **values), content_type=JSON)

    assert (answer.status_code, set(answer.json()["errors"])) == (400, {field})
    assert not Ballot.objects.exists()


def test_a_ballot_without_a_scale_is_refused_for_null_has_to_be_said(client_of, place, me):
    values = ballot(place)
    del values["ease"]

    answer = client_of(me).post("/api/v1/ballots/", values, content_type=JSON)

    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"ease"})


def test_an_idea_of_another_round_is_refused(client_of, place, me):
    answer = client_of(me).post("/api/v1/ballots/", ballot(place, idea=IdeaFactory().pk), content_type=JSON)

    assert (answer.status_code, set(answer.json()["errors"])) == (422, {"idea"})


def test_a_second_ballot_is_a_conflict_and_the_first_is_kept(client_of, place, me):
    client = client_of(me)
    client.post("/api/v1/ballots/", ballot(place), content_type=JSON)

    answer = client.post("/api/v1/ballots/", ballot(place, impact=1), content_type=JSON)

    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("First-round ballots are kept")
    assert Ballot.objects.get().impact == 7


def test_a_ballot_by_somebody_not_invited_is_refused(client_of, place):
    answer = client_of(MemberFactory()).post("/api/v1/ballots/", ballot(place), content_type=JSON)

    assert answer.status_code == 403
    assert not Ballot.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_nothing_is_changed_or_deleted_over_the_api(client_of, place, me, method):
    client = client_of(me)
    for path in (f"/api/v1/ideas/{place.idea_id}/", f"/api/v1/rounds/{place.round_id}/", "/api/v1/ballots/"):
        assert getattr(client, method)(path, {}, content_type=JSON).status_code == 405


@pytest.mark.parametrize("rows", [1, 3])
def test_query_counts_do_not_grow_with_rows(client_of, place, me, rows, django_assert_max_num_queries):
    for other in RoundIdeaFactory.create_batch(rows, round=place.round):
        BallotFactory.create_batch(rows, round_idea=other)
    rounds.close_round(voting_round=place.round, actor=None)
    client = client_of(me)

    for path, most in (("ideas/", 5), ("rounds/", 4), (f"rounds/{place.round_id}/", 8), ("ballots/", 4)):
        with django_assert_max_num_queries(most):
            assert client.get(f"/api/v1/{path}").status_code == 200


@pytest.mark.parametrize("position", ["x", "9" * 5_000, "-1", "%00"])
def test_a_cursor_written_by_hand_is_refused(client_of, place, me, position):
    cursor = b64encode(f"p={position}".encode()).decode()

    for name in ("ideas", "rounds", "ballots"):
        assert client_of(me).get(f"/api/v1/{name}/", {"cursor": cursor}).status_code == 404


def test_ballots_are_paged_by_idea_without_a_gap(client_of, place, me):
    for one in (place, RoundIdeaFactory(round=place.round)):
        BallotFactory.create_batch(3, round_idea=one)
    rounds.close_round(voting_round=place.round, actor=None)
    client, path, found = client_of(me), "/api/v1/ballots/?page_size=2", []

    while path:
        page = client.get(path).json()
        found += [(one["idea"], one["voter"]["id"]) for one in page["results"]]
        path = page["next"]

    cast = Ballot.objects.order_by("-round_idea", "voter").values_list("round_idea__idea", "voter")
    assert found == list(cast)
