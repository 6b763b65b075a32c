"""The report on a phone, on paper and to somebody without an account, in a real browser."""

import pytest

from engagement.core.clock import now
from experiments.reports.quarterly.period import quarter_of
from experiments.services import decisions
from experiments.services.reporting import releasing, writing
from tests.experiments.builders import imported
from tests.factories import MemberFactory, PodFactory

LEARNINGS = (
    "A word of thanks keeps readers who have just begun; a reminder of what they left undone does not.",
    "More letters drive readers away, even in the week of an election, and those who go stay away.",
    "One honest figure moves people to support us; a long account of our costs moves nobody at all.",
)


@pytest.fixture
def report(tmp_path):
    writer, quarter = MemberFactory(name="Ada"), quarter_of(now())
    pod = PodFactory(name="Reader loyalty")
    for key, kind, rates in (("mails", "ship", (0.3, 0.5)), ("letters", "keep_control", (0.5, 0.3))):
        experiment = imported(tmp_path, key=key, rates=dict(zip(("none", "mail"), rates, strict=True)))
        type(experiment).objects.filter(pk=experiment.pk).update(pod=pod)
        variant = experiment.variants.get(position=1) if kind == "ship" else None
        decisions.decide(experiment=experiment, kind=kind, variant=variant, reason="B.", learning="L.", actor=writer)
    for text in ("Keep the holdout at 5% until June", "Read access to support-desk topics"):
        writing.ask(quarter=quarter, text=text, kind="decision", owner=writer, due=now().date(), actor=writer)
    words = [{"text": text, "experiment": "mails"} for text in LEARNINGS]
    title = "Readers stay when somebody notices them"
    writing.write(quarter=quarter, title=title, learnings=words, correction="", actor=writer)
    return releasing.release(quarter=quarter, actor=MemberFactory())


def test_c2_3_the_first_screen_of_a_phone_holds_learnings_a_number_and_the_asks(page, visit, sign_in, look, report):
    sign_in(MemberFactory())
    visit(f"/reports/{report.quarter}/", width=360)
    page.set_viewport_size({"width": 360, "height": 640})

    for text in (*LEARNINGS, "What was shipped moved bought by", "2 answers are asked of you"):
        box = page.locator("header").get_by_text(text).last.bounding_box()
        assert box["y"] + box["height"] <= 640, text
    look("report")


def test_c7_1_paper_drops_buttons_and_cuts_nothing(page, visit, sign_in, look, report):
    sign_in(MemberFactory())
    visit(f"/reports/{report.quarter}/")
    look("report")

    page.emulate_media(media="print")

    assert page.get_by_role("button", name="Yes").count() == 0
    for place in ("tr", "figure", ".learnings > li"):
        kept = page.locator(place).evaluate_all("all => all.map((one) => getComputedStyle(one).breakInside)")
        assert set(kept) == {"avoid"}, place


def test_the_writing_desk(page, visit, sign_in, look, report):
    sign_in(MemberFactory())
    visit(f"/reports/{report.quarter}/edit/", width=360)
    look("report-edit")
    visit(f"/reports/{report.quarter}/links/")
    look("report-links")
