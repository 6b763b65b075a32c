"""The practice ballot: offered to whoever never scored, kept nowhere, read by the anchors."""

import pytest

from backlog.choices import ANCHORS, REACH, Scale, anchor_of, best_grade
from backlog.models import Ballot
from backlog.practice import examples
from engagement.accounts.models import AuditEntry
from tests.backlog.factories import BallotFactory, RoundIdeaFactory, RoundMemberFactory
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
OFFER = "Never scored here before?"
SENT = {"sent": "1", "impact": "7", "confidence": "5", "ease": "8"}


def test_a_member_who_never_voted_is_offered_it_on_home_and_among_the_rounds_until_the_first_ballot(client_of):
    place = RoundIdeaFactory()
    me, colleague = (RoundMemberFactory(round=place.round).member for _ in range(2))
    BallotFactory(round_idea=place, voter=colleague)
    client = client_of(me)

    before = [OFFER in client.get(path).content.decode() for path in ("/", "/rounds/")]
    client.post(f"/rounds/{place.round_id}/ideas/{place.idea_id}/", SENT)
    after = [OFFER in client.get(path).content.decode() for path in ("/", "/rounds/")]

    assert (before, after) == ([True, True], [False, False])


def test_a_reader_is_not_offered_what_readers_do_not_do(client_of):
    client = client_of(MemberFactory(reader=True))

    assert [OFFER in client.get(path).content.decode() for path in ("/", "/rounds/")] == [False, False]


def test_help_leads_to_it_whoever_looks(client_of):
    voter = BallotFactory().voter

    text = client_of(voter).get("/ideas/").content.decode()

    assert 'href="/rounds/practice/1/"' in text.split('id="keys"')[1]


def test_it_shows_the_scales_of_a_ballot_for_each_of_three_examples(client_of):
    client = client_of(MemberFactory())

    pages = [client.get(f"/rounds/practice/{number}/") for number in (1, 2, 3)]

    assert [page.context["idea"].title for page in pages] == [one.idea.title for one in examples()]
    assert [[scale["name"] for scale in page.context["scales"]] for page in pages] == [list(Scale)] * 3
    assert [page.context["reach"] for page in pages] == [7, 4, 3]
    assert [client.get(f"/rounds/practice/{number}/").status_code for number in (0, 4)] == [404, 404]


def test_what_is_tried_comes_back_in_the_words_of_the_anchors_and_is_kept_nowhere(client_of):
    me = MemberFactory()
    client = client_of(me)

    answer = client.get("/rounds/practice/1/", SENT)

    anchors = {scale: dict(ANCHORS[scale]) for scale in Scale}
    ease = "between “a few days for one discipline” and “done within the hour and taken back with a switch”"
    assert answer.context["reading"]["scales"] == [
        {"label": Scale.IMPACT.label, "score": 7, "words": str(anchors[Scale.IMPACT][7])},
        {"label": Scale.CONFIDENCE.label, "score": 5, "words": str(anchors[Scale.CONFIDENCE][5])},
        {"label": Scale.EASE.label, "score": 8, "words": ease},
    ]
    assert (str(answer.context["reading"]["ice"]), answer.context["reading"]["beyond"]) == ("6.7", "")
    assert examples()[0].remark in answer.content.decode().replace("&#x27;", "'")
    assert (Ballot.objects.count(), AuditEntry.objects.count()) == (0, 0)
    assert OFFER in client.get("/").content.decode()


def test_a_rating_beyond_the_evidence_is_told_and_what_cannot_be_judged_leaves_no_ice(client_of):
    asked = {"sent": "2", "impact": "7", "confidence": "9", "ease_abstain": "on"}

    answer = client_of(MemberFactory()).get("/rounds/practice/2/", asked)

    assert "reaches up to 4: about one in three" in answer.context["reading"]["beyond"]
    assert answer.context["reading"]["ice"] is None
    assert answer.context["reading"]["scales"][2]["score"] is None
    assert "Your confidence rating goes beyond the evidence" in answer.content.decode()


@pytest.mark.parametrize("impact", ["", "0", "11", "seven"])
def test_a_score_that_no_ballot_may_have_is_refused_here_too(client_of, impact):
    answer = client_of(MemberFactory()).get("/rounds/practice/1/", {**SENT, "impact": impact})

    assert answer.context["reading"] is None
    assert answer.context["scales"][0]["error"]
    assert answer.context["scales"][1]["value"] == "5"


def test_the_examples_could_be_saved_as_they_stand():
    for one in examples():
        one.idea.full_clean(exclude=["author"])
        for source in one.evidence:
            source.full_clean(exclude=["idea", "added_by"])
    assert [best_grade(source.grade for source in one.evidence) for one in examples()] == [
        "own_observation",
        "third_party",
        None,
    ]
    assert REACH[None] == 3


@pytest.mark.parametrize("scale", list(Scale))
def test_every_score_has_words(scale):
    anchors = dict(ANCHORS[scale])

    words = {score: anchor_of(scale, score) for score in range(1, 11)}

    assert len(set(words.values())) >= 7
    assert {score: words[score] for score in anchors} == {score: str(said) for score, said in anchors.items()}
