"""Evidence and discussion on an idea's page, and what the evidence means for a ballot."""

import pytest

from backlog.models import Ballot, Evidence, Post
from backlog.services import discussion, rounds
from engagement.accounts.choices import Role
from tests.backlog.factories import BallotFactory, EvidenceFactory, IdeaFactory, RoundIdeaFactory, RoundMemberFactory
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
LINKED = {"source": "A trade report", "grade": "third_party", "says": "Common elsewhere.", "url": "example.org/report"}


def test_linking_shows_the_source_its_grade_and_how_far_it_reaches(client_of):
    idea = IdeaFactory()
    client = client_of(MemberFactory())
    before = client.get(f"/ideas/{idea.pk}/").content.decode()

    answer = client.post(f"/ideas/{idea.pk}/evidence/", LINKED, follow=True)

    assert "No evidence linked. By our anchors that means a confidence rating of 3 or less." in before
    text = answer.content.decode()
    assert "Best grade: third party, observational. By our anchors a confidence rating up to 4 is in reach." in text
    assert '<a href="https://example.org/report" rel="noopener noreferrer">A trade report</a>' in text


def test_a_refused_link_comes_back_with_what_was_typed(client_of):
    idea = IdeaFactory()

    answer = client_of(MemberFactory()).post(f"/ideas/{idea.pk}/evidence/", {**LINKED, "grade": ""})

    assert answer.context["evidence_form"].errors.keys() == {"grade"}
    assert "A trade report" in answer.content.decode()
    assert not Evidence.objects.exists()


def test_evidence_of_another_idea_is_not_found_under_this_one(client_of):
    linked = EvidenceFactory()
    client = client_of(linked.added_by)

    assert client.post(f"/ideas/{IdeaFactory().pk}/evidence/{linked.pk}/unlink/").status_code == 404
    client.post(f"/ideas/{linked.idea_id}/evidence/{linked.pk}/unlink/")

    assert not Evidence.objects.exists()


def test_markup_in_evidence_and_posts_is_text(client_of):
    idea = IdeaFactory()
    EvidenceFactory(idea=idea, source="<script>alert(1)</script>", says="<b>bold</b>")
    discussion.say(idea=idea, text="<img src=x onerror=alert(2)>", actor=MemberFactory())

    text = client_of(MemberFactory()).get(f"/ideas/{idea.pk}/").content.decode()

    assert [tag in text for tag in ("<script>alert", "<b>bold", "<img src=x")] == [False] * 3
    assert [tag in text for tag in ("&lt;script&gt;alert", "&lt;b&gt;bold", "&lt;img src=x")] == [True] * 3


def test_a_post_stands_beside_the_score_its_author_gave_on_that_scale(client_of):
    place = RoundIdeaFactory(idea__state="in_round")
    voter = RoundMemberFactory(round=place.round).member
    BallotFactory(round_idea=place, voter=voter, ease=9)
    rounds.close_round(voting_round=place.round, actor=None)
    client = client_of(voter)

    client.post(f"/ideas/{place.idea_id}/discussion/", {"text": "The template exists.", "scale": "ease"})
    client.post(f"/ideas/{place.idea_id}/discussion/", {"text": "Count whole weeks.", "scale": ""})

    shown = client_of(MemberFactory()).get(f"/ideas/{place.idea_id}/").context["posts"]
    assert [(post["row"].text, post["row"].scale, post["score"]) for post in shown] == [
        ("The template exists.", "ease", 9),
        ("Count whole weeks.", "", ""),
    ]


def test_while_it_is_scored_the_page_offers_no_discussion_and_a_post_is_refused(client_of):
    idea = IdeaFactory(state="in_round")
    client = client_of(MemberFactory())

    text = client.get(f"/ideas/{idea.pk}/").content.decode()
    answer = client.post(f"/ideas/{idea.pk}/discussion/", {"text": "A nine from me."})

    assert "The discussion opens again when its round is closed." in text
    assert answer.status_code == 409
    assert not Post.objects.exists()


def test_a_reader_sees_both_and_is_offered_neither_form(client_of):
    idea = EvidenceFactory(source="Interviews").idea
    discussion.say(idea=idea, text="Count whole weeks.", actor=MemberFactory())

    text = client_of(MemberFactory(role=Role.READER)).get(f"/ideas/{idea.pk}/").content.decode()

    assert ("Interviews" in text, "Count whole weeks." in text) == (True, True)
    assert ("/evidence/" in text, "/discussion/" in text) == (False, False)


@pytest.fixture
def place():
    return RoundIdeaFactory(idea__state="in_round")


@pytest.fixture
def voter(place):
    return RoundMemberFactory(round=place.round).member


def address(place) -> str:
    return f"/rounds/{place.round_id}/ideas/{place.idea_id}/"


@pytest.mark.parametrize(
    ("grades", "reach", "words"),
    [
        ([], 3, "No evidence is linked. By the anchors that reaches up to 3: about one in four."),
        (["opinion", "third_party"], 4, "“Third party, observational”. By the anchors that reaches up to 4: about one"),
        (["own_observation", "opinion"], 7, "“Own observation”. By the anchors that reaches up to 7: about two in"),
    ],
)
def test_a2_4_the_best_evidence_sets_the_reach_of_the_confidence_rating_alone(
    client_of, place, voter, grades, reach, words
):
    for grade in grades:
        EvidenceFactory(idea=place.idea, grade=grade)

    scales = client_of(voter).get(address(place)).context["scales"]

    assert [scale.get("reach") for scale in scales] == [None, reach, None]
    assert words in scales[1]["hint"]


def test_evidence_that_came_in_meanwhile_is_named_and_the_second_sending_counts(client_of, place, voter):
    seen = EvidenceFactory(idea=place.idea).pk
    EvidenceFactory(idea=place.idea, source="The spring experiment")
    client = client_of(voter)
    scores = {"impact": "7", "confidence": "5", "ease": "8"}

    first = client.post(address(place), {**scores, "evidence_seen": str(seen)})
    again = client.post(address(place), {**scores, "evidence_seen": first.context["form"].evidence_seen})

    text = first.content.decode()
    assert "Evidence came in since you opened the ballot: The spring experiment." in text
    assert [scale["value"] for scale in first.context["scales"]] == ["7", "5", "8"]
    assert again.status_code == 302
    assert list(Ballot.objects.values_list("impact", "confidence", "ease")) == [(7, 5, 8)]


def test_evidence_taken_away_meanwhile_is_told_too(client_of, place, voter):
    answer = client_of(voter).post(
        address(place), {"impact": "7", "confidence": "5", "ease": "8", "evidence_seen": "4711"}
    )

    assert "Evidence was taken away since you opened the ballot." in answer.content.decode()
    assert not Ballot.objects.exists()


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_of_the_page_does_not_grow_with_evidence_and_posts(client_of, rows, django_assert_max_num_queries):
    idea = IdeaFactory()
    for _ in range(rows):
        EvidenceFactory(idea=idea)
        discussion.say(idea=idea, text="Said.", actor=MemberFactory())
    client = client_of(MemberFactory())

    with django_assert_max_num_queries(12):
        client.get(f"/ideas/{idea.pk}/")
