"""The talk on a disputed idea, as its two ends, its moderator and everybody else meet it."""

import re
from datetime import timedelta

import pytest

from backlog.models import Explanation, Talk, VotingRound
from backlog.services import rounds, talks
from engagement.accounts.choices import Role
from engagement.accounts.models import Member
from tests.backlog.factories import DisputedFactory
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
FIELDS = ("text", "would_change")


@pytest.fixture
def place():
    made = DisputedFactory()
    rounds.close_round(voting_round=made.round, actor=None)
    return made


@pytest.fixture
def address(place) -> str:
    return f"/rounds/{place.round_id}/ideas/{place.idea_id}/"


def voter(name: str) -> Member:
    return Member.objects.get(name=name)


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def texts() -> list[tuple[str, str]]:
    return list(Explanation.objects.values_list(*FIELDS))


def test_a6_1_an_end_is_asked_on_the_page_and_writes_with_what_would_change_their_mind(client_of, place, address):
    low, high = client_of(voter("Lou")), client_of(voter("Oz"))
    asked = text_of(low.get(address))

    answer = low.post(f"{address}talk/", {"text": "Too dear.", "would_change": "A price we can pay."}, follow=True)
    met_by_the_other = text_of(high.get(address))
    high.post(f"{address}talk/", {"text": "It sells.", "would_change": ""})
    shown = text_of(client_of(voter("Mia")).get(address))

    assert "Why you scored it so" in asked
    assert "What would change your mind?" in asked
    assert answer.redirect_chain == [(f"{address}#talk", 302)]
    assert "It is shown once the other end has written too." in text_of(answer)
    assert ("Too dear." in text_of(answer), "Too dear." in met_by_the_other) == (True, False)
    assert texts() == [("Too dear.", "A price we can pay."), ("It sells.", "")]
    talk = shown[shown.index("Outlier talk on impact") :]
    order = [talk.index(words) for words in ("It sells.", "Oz, Design: 9", "Too dear.", "A price we can pay.", "Lou, ")]
    assert order == sorted(order)


def test_an_empty_text_comes_back_with_its_error_and_what_was_typed(client_of, place, address):
    answer = client_of(voter("Lou")).post(f"{address}talk/", {"text": " ", "would_change": "A price."})

    page = text_of(answer)
    assert "This field is required." in page
    assert "A price." in page
    assert texts() == [("", "")] * 2


def test_others_see_whom_the_talk_waits_for_and_get_no_form(client_of, place, address):
    client = client_of(MemberFactory(name="Guest"))

    page = text_of(client.get(address))
    refused = client.post(f"{address}talk/", {"text": "Me too."})

    assert page.count("Has not written yet.") == 2
    assert 'name="would_change"' not in page
    assert (refused.status_code, "Only the two ends" in text_of(refused)) == (403, True)


def test_ask_for_a_reason_is_offered_once_and_says_who_asked(client_of, place, address):
    client = client_of(voter("Mia"))
    offered = text_of(client.get(address)).count("Ask for a reason")

    answer = client.post(f"{address}talk/highest/ask/", follow=True)
    again = client.post(f"{address}talk/highest/ask/")

    page = text_of(answer)
    assert "Oz is asked for a reason, by mail." in page
    assert "asked by Mia on" in page
    assert (offered, page.count("Ask for a reason")) == (2, 1)
    assert again.status_code == 409
    assert "Ask for a reason" not in text_of(client_of(MemberFactory(role=Role.READER)).get(address))


def test_a6_1_letting_one_stand_alone_is_the_moderators_after_the_wait(client_of, place, address):
    talks.explain(talk=place.talk, text="Too dear.", actor=voter("Lou"))
    opener, mia = client_of(place.round.opened_by), client_of(voter("Mia"))
    early = text_of(opener.get(address))
    VotingRound.objects.update(talk_days=0)

    pages = [text_of(one.get(address)) for one in (opener, mia)]
    refused = mia.post(f"{address}talk/alone/", {"reason": "He left."})
    opener.post(f"{address}talk/alone/", {"reason": "He left."})

    assert ["stand alone" in page for page in (early, *pages)] == [False, True, False]
    assert refused.status_code == 403
    shown = text_of(mia.get(address))
    assert "Too dear." in shown
    assert f"{place.round.opened_by} let one text stand alone: He left." in shown


def test_the_round_tells_how_far_each_talk_is_and_then_shows_both(client_of, place, address):
    low, path = client_of(voter("Lou")), f"/rounds/{place.round_id}/"
    first = text_of(low.get(path))
    talks.explain(talk=place.talk, text="Too dear.", actor=voter("Lou"))
    second = text_of(low.get(path))
    talks.explain(talk=place.talk, text="It sells.", actor=voter("Oz"))

    third = text_of(low.get(path))

    assert ("0 of 2 have written." in first, "Write your side" in first) == (True, True)
    assert ("1 of 2 have written." in second, "Write your side" in second) == (True, False)
    assert third.index("It sells.") < third.index("Too dear.") < third.index("All ideas by tier")


def test_a6_1_home_lists_ideas_waiting_for_my_comment_as_an_outlier(client_of, place, address):
    client = client_of(voter("Lou"))

    before, others = text_of(client.get("/")), text_of(client_of(voter("Mia")).get("/"))
    talks.explain(talk=place.talk, text="Too dear.", actor=voter("Lou"))
    after = text_of(client.get("/"))

    assert "Waiting for your comment as an outlier" in before
    assert "Say why you scored “A quiet week” as you did" in before
    assert f'href="{address}#talk"' in before
    assert "You gave 2 on impact in Round 7" in before
    assert ["as an outlier" in page for page in (others, after)] == [False, False]


def test_the_rail_counts_what_waits_to_be_explained_with_what_waits_to_be_scored(client_of, place):
    counts = [client_of(voter(name)).get("/ideas/").context["counts"] for name in ("Lou", "Mia")]

    assert counts == [{"home": 1, "rounds": 0}, {"home": 0, "rounds": 0}]


def test_the_next_step_of_a_split_round_is_its_talk_and_who_has_it(client_of, place, address):
    low, high, other = (client_of(voter(name)) for name in ("Lou", "Oz", "Mia"))
    path = f"/rounds/{place.round_id}/"
    first = [text_of(client.get(path)) for client in (low, other)]
    talks.explain(talk=place.talk, text="Too dear.", actor=voter("Lou"))
    second = [text_of(client.get(path)) for client in (low, high)]
    talks.explain(talk=place.talk, text="It sells.", actor=voter("Oz"))

    third = text_of(low.get(path))

    assert "You: your 2 on impact stands at one end" in first[0]
    assert "Hear both ends on “A quiet week”" in first[1]
    assert "Oz, Lou; waited for until" in first[1]
    assert "<p>Oz; waited for until" in second[0]
    assert "You: your 9 on impact stands at one end" in second[1]
    assert "“A quiet week” is ahead" in third


def test_whoever_opens_a_round_says_how_long_outliers_are_waited_for(client_of, place):
    voting_round = VotingRound.objects.get()

    assert voting_round.talk_until - voting_round.closed_at == timedelta(days=3)
    assert 'name="talk_days"' in client_of(MemberFactory(administrator=True)).get("/rounds/new/").content.decode()


def test_markup_in_what_both_ends_write_is_text(client_of, place):
    talk, markup = Talk.objects.get(), "<script>alert(1)</script>"
    for name in ("Lou", "Oz"):
        talks.explain(talk=talk, text=markup, would_change=markup, actor=voter(name))

    for path in (f"/rounds/{place.round_id}/", f"/rounds/{place.round_id}/ideas/{place.idea_id}/"):
        text = client_of(voter("Mia")).get(path).content.decode()
        assert (text.count("<script>alert"), text.count("&lt;script&gt;alert(1)&lt;/script&gt;")) == (0, 4)


@pytest.mark.parametrize("count", [1, 3])
def test_query_counts_do_not_grow_with_disputed_ideas(client_of, count, django_assert_max_num_queries):
    made = DisputedFactory()
    for number in range(1, count):
        DisputedFactory(round=made.round, idea__title=f"Idea {number}")
    rounds.close_round(voting_round=made.round, actor=None)
    client = client_of(voter("Mia") if count == 1 else Member.objects.filter(name="Mia").first())

    with django_assert_max_num_queries(12):
        client.get(f"/rounds/{made.round_id}/")
    with django_assert_max_num_queries(12):
        client.get("/")
