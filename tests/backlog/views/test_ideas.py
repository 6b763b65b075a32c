"""The list of ideas, adding one, one idea's page."""

import pytest

from backlog.choices import IdeaState
from backlog.models import Idea
from backlog.services import ideas, rounds
from engagement.accounts.choices import Role
from tests.backlog.factories import BallotFactory, IdeaFactory, RoundIdeaFactory
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
TYPED = {"title": "A quiet week", "problem": "Three asks in a week.", "change": "None for seven days."}
MARKUP = '"><script>alert(1)</script>'


def titles(response) -> list[str]:
    return [idea.title for idea in response.context["page"]]


def test_list_is_newest_first_and_filters_by_words_pod_lever_channel_and_state(client_of):
    pod = PodFactory(slug="loyalty")
    IdeaFactory(title="Quiet week", pod=pod, lever="timing", channel="email")
    IdeaFactory(title="Louder week", state=IdeaState.SCORED)
    IdeaFactory(title="Thank readers", problem="A quiet reader hears nothing.")
    client = client_of(MemberFactory())

    assert titles(client.get("/ideas/")) == ["Thank readers", "Louder week", "Quiet week"]
    assert titles(client.get("/ideas/?q=QUIET")) == ["Thank readers", "Quiet week"]
    assert titles(client.get("/ideas/?q=week+quiet")) == ["Quiet week"]
    assert titles(client.get("/ideas/?pod=loyalty")) == ["Quiet week"]
    assert titles(client.get("/ideas/?lever=timing&channel=email")) == ["Quiet week"]
    assert titles(client.get("/ideas/?state=scored")) == ["Louder week"]
    assert titles(client.get("/ideas/?state=nonsense&pod=none")) == ["Thank readers", "Louder week", "Quiet week"]


def test_list_without_a_match_names_the_filters_and_clears_them_in_one_click(client_of):
    IdeaFactory()

    text = client_of(MemberFactory()).get("/ideas/?q=podcast").content.decode()

    assert "“podcast”" in text
    assert '<a class="button" href="/ideas/"' in text


def test_list_without_any_idea_shows_an_example(client_of):
    assert "No ideas yet" in client_of(MemberFactory()).get("/ideas/").content.decode()
    assert not Idea.objects.exists()


def test_htmx_gets_the_rows_alone(client_of):
    IdeaFactory(title="Quiet week")

    answer = client_of(MemberFactory()).get("/ideas/", headers={"HX-Request": "true"})

    assert "Quiet week" in answer.content.decode()
    assert "<html" not in answer.content.decode()
    assert "HX-Request" in answer.headers["Vary"]


def test_list_pages_keep_their_filters(client_of):
    IdeaFactory.create_batch(51, lever="timing")

    text = client_of(MemberFactory()).get("/ideas/?lever=timing").content.decode()

    assert "?lever=timing&amp;page=2" in text


def test_list_sorts_by_visible_score(client_of):
    for score in (3, 9, 6):
        place = RoundIdeaFactory(idea__title=f"Scored {score}")
        BallotFactory(round_idea=place, impact=score, confidence=score, ease=score)
        rounds.close_round(voting_round=place.round, actor=None)
    IdeaFactory(title="Fresh")

    found = titles(client_of(MemberFactory()).get("/ideas/?sort=score"))

    assert found == ["Scored 9", "Scored 6", "Scored 3", "Fresh"]


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_of_the_list_does_not_grow_with_rows(client_of, rows, django_assert_max_num_queries):
    for _ in range(rows):
        place = RoundIdeaFactory(idea__pod=PodFactory())
        BallotFactory(round_idea=place)
        rounds.close_round(voting_round=place.round, actor=None)
    client = client_of(MemberFactory())

    with django_assert_max_num_queries(12):
        assert len(titles(client.get("/ideas/?sort=score"))) == rows


def test_a7_1_title_problem_and_change_are_enough(client_of):
    author = MemberFactory()
    pod = PodFactory(members=[author])

    answer = client_of(author).post("/ideas/new/", TYPED)

    added = Idea.objects.get()
    assert answer.headers["Location"] == f"/ideas/{added.pk}/"
    assert (added.title, added.pod, added.author, added.state) == ("A quiet week", pod, author, IdeaState.BACKLOG)


def test_a_refused_form_keeps_what_was_typed(client_of):
    text = client_of(MemberFactory()).post("/ideas/new/", {**TYPED, "change": ""}).content.decode()

    assert "A quiet week" in text
    assert "Three asks in a week." in text
    assert "This field is required." in text
    assert not Idea.objects.exists()


def test_a_refused_folded_field_is_not_hidden(client_of):
    text = client_of(MemberFactory()).post("/ideas/new/", {**TYPED, "lever": "magic"}).content.decode()

    assert '<details class="fold" open>' in text


def test_a_text_of_100_kb_is_refused(client_of):
    text = client_of(MemberFactory()).post("/ideas/new/", {**TYPED, "problem": "x" * 100_000}).content.decode()

    assert "at most 5000 characters" in text
    assert not Idea.objects.exists()


def test_a_reader_cannot_add_and_is_told_why(client_of):
    client = client_of(MemberFactory(role=Role.READER))

    assert "Your role is reader" in client.get("/ideas/new/").content.decode()
    assert client.post("/ideas/new/", TYPED).status_code == 403
    assert not Idea.objects.exists()


def test_markup_in_every_text_is_shown_as_text_on_every_page(client_of):
    author = MemberFactory(name=MARKUP)
    pod = PodFactory(name=MARKUP, members=[author])
    idea = IdeaFactory(title=MARKUP, problem=MARKUP, change=MARKUP, author=author, pod=pod, state="in_round")
    place = RoundIdeaFactory(idea=idea, round__name=MARKUP, round__pod=pod, round__opened_by=author)
    BallotFactory(round_idea=place, voter=author, comment=MARKUP)
    client = client_of(author)
    pages = ["/", "/ideas/", f"/ideas/{idea.pk}/", "/rounds/", f"/rounds/{place.round_id}/", "/rounds/new/"]
    pages += [f"/rounds/{place.round_id}/ideas/{idea.pk}/", f"/ideas/?q={MARKUP}"]

    while_open = [client.get(path).content.decode() for path in pages]
    rounds.close_round(voting_round=place.round, actor=author)
    closed = [client.get(path).content.decode() for path in pages]
    ideas.decline(idea=idea, reason=MARKUP, actor=author)
    declined = client.get(f"/ideas/{idea.pk}/").content.decode()

    texts = [*while_open, *closed, declined]
    assert [text for text in texts if "<script>alert" in text] == []
    assert all("&lt;script&gt;alert(1)&lt;/script&gt;" in text for text in texts)
    assert [text for text in texts if "&amp;lt;" in text] == []  # escaped once, not twice


def test_change_while_it_is_scored_is_refused_with_its_sentence(client_of):
    idea = IdeaFactory(state=IdeaState.IN_ROUND, title="As scored")

    answer = client_of(idea.author).post(f"/ideas/{idea.pk}/change/", TYPED)

    assert answer.status_code == 409
    assert "The idea is being scored" in answer.content.decode()
    assert Idea.objects.get().title == "As scored"


def test_change_saves_and_leads_back(client_of):
    idea = IdeaFactory()

    answer = client_of(idea.author).post(f"/ideas/{idea.pk}/change/", TYPED)

    assert answer.headers["Location"] == f"/ideas/{idea.pk}/"
    assert Idea.objects.get().title == "A quiet week"


def test_decline_without_a_reason_comes_back_open(client_of):
    idea = IdeaFactory()
    client = client_of(idea.author)

    text = client.post(f"/ideas/{idea.pk}/decline/", {"reason": ""}).content.decode()

    assert '<details class="fold" open>' in text
    assert Idea.objects.get().state == IdeaState.BACKLOG


def test_a_declined_idea_tells_why_and_can_be_taken_up_again(client_of):
    idea = IdeaFactory(author__name="Ann")
    client = client_of(idea.author)

    client.post(f"/ideas/{idea.pk}/decline/", {"reason": "The law forbids it."})
    declined = client.get(f"/ideas/{idea.pk}/").content.decode()
    client.post(f"/ideas/{idea.pk}/take-up-again/")

    assert "Ann: “The law forbids it.”" in declined
    assert Idea.objects.get().state == IdeaState.BACKLOG


def test_a_scored_idea_shows_score_and_medians_and_offers_the_experiment(client_of):
    place = RoundIdeaFactory(round__name="Round 14")
    for scores in ((2, 7, 1), (4, 8, 10), (9, 7, 1)):
        BallotFactory(round_idea=place, impact=scores[0], confidence=scores[1], ease=scores[2])
    rounds.close_round(voting_round=place.round, actor=None)

    text = client_of(MemberFactory()).get(f"/ideas/{place.idea_id}/").content.decode()

    assert "Scored 4.0 in Round 14." in text
    assert "In the middle: impact 4, confidence rating 7, ease 1" in text
    assert "median 4, spread 3.5" in text
    assert f"?idea={place.idea_id}" in text


def test_an_unknown_idea_is_not_found(client_of):
    assert client_of(MemberFactory()).get("/ideas/99/").status_code == 404
