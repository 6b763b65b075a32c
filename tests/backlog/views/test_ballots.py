"""The ballot, the first look and the reveal."""

import json
import re

import pytest

from backlog.models import Ballot
from backlog.services import rounds
from engagement.accounts.choices import Role
from tests.backlog.factories import BallotFactory, RoundIdeaFactory, RoundMemberFactory
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
SCORES = {"impact": "7", "confidence": "5", "ease": "8"}


@pytest.fixture
def place():
    return RoundIdeaFactory(idea__title="A quiet week")


@pytest.fixture
def me(place):
    return RoundMemberFactory(round=place.round).member


def address(place) -> str:
    return f"/rounds/{place.round_id}/ideas/{place.idea_id}/"


def kept(member) -> list[tuple]:
    columns = ("impact", "confidence", "ease", "comment", "expected_lift")
    return list(Ballot.objects.filter(voter=member).values_list(*columns))


def test_ballot_has_three_scales_with_anchors_and_no_author(client_of, place, me):
    text = client_of(me).get(address(place)).content.decode()

    assert [f'id="scale-{name}"' in text for name in ("impact", "confidence", "ease")] == [True] * 3
    assert "about two in three" in text
    assert place.idea.author.name not in text


def test_submitting_brings_the_next_idea_and_then_the_round(client_of, place, me):
    other = RoundIdeaFactory(round=place.round)
    client = client_of(me)

    first = client.post(address(place), SCORES)
    last = client.post(address(other), SCORES)

    assert first.headers["Location"] == f"{address(other)}?sent={place.idea_id}"
    assert last.headers["Location"] == f"/rounds/{place.round_id}/?sent={other.idea_id}"
    assert kept(me) == [(7, 5, 8, "", None)] * 2
    assert "Your ballot for “A quiet week” is kept" in client.get(first.headers["Location"]).content.decode()


def test_comment_and_expected_lift_are_kept(client_of, place, me):
    client_of(me).post(address(place), {**SCORES, "comment": "Why not", "expected_lift_percent": "2.5"})

    assert [(one[3], float(one[4])) for one in kept(me)] == [("Why not", 0.025)]


def test_a_comment_on_each_scale_is_kept_and_after_closing_they_stand_by_scale(client_of, place, me):
    other = RoundMemberFactory(round=place.round, member__name="Bo").member
    on_scales = {"impact_comment": " Many see it. ", "ease_comment": "A template.", "comment": "Do it."}
    client_of(me).post(address(place), {**SCORES, **on_scales})
    client_of(other).post(address(place), {**SCORES, "impact": "9", "impact_comment": "All see it.\nTwice."})
    before = client_of(MemberFactory()).get(address(place)).content.decode()
    rounds.close_round(voting_round=place.round, actor=None)

    answer = client_of(MemberFactory()).get(address(place))

    assert "see it." not in before
    groups = answer.context["comments"]
    assert [(group, [(one.voter, one.score, one.text) for one in said]) for group, said in groups] == [
        ("Impact", [(other, 9, "All see it.\nTwice."), (me, 7, "Many see it.")]),
        ("Ease", [(me, 8, "A template.")]),
        ("The whole idea", [(me, None, "Do it.")]),
    ]
    page = answer.content.decode()
    order = [page.index(words) for words in ('id="comments"', "<h3>Impact", "All see it.<br>Twice.", "<h3>Ease")]
    assert order == sorted(order)
    assert (page.count("Do it."), page.count("Many see it.")) == (1, 1)


@pytest.mark.parametrize("scale", SCORES)
def test_a_comment_too_long_comes_back_open_at_its_scale(client_of, place, me, scale):
    text = client_of(me).post(address(place), {**SCORES, f"{scale}_comment": "x" * 5_001}).content.decode()

    fold = text[text.index(f'id="scale-{scale}"') :].split("</fieldset>")[0]
    assert '<details class="fold" open>' in fold
    assert "at most 5000 characters" in fold
    assert kept(me) == []


def test_a_missing_scale_is_named_at_the_scale_and_the_others_are_kept_in_the_form(client_of, place, me):
    answer = client_of(me).post(address(place), {"impact": "7", "confidence": "5", "comment": "Typed"})

    text = answer.content.decode()
    assert "Ease has no score. Choose 1 to 10, or mark “Cannot judge”." in text
    assert 'aria-describedby="ease-choice ease-error"' in text
    assert [scale["value"] for scale in answer.context["scales"]] == ["7", "5", None]
    assert "Typed" in text
    assert kept(me) == []


def test_a_scale_both_scored_and_marked_is_asked_about(client_of, place, me):
    text = client_of(me).post(address(place), {**SCORES, "ease_abstain": "on"}).content.decode()

    assert "Ease has a score and is marked “Cannot judge”" in text
    assert kept(me) == []


@pytest.mark.parametrize("score", ["0", "11", "seven", "7.5"])
def test_a_forged_score_is_refused_at_its_scale(client_of, place, me, score):
    answer = client_of(me).post(address(place), {**SCORES, "impact": score})

    assert answer.context["scales"][0]["error"]
    assert kept(me) == []


def test_a2_5_cannot_judge_ease_counts_the_other_two(client_of, place, me):
    client_of(me).post(address(place), {"impact": "7", "confidence": "5", "ease_abstain": "on"})

    assert kept(me) == [(7, 5, None, "", None)]


def test_a2_5_marking_all_three_reveals_nothing_before_closing(client_of, place, me):
    BallotFactory.create_batch(4, round_idea=place)
    client = client_of(me)
    client.post(address(place), {f"{scale}_abstain": "on" for scale in SCORES})

    answer = client.get(address(place))

    assert kept(me) == [(None, None, None, "", None)]
    assert (answer.context["tally"], answer.context["figure"]) == (None, None)
    assert "counts for turnout and reveals nothing" in answer.content.decode()
    assert client.get(address(place) + "tally/").status_code == 403


def test_a2_8_the_authors_ballot_is_accepted_and_marked_in_the_record(client_of, place):
    author = place.idea.author
    RoundMemberFactory(round=place.round, member=author)
    client = client_of(author)

    client.post(address(place), SCORES)
    rounds.close_round(voting_round=place.round, actor=None)

    assert kept(author) == [(7, 5, 8, "", None)]
    assert ">Author<" in client.get(address(place)).content.decode()


def test_a3_1_the_first_is_told_so_and_nobody_gets_a_distribution_below_three(client_of, place, me):
    client = client_of(me)
    client.post(address(place), SCORES)

    first = client.get(address(place))
    BallotFactory(round_idea=place)
    second = client.get(address(place))
    BallotFactory(round_idea=place)
    third = client.get(address(place))

    assert "You are the first" in first.content.decode()
    assert "2 ballots so far" in second.content.decode()
    assert [answer.context["figure"] for answer in (first, second)] == [None, None]
    assert "In the middle: impact 5, confidence rating 5, ease 5" in third.content.decode()
    assert sum(third.context["figure"].rows[0].summary.counts) == 3


def test_a3_2_the_first_look_is_asked_for_again_and_answers_only_news(client_of, place, me):
    BallotFactory(round_idea=place, voter=me)
    BallotFactory.create_batch(2, round_idea=place)
    client, tally = client_of(me), address(place) + "tally/"

    seen = {"If-None-Match": client.get(tally)["ETag"]}
    page = client.get(address(place)).content.decode()
    unchanged = client.get(tally, headers=seen)
    BallotFactory(round_idea=place)
    news = client.get(tally, headers=seen)
    rounds.close_round(voting_round=place.round, actor=None)
    closed = client.get(tally, headers={"If-None-Match": news["ETag"]})

    known = json.loads(re.search(r"hx-headers='([^']+)'", page)[1])
    assert (known, 'hx-trigger="every 8s"' in page) == (seen, True)
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert (news.status_code, closed.status_code) == (200, 286)
    assert 'id="tally-said" hx-swap-oob="innerHTML">4 ballots<' in news.content.decode()
    assert "See the scores, with names" in closed.content.decode()


def test_a_ballot_changed_by_a_merge_is_news_though_there_are_no_more_of_them(client_of, place, me):
    BallotFactory(round_idea=place, voter=me)
    other, _third = BallotFactory.create_batch(2, round_idea=place)
    client, tally = client_of(me), address(place) + "tally/"
    seen = client.get(tally)["ETag"]

    Ballot.objects.filter(pk=other.pk).update(impact=9)

    assert client.get(tally, headers={"If-None-Match": seen}).status_code == 200


def test_a3_3_a_second_ballot_is_refused_with_the_reason(client_of, place, me):
    client = client_of(me)
    client.post(address(place), SCORES)

    answer = client.post(address(place), {**SCORES, "impact": "1"}, follow=True)

    assert "A second round opens if the pod wants one." in answer.content.decode()
    assert kept(me) == [(7, 5, 8, "", None)]


def test_a_ballot_for_a_round_closed_meanwhile_is_refused_and_the_outcome_shown(client_of, place, me):
    BallotFactory(round_idea=place)
    rounds.close_round(voting_round=place.round, actor=None)

    answer = client_of(me).post(address(place), SCORES, follow=True)

    assert "was closed on" in answer.content.decode()
    assert answer.context["result"].ice == 5
    assert kept(me) == []


@pytest.mark.parametrize("role", [Role.MEMBER, Role.READER, Role.ADMINISTRATOR])
def test_those_not_invited_get_no_ballot_and_cannot_send_one(client_of, place, role):
    client = client_of(MemberFactory(role=role))

    page = client.get(address(place))

    assert "data-ballot" not in page.content.decode()
    assert page.context["refusal"].status == 403
    assert client.post(address(place), SCORES).status_code == 403
    assert not Ballot.objects.exists()


def test_an_idea_that_is_not_in_the_round_is_not_found(client_of, place, me):
    elsewhere = RoundIdeaFactory()

    client = client_of(me)
    assert client.get(f"/rounds/{place.round_id}/ideas/{elsewhere.idea_id}/").status_code == 404
    assert client.post(f"/rounds/{place.round_id}/ideas/{elsewhere.idea_id}/", SCORES).status_code == 404


def test_a_scale_nobody_scored_leaves_no_ice_and_says_which(client_of, place):
    BallotFactory(round_idea=place, ease=None)
    rounds.close_round(voting_round=place.round, actor=None)

    text = client_of(MemberFactory()).get(address(place)).content.decode()

    assert "No ICE score: it needs at least one score on each scale." in text
    assert "Nobody scored Ease." in text


def test_shortcuts_switched_off_leave_the_keys_out(client_of, place, me):
    assert "js/ballot.js" in client_of(me).get(address(place)).content.decode()
    me.has_shortcuts = False
    me.save()

    text = client_of(me).get(address(place)).content.decode()

    assert "js/ballot.js" not in text
    assert "<kbd" not in text.split("<main")[1].split("</main>")[0]
