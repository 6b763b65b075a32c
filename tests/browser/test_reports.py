"""The report on a phone, on paper and to somebody without an account, in a real browser."""

from datetime import UTC, datetime, timedelta

import pytest

from engagement.core.clock import now
from experiments.queries.maturity import own_ratings
from experiments.reports.quarterly.period import quarter_of
from experiments.services import decisions
from experiments.services.reporting import releasing, writing
from tests.backlog.factories import GoalFactory
from tests.experiments.builders import imported, planned
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
    for one, name in ((quarter, "Readers who become supporters"), (quarter.next, "Readers who stay for a month")):
        GoalFactory(quarter=str(one), pod=pod, name=name, metric_key="bought", kind="lift", target="0.4", baseline=None)
    starts = datetime.combine(quarter.next.first_day, datetime.min.time(), UTC) + timedelta(days=14)
    ahead = planned(key="ahead", name="A letter on the first of May", starts=starts, ends=starts + timedelta(days=14))
    type(ahead).objects.filter(pk=ahead.pk).update(plan={"customers": 2_000}, pod=pod)
    ahead.metrics.filter(role="primary").update(key="bought")
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


def test_c5_the_way_we_work_is_rated_by_keyboard_and_on_a_phone(page, visit, sign_in, look, report):
    member = MemberFactory()
    sign_in(member)
    visit(f"/maturity/{report.quarter}/", width=360)
    look("maturity")

    scale = page.get_by_role("group", name="Results can be trusted")
    scale.get_by_label("1", exact=True).focus()
    for _step in range(3):
        page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Keep my ratings").press("Enter")

    page.get_by_text("Your ratings are kept.").wait_for()
    assert own_ratings(member, report.quarter) == {"trust": 4}
    visit(f"/maturity/{report.quarter}/")
    look("maturity")


def test_c5_the_twelve_factors_open_in_place(page, visit, sign_in, look, report):
    sign_in(MemberFactory())
    visit(f"/reports/{report.quarter}/", width=360)

    page.get_by_text("The twelve factors").click()

    page.get_by_role("rowheader", name="Experiments end in a decision").wait_for()
    assert page.get_by_text("Over-booked: in the week of").is_visible()
    look("report-maturity")
