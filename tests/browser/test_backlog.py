"""The backlog in a real browser: a ballot by keys and by touch, the live first look, finding while typing."""

import re
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from backlog.models import Ballot, VotingRound
from backlog.services import ballots, discussion, rounds, talks
from engagement.accounts.models import Member
from tests.backlog.factories import (
    BallotFactory,
    DisputedFactory,
    EvidenceFactory,
    IdeaFactory,
    RoundIdeaFactory,
    RoundMemberFactory,
    VotingRoundFactory,
)
from tests.factories import MemberFactory, PodFactory

SCALES = ("impact", "confidence", "ease")


@pytest.fixture
def pod():
    return PodFactory(name="Reader loyalty")


@pytest.fixture
def places(pod):
    voting_round = VotingRoundFactory(name="Round 15", pod=pod)
    titles = (
        "A quiet week",
        "Thank readers after their third visit in a week",
        "Push only for topics a reader follows",
    )
    return [
        RoundIdeaFactory(
            round=voting_round, idea__title=title, idea__pod=pod, idea__lever="timing", idea__state="in_round"
        )
        for title in titles
    ]


@pytest.fixture
def me(places, pod, sign_in):
    member = RoundMemberFactory(round=places[0].round, member__name="Anna Berg").member
    pod.members.add(member)
    sign_in(member)
    return member


def address(place) -> str:
    return f"/rounds/{place.round_id}/ideas/{place.idea_id}/"


# How many dots a strip shows: on a dotted line one at each of its steps that lies before its end.
DRAWN = """
    (strip) => strip.querySelectorAll(".dot").length + [...strip.querySelectorAll(".dots")]
      .map((line) => Math.ceil(line.getTotalLength() / line.getAttribute("stroke-dasharray").split(" ")[1]))
      .reduce((sum, dots) => sum + dots, 0)
"""


def press(page, keys: str) -> None:
    page.wait_for_load_state()  # a key before the page's script runs is nobody's
    for key in keys.split():
        page.keyboard.press(key)


def focused(page) -> str:
    return page.evaluate("document.activeElement.name || document.activeElement.tagName")


def scores(member) -> list[tuple]:
    return list(Ballot.objects.filter(voter=member).order_by("pk").values_list(*SCALES))


def test_a2_2_a_ballot_by_keys_is_saved_and_the_next_idea_has_the_focus(page, visit, places, me):
    visit("/")
    page.get_by_role("link", name="Start scoring").click()
    page.wait_for_url("**/ideas/*/")
    first = page.locator("h1").inner_text()

    press(page, "i 7 c 5 e 0 Enter")
    page.wait_for_url("**sent=**")

    assert scores(me) == [(7, 5, 10)]
    assert page.locator("h1").inner_text() != first
    assert focused(page) == "H1"
    assert page.get_by_text(f"Your ballot for “{first}” is kept").is_visible()


def test_a_round_of_three_is_scored_by_keys_alone(page, visit, places, me):
    visit("/")
    page.get_by_role("link", name="Start scoring").click()
    page.wait_for_url("**/ideas/*/")

    for _ in places:
        heading = page.locator("h1").inner_text()
        press(page, "i 7 c 5 e 8 Enter")
        expect(page.locator("h1")).not_to_have_text(heading)

    assert scores(me) == [(7, 5, 8)] * 3
    assert page.locator("h1").inner_text() == "Round 15"


def test_a2_3_in_the_comment_a_letter_is_a_letter(page, visit, places, me):
    visit(address(places[0]))
    page.get_by_label("Comment").click()

    press(page, "i 7 c")

    assert page.get_by_label("Comment").input_value() == "i7c"
    assert page.locator("[type=radio]:checked").count() == 0


def test_a2_3_in_a_comment_on_a_scale_too_and_it_is_sent_with_the_ballot(page, visit, places, me):
    visit(address(places[0]))
    press(page, "i 7 c 5 e 8")
    page.get_by_role("group", name="Impact").get_by_text("Say why").click()
    page.get_by_label("Why this impact?").click()

    press(page, "c 9 e")
    page.get_by_role("button", name="Submit and next").click()
    page.wait_for_url("**sent=**")

    assert list(Ballot.objects.values_list(*SCALES, "impact_comment")) == [(7, 5, 8, "c9e")]


def test_a2_without_a_connection_a_ballot_waits_and_is_sent_when_it_is_back(page, visit, places, me):
    visit(address(places[0]))
    press(page, "i 7 c 5 e 8")
    page.context.set_offline(True)

    press(page, "Enter")
    page.get_by_text("Your ballot is kept on this page").wait_for()
    kept = scores(me)
    page.context.set_offline(False)
    page.wait_for_url("**sent=**")

    assert (kept, scores(me)) == ([], [(7, 5, 8)])


def test_a2_4_rating_beyond_the_evidence_shows_a_hint_and_submitting_stays_possible(page, visit, places, me):
    EvidenceFactory(idea=places[0].idea, grade="third_party")
    visit(address(places[0]))
    hint = page.locator("#scale-confidence [role=status]")

    press(page, "i 7 c 4")
    expect(hint).to_be_empty()
    press(page, "c 9")
    expect(hint).to_contain_text("reaches up to 4: about one in three")
    press(page, "e 8 Enter")
    page.wait_for_url("**sent=**")

    assert scores(me) == [(7, 9, 8)]


def test_a_newcomer_practises_three_ballots_by_keys_and_nothing_is_kept(page, visit, places, me):
    visit("/")
    page.get_by_role("link", name="Practise a ballot").first.click()

    for number in (1, 2, 3):
        expect(page.get_by_text(f"Practice, idea {number} of 3, made up for this.")).to_be_visible()
        press(page, "i 7 c 9 e 8 Enter")
        expect(page.get_by_text("How the anchors read your scores")).to_be_visible()
        assert focused(page) == "H1"
        if number < 3:
            page.get_by_role("link", name="Next example").click()
    page.get_by_role("link", name="Go to your queue").click()

    expect(page.get_by_role("link", name="Start scoring")).to_be_visible()
    assert not Ballot.objects.exists()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_practice_is_accessible_before_and_after_scoring_and_in_error(visit, look, places, me, width):
    for name, asked in (("", ""), ("-read", "?sent=1&impact=7&confidence=9&ease_abstain=on"), ("-refused", "?sent=1")):
        visit(f"/rounds/practice/1/{asked}", width=width)
        look(f"practice{name}")


@pytest.mark.parametrize("width", [360, 1280])
def test_a_pods_page_is_accessible_with_and_without_a_warning_sign(visit, look, places, me, pod, width):
    visit(f"/pods/{pod.slug}/", width=width)
    look("pod")
    IdeaFactory(pod=pod, state="scored")
    rounds.close_round(voting_round=places[0].round, actor=None)
    visit(f"/pods/{pod.slug}/", width=width)
    look("pod-signs")


def test_while_an_idea_is_typed_the_nearest_ones_appear(page, visit, places, me):
    visit("/ideas/new/")

    page.get_by_label("Title").fill("Quiet week")

    expect(page.locator("#similar a").first).to_have_text("A quiet week")


def test_a_missing_scale_gets_the_focus_and_its_error(page, visit, places, me):
    visit(address(places[0]))

    press(page, "i 7 e 8 Enter")
    page.get_by_text("Confidence rating has no score").wait_for()

    assert focused(page) == "confidence"
    assert page.locator("[name=impact]:checked").input_value() == "7"
    assert page.get_by_role("group", name="Confidence rating").get_attribute("aria-invalid") == "true"
    press(page, "c 4 Enter")
    page.wait_for_url("**sent=**")
    assert scores(me) == [(7, 4, 8)]


def test_a2_6_each_scale_is_a_named_group_that_tells_value_and_anchor(page, visit, places, me):
    visit(address(places[0]))

    press(page, "c 7")

    group = page.get_by_role("group", name="Confidence rating")
    assert group.get_by_role("radio").count() == 10
    assert page.locator("#confidence-choice").inner_text().startswith("7: about two in three")
    assert group.get_attribute("aria-describedby") == "confidence-choice"
    assert page.locator("#confidence-choice").get_attribute("aria-live") == "polite"


def own_page(context: BrowserContext, url: str, member) -> Iterator[Page]:
    """A page of a browser unlike the shared one, signed in."""
    client = Client()
    client.force_login(member)
    name = django_settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])
    yield context.new_page()
    context.close()


@pytest.fixture
def phone(browser, live_server, me) -> Iterator[Page]:
    """A touch screen 360 wide."""
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    yield from own_page(context, live_server.url, me)


@pytest.fixture
def plain(browser, live_server, me) -> Iterator[Page]:
    """A browser that runs no script."""
    yield from own_page(browser.new_context(java_script_enabled=False), live_server.url, me)


def test_a2_7_on_a_phone_the_ballot_is_tapped_with_targets_of_44(phone, live_server, places, me):
    phone.goto(live_server.url + address(places[0]))
    submit = phone.get_by_role("button", name="Submit and next")

    for scale in SCALES:
        boxes = [label.bounding_box() for label in phone.locator(f"#scale-{scale} .scale-steps label").all()]
        assert min(min(box["width"], box["height"]) for box in boxes) >= 44
        assert len({box["y"] for box in boxes}) == 2
    assert submit.bounding_box()["y"] + submit.bounding_box()["height"] <= 740
    assert phone.locator(".bottom-bar").count() == 0
    for scale, number in zip(SCALES, (7, 5, 8), strict=True):
        phone.locator(f"#scale-{scale} label", has_text=str(number)).first.tap()
    submit.tap()
    phone.wait_for_url("**sent=**")

    assert scores(me) == [(7, 5, 8)]


def test_without_script_a_ballot_is_sent_as_a_plain_form(plain, live_server, places, me):
    plain.goto(live_server.url + address(places[0]))

    plain.locator("[name=impact][value='7']").check(force=True)
    plain.locator("[name=confidence][value='5']").check(force=True)
    plain.get_by_role("group", name="Ease").get_by_label("Cannot judge").check()
    plain.get_by_role("button", name="Submit and next").click()

    assert scores(me) == [(7, 5, None)]


def test_a3_2_a_ballot_sent_elsewhere_shows_without_a_reload_and_is_announced(page, visit, places, me):
    BallotFactory(round_idea=places[0], voter=me)
    BallotFactory.create_batch(2, round_idea=places[0])
    visit(address(places[0]))
    impacts = page.locator(".figure td:nth-child(2)")
    assert impacts.all_text_contents() == ["0", "0", "0", "0", "3", "0", "0", "0", "0", "0"]

    BallotFactory(round_idea=places[0], impact=9)

    page.get_by_role("status").filter(has_text="4 ballots").wait_for(timeout=10_000, state="attached")
    assert impacts.all_text_contents() == ["0", "0", "0", "0", "3", "0", "0", "0", "1", "0"]
    assert page.locator(".strip").first.evaluate(DRAWN) == 4


def test_ideas_are_found_while_typing_with_the_filter_in_the_address(page, visit, places, me):
    visit("/ideas/")

    page.get_by_label("Find").fill("thank")
    page.get_by_text("1 idea", exact=True).wait_for()

    assert page.locator("tbody tr").count() == 1
    assert "q=thank" in page.url
    page.reload()
    assert page.locator("tbody tr").count() == 1
    assert page.get_by_label("Find").input_value() == "thank"


def test_choosing_another_pod_ticks_its_members(page, visit, places, me, pod):
    IdeaFactory(title="Free")
    friend = MemberFactory(name="Ben Cole")
    PodFactory(name="Newsletters", members=[me, friend])
    visit("/rounds/new/")
    ben = page.get_by_label("Ben Cole")
    page.get_by_label("Pod").select_option("Reader loyalty")
    expect(ben).not_to_be_checked()

    page.get_by_label("Pod").select_option("Newsletters")

    expect(ben).to_be_checked()
    expect(page.locator("[name=members]:checked")).to_have_count(2)


@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_of_the_backlog_is_accessible_in_light_and_dark(visit, look, places, me, width):
    done = places[1]
    BallotFactory(round_idea=done, voter=me)
    BallotFactory.create_batch(3, round_idea=done, comment="We sign the note with the desk, not with a person.")
    closed = RoundIdeaFactory(
        round__name="Round 14", idea__title="Pause the ask for two weeks", idea__pod=places[0].round.pod
    )
    for discipline in ("marketing", "data", "editorial"):
        said = {"comment": "Worth a try.", "ease_comment": "The template exists."}
        BallotFactory(round_idea=closed, voter__discipline=discipline, impact=None, **said)
    BallotFactory(round_idea=closed, voter=me, impact=9)
    rounds.close_round(voting_round=closed.round, actor=None)
    for grade, source in (
        ("own_observation", "Reader interviews, autumn (14 talks)"),
        ("third_party", "A trade report"),
    ):
        EvidenceFactory(idea=closed.idea, grade=grade, source=source, added_by=me, url="https://example.org/report")
    discussion.say(
        idea=closed.idea, text="Count whole weeks, or Mondays look like an effect.", scale="impact", actor=me
    )
    discussion.say(idea=closed.idea, text="The template exists.", actor=places[0].idea.author)
    pages = {
        "home": "/",
        "ideas": "/ideas/",
        "ideas-none": "/ideas/?q=podcast",
        "idea-new": "/ideas/new/",
        "idea": f"/ideas/{closed.idea_id}/",
        "idea-merge": f"/ideas/{closed.idea_id}/merge/?q=quiet+week",
        "coverage": "/ideas/coverage/",
        "ideas-import": "/ideas/import/",
        "rounds": "/rounds/",
        "round-new": "/rounds/new/",
        "round-open": f"/rounds/{places[0].round_id}/",
        "round-closed": f"/rounds/{closed.round_id}/",
        "ballot": address(places[0]),
        "first-look": address(done),
        "reveal": address(closed),
    }

    for name, path in pages.items():
        visit(path, width=width)
        look(name)


@pytest.mark.parametrize("width", [1280, 360])
def test_a_revealed_round_shows_tiers_and_both_ends_of_a_dispute(visit, sign_in, look, places, pod, width):
    voting_round, scores = places[0].round, ((9, 9, 2, 2, 9), (8, 8, 8, 7, 8), (1, 2, 1, 2, 1))
    disciplines = ("marketing", "data", "design", "product", "editorial")
    voters = [RoundMemberFactory(round=voting_round, member__discipline=one).member for one in disciplines]
    for place, given in zip(places, scores, strict=True):
        for voter, score in zip(voters, given, strict=True):
            BallotFactory(round_idea=place, voter=voter, impact=score, comment="Because I have seen it.")
    rounds.close_round(voting_round=voting_round, actor=voting_round.opened_by)
    sign_in(voters[0])

    visit(f"/rounds/{voting_round.pk}/", width=width)

    look("reveal")


@pytest.fixture
def disputed():
    place = DisputedFactory()
    rounds.close_round(voting_round=place.round, actor=None)
    return place


def test_a6_1_both_ends_write_and_are_read_beside_each_other(page, visit, sign_in, disputed):
    for name, text in (("Lou", "Too dear."), ("Oz", "It sells.")):
        sign_in(Member.objects.get(name=name))
        visit("/")
        page.get_by_role("link", name="Write it").click()
        page.get_by_label("Why you scored it so").fill(text)
        page.get_by_label("What would change your mind?").fill("A price of four.")
        assert page.get_by_text("Too dear.").count() == 0
        page.get_by_role("button", name="Send").click()
        page.wait_for_url("**#talk")

    texts = [page.locator("#talk blockquote", has_text=text).bounding_box() for text in ("It sells.", "Too dear.")]

    assert texts[0]["y"] == texts[1]["y"]
    assert texts[0]["x"] < texts[1]["x"]


@pytest.mark.parametrize("width", [1280, 360])
def test_a_talk_is_accessible_while_it_waits_and_when_it_is_open(visit, sign_in, look, disputed, width):
    low, high = (Member.objects.get(name=name) for name in ("Lou", "Oz"))
    VotingRound.objects.update(talk_days=0)
    disputed.round.pod.members.add(low)
    sign_in(low)
    visit("/", width=width)
    look("home-outlier")
    visit(address(disputed), width=width)
    look("talk-to-write")
    talks.explain(talk=disputed.talk, text="Too dear. " * 30, would_change="A price of four.", actor=low)
    visit(address(disputed), width=width)
    look("talk-waits")

    talks.explain(talk=disputed.talk, text="It sells.", actor=high)
    visit(address(disputed), width=width)

    look("talk-open")


@pytest.mark.parametrize("width", [1280, 360])
def test_a6_2_a_second_round_from_its_opening_to_the_joined_dots_is_accessible(
    page, visit, sign_in, look, disputed, width
):
    first, opener, low = f"/rounds/{disputed.round_id}/", disputed.round.opened_by, Member.objects.get(name="Lou")
    sign_in(opener)
    visit(first, width=width)
    page.get_by_role("link", name="Open a second round").click()
    look("second-round-new")
    page.get_by_role("button", name="Open the second round").click()
    page.wait_for_url(re.compile(r"/rounds/\d+/$"))
    second = VotingRound.objects.get(first_round=disputed.round)
    mine = f"/rounds/{second.pk}/ideas/{disputed.idea_id}/"
    sign_in(low)
    visit(mine, width=width)
    look("second-ballot")
    moves = (("Lou", 6), ("Mia", 7), ("Nat", 8), ("Oz", 8), ("Pat", 8))
    for name, score in moves:
        voter = Member.objects.get(name=name)
        ballots.cast(voting_round=second, idea=disputed.idea, voter=voter, impact=score, confidence=score - 3, ease=5)
    visit(mine, width=width)
    look("second-first-look")
    rounds.close_round(voting_round=second, actor=opener)

    visit(mine, width=width)

    look("second-reveal")
    ends = (
        page.locator(".strip")
        .first.locator(".move")
        .evaluate_all("lines => lines.map((line) => line.x2.baseVal.value)")
    )
    dots = (
        page.locator(".strip")
        .first.locator(".dot:not(.earlier)")
        .evaluate_all("dots => dots.map((dot) => dot.x.baseVal.value)")
    )
    assert sorted(map(round, ends)) == sorted(map(round, dots))
    visit(f"/rounds/{second.pk}/", width=width)
    look("second-round-closed")
