"""Variants in a real browser: both widths in light and dark, the live preview, and that a frame runs nothing."""

import re

import pytest
from playwright.sync_api import expect

from engagement.customers.models import Customer
from engagement.customers.services.customers import ensure
from engagement.messaging.models import Message
from experiments.models import Experiment
from experiments.services import variants
from experiments.services.plans import VariantPlan
from tests.experiments.builders import planned
from tests.factories import MemberFactory, PodFactory

STOP = '<p><small>You signed up for this letter. <a href="{{{{ unsubscribe_url }}}}">Unsubscribe</a></small></p>'
BUTTON = (
    '<p><a href="https://courier.example/support/" style="color:#fff;background:#14202e;padding:8px 14px">{}</a></p>'
)
LETTER = (
    "<p>Good morning{},</p><p>{}</p><p>Will you become one of them?</p>" + BUTTON.format("Become a supporter") + STOP
)
CONTROL = {
    "email": {
        "subject": "Independent reporting needs you",
        "preheader": "Become a supporter today",
        "html": LETTER.format("", "Our reporting is free for everybody because some readers pay for it."),
    },
    "push": {"title": "Support the Courier", "body": "Independent reporting needs you.", "url": "https://a.example/"},
    "in_app": {"title": "Support our work", "body": "Free for all, paid for by some.", "button": "Become a supporter"},
}
FIGURE = {
    "email": {
        "subject": "What support paid for in February",
        "preheader": "One number, checked by the newsroom",
        "html": LETTER.format("", "In February supporters paid for 214 days of reporting outside our own town."),
    },
    "push": {**CONTROL["push"], "title": "214 days of reporting", "body": "Paid for by supporters in February."},
    "in_app": {**CONTROL["in_app"], "title": "What support paid for", "body": "214 days of reporting in February."},
}
MONTH = {
    **FIGURE,
    "email": {
        **FIGURE["email"],
        "preheader": "One number, and your month with us",
        "html": LETTER.format(
            " {{ first_name }}", "214 days of reporting. You read {{ stories|fallback:'many' }} stories."
        ),
    },
}


@pytest.fixture
def me(sign_in):
    member = MemberFactory(name="Anna Berg", administrator=True)
    PodFactory(name="Reader loyalty", members=[member])
    sign_in(member)
    return member


@pytest.fixture
def experiment(me) -> Experiment:
    ids = ensure(["reader-1", "reader-2"])
    Customer.objects.filter(pk=ids[0]).update(traits={"first_name": "<b id=evil>Zoe</b>", "stories": 31})
    names = ("Control", "A: one figure", "B: figure and month")
    plans = [VariantPlan(f"v{place}", name, 1 / 3) for place, name in enumerate(names)]
    made = planned(actor=me, key="2027q1-loyalty-multi-one-figure", name="Say what support paid for", variants=plans)
    for variant, contents in zip(made.variants.all(), (CONTROL, FIGURE, MONTH), strict=True):
        variants.save(variant=variant, contents=contents, seen_version=0, actor=me)
    return made


@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_of_variants_are_sound(experiment, page, visit, look, width):
    visit(f"/experiments/{experiment.key}/variants/?as=emptiest", width=width)
    page.locator("#another").scroll_into_view_if_needed()
    expect(page.get_by_text("50.0%").first).to_be_visible()
    for frame in page.locator("iframe").all():
        frame.scroll_into_view_if_needed()
    expect(page.frame_locator("iframe").nth(2).get_by_text("Unsubscribe")).to_be_visible()
    look("variants")

    visit(f"/experiments/{experiment.key}/variants/2/", width=width)
    expect(page.frame_locator("iframe").get_by_text("Good morning Anna")).to_be_visible()
    look("variant-editor")


def test_the_preview_follows_the_typing_and_the_history_does_not(experiment, page, visit):
    visit(f"/experiments/{experiment.key}/variants/")
    page.get_by_role("link", name="Edit B: figure and month").last.click()
    before = page.evaluate("history.length")

    page.locator("[name=email-subject]").fill("Dear {{ first_name|fallback:'reader' }}")
    expect(page.frame_locator(".frames iframe").last.get_by_text("Dear Anna")).to_be_visible()
    page.locator("[name=as]").select_option("emptiest")
    expect(page.frame_locator(".frames iframe").last.get_by_text("Dear reader")).to_be_visible()
    expect(page.locator("[data-meter=id_email-subject] [data-count]")).to_have_text("39")

    assert page.evaluate("history.length") == before
    page.go_back()
    expect(page).to_have_url(re.compile(r"/variants/$"))


def test_b2_3_a_real_customers_markup_is_text_and_a_messages_script_never_runs(experiment, page, watch, visit):
    visit(f"/experiments/{experiment.key}/variants/2/")
    page.locator("[name=email-html]").fill("<p>Dear {{ first_name }}</p><script>document.title = 'ran'</script>")
    page.get_by_text("As a real customer").click()
    page.locator("[name=customer]").fill("reader-1")
    page.get_by_role("button", name="Show as this customer").click()

    frame = page.frame_locator(".frames iframe").last
    expect(frame.get_by_text("Dear <b id=evil>Zoe</b>")).to_be_visible()
    assert frame.locator("#evil").count() == 0
    expect(frame.get_by_text("That is in the audit trail.")).to_be_visible()
    assert {problem.partition(" in ")[0] for problem in watch.problems} == {"console: Blocked script execution"}
    watch.problems.clear()


def test_b2_5_both_texts_come_back_when_somebody_saved_meanwhile(me, experiment, page, watch, visit, look):
    watch.allowed.add(409)
    visit(f"/experiments/{experiment.key}/variants/1/")
    theirs = {**FIGURE, "email": {**FIGURE["email"], "subject": "Ben's subject"}}
    ben = MemberFactory(name="Ben")
    variants.save(variant=experiment.variants.get(position=1), contents=theirs, seen_version=1, actor=ben)

    page.locator("[name=email-subject]").fill("My subject")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("[name=email-subject]")).to_have_value("My subject")
    expect(page.locator(".theirs")).to_contain_text("Ben's subject")
    expect(page.frame_locator(".frames iframe").last.get_by_text("My subject")).to_be_visible()
    look("variant-conflict")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("“A: one figure” is saved.")).to_be_visible()
    assert Message.objects.get(variant__position=1).contents["email"]["subject"] == "My subject"


def test_everything_works_without_script(browser, live_server, experiment, me, sign_in, page):
    context = browser.new_context(java_script_enabled=False, base_url=live_server.url)
    context.add_cookies(page.context.cookies())
    plain = context.new_page()
    plain.goto(f"/experiments/{experiment.key}/variants/")
    plain.get_by_role("link", name="Count them").click()
    expect(plain.get_by_text("1 of 2").first).to_be_visible()

    plain.get_by_role("link", name="Edit A: one figure").click()
    plain.locator("[name=push-title]").fill("Typed by hand")
    plain.get_by_role("button", name="Show as it stands now").click()
    expect(plain.frame_locator("iframe").get_by_text("Typed by hand").first).to_be_visible()
    plain.get_by_role("button", name="Save").click()

    expect(plain.get_by_text("“A: one figure” is saved.")).to_be_visible()
    context.close()
