"""The list of ideas, adding one, one idea's page."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from backlog.choices import IdeaState
from backlog.models import Idea
from backlog.services import ideas, merging, rounds
from engagement.accounts.choices import Role
from engagement.accounts.models import AuditEntry
from engagement.core.clock import now
from tests.backlog.factories import BallotFactory, GoalFactory, IdeaFactory, RoundIdeaFactory, RoundMemberFactory
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


def test_list_asked_for_a_thousand_words_says_that_it_cannot_look_for_so_many(client_of):
    IdeaFactory(title="Quiet week")
    client = client_of(MemberFactory())

    answer = client.get("/ideas/", {"q": " ".join(["w"] * 1_000)})

    assert (answer.status_code, titles(answer)) == (200, ["Quiet week"])
    assert "at most 200 characters" in answer.content.decode()
    assert titles(client.get("/ideas/", {"q": " ".join(["w"] * 100)})) == ["Quiet week"]


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
    goal = GoalFactory(name=MARKUP, pod=pod, owner=author)
    said = {"title": MARKUP, "problem": MARKUP, "change": MARKUP, "may_hurt": MARKUP, "serves": goal}
    idea = IdeaFactory(**said, author=author, pod=pod, state="in_round")
    waiver = {"round__waiver": MARKUP, "round__waived_by": author, "round__waived_at": now()}
    place = RoundIdeaFactory(idea=idea, round__name=MARKUP, round__pod=pod, round__opened_by=author, **waiver)
    comments = dict.fromkeys(("comment", "impact_comment", "confidence_comment", "ease_comment"), MARKUP)
    BallotFactory(round_idea=place, voter=author, **comments)
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


def test_a7_2_the_old_address_leads_to_the_kept_idea_and_lists_show_it_alone(client_of):
    goes, stays = IdeaFactory(title="Goes"), IdeaFactory(title="Stays")
    client = client_of(goes.author)

    answer = client.post(f"/ideas/{goes.pk}/merge/", {"into": stays.pk}, follow=True)
    led = client.get(f"/ideas/{goes.pk}/")

    assert "“Goes” was merged into this idea." in answer.content.decode()
    assert led.headers["Location"] == f"/ideas/{stays.pk}/"
    assert [idea.title for idea in client.get("/ideas/").context["page"]] == ["Stays"]
    assert [idea.title for idea in client.get("/ideas/?state=merged").context["page"]] == ["Goes"]


def test_a7_2_the_count_of_ballots_is_told_to_those_who_have_scored_and_kept_from_the_blind(client_of):
    told = []
    for has_voted in (True, False):
        goes = RoundIdeaFactory(idea__state="in_round", idea__title="Goes")
        stays = RoundIdeaFactory(round=goes.round, idea__state="in_round")
        author = RoundMemberFactory(round=goes.round, member=goes.idea.author).member
        BallotFactory(round_idea=goes)
        if has_voted:
            BallotFactory(round_idea=stays, voter=author)
        answer = client_of(author).post(f"/ideas/{goes.idea_id}/merge/", {"into": stays.idea_id}, follow=True)
        told.append([str(message) for message in answer.context["messages"]])

    assert told == [
        ["“Goes” was merged into this idea. 1 ballot came along, 0 older ones were dropped."],
        ["“Goes” was merged into this idea."],
    ]


def test_a_ballot_on_its_way_to_the_merged_idea_lands_on_the_kept_ones_page(client_of):
    goes = RoundIdeaFactory(idea__state="in_round")
    stays = RoundIdeaFactory(round=goes.round, idea__state="in_round")
    voter = RoundMemberFactory(round=goes.round).member
    merging.merge(idea=goes.idea, into=stays.idea, actor=goes.idea.author)

    answer = client_of(voter).post(
        f"/rounds/{goes.round_id}/ideas/{goes.idea_id}/", {"impact": "7", "confidence": "5", "ease": "8"}, follow=True
    )

    assert answer.redirect_chain == [(f"/rounds/{goes.round_id}/ideas/{stays.idea_id}/", 302)]
    assert "Nothing was sent." in answer.content.decode()


def test_while_typing_the_nearest_ideas_are_shown_with_their_fate(client_of):
    IdeaFactory(title="A quiet first week", state="declined")

    text = client_of(MemberFactory()).get("/ideas/similar/?title=Quiet+first+week").content.decode()

    assert "A quiet first week" in text
    assert "Declined" in text


def test_a_near_twin_is_joined_or_set_apart_with_a_reason(client_of):
    IdeaFactory(title="A quiet first week")
    client = client_of(MemberFactory())
    said = {"title": "A quiet first week!", "problem": "Asks.", "change": "None."}

    asked = client.post("/ideas/new/", said)
    added = client.post("/ideas/new/", {**said, "why_apart": "It is about lapsed readers."})

    assert "“A quiet first week” is there already." in asked.content.decode()
    assert 'name="why_apart"' in asked.content.decode()
    assert added.status_code == 302
    assert AuditEntry.objects.get(verb="added").reason == "It is about lapsed readers."


def test_coverage_counts_ideas_by_stage_and_lever_and_names_what_is_empty(client_of):
    IdeaFactory.create_batch(2, lifecycle_stage="nurture", lever="timing")
    IdeaFactory(lifecycle_stage="nurture")

    context = client_of(MemberFactory()).get("/ideas/coverage/").context

    rows = {str(stage): {str(lever): count for lever, count in cells} for stage, cells in context["rows"]}
    nothing = dict.fromkeys(("content", "audience", "channel", "timing", "process"), 0)
    assert rows == {
        "reach": nothing,
        "nurture": nothing | {"timing": 2},
        "convert": nothing,
        "support_and_grow": nothing,
    }
    assert (len(context["empty"]), context["unplaced"]) == (19, 1)


def test_an_uploaded_file_is_added_or_refused_with_its_line(client_of):
    client = client_of(MemberFactory())

    def upload(text: str):
        file = SimpleUploadedFile("old.csv", text.encode())
        return client.post("/ideas/import/", {"file": file}, follow=True)

    refused = upload("title,problem,change\nA,,C\n")
    added = upload("title,problem,change\nA,B,C\n")

    assert refused.status_code == 422
    assert "old.csv, line 2, column “problem”" in refused.content.decode()
    assert "Added: 1. There already by their title: 0." in added.content.decode()
