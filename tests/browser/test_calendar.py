"""The quarter's calendar in a real browser: at both sizes, by keyboard, without script."""

import re

import pytest

from backlog.queries import current_quarter
from engagement.accounts.models import AuditEntry
from engagement.core.clock import now
from experiments.models import Experiment
from tests.backlog.factories import GoalFactory, IdeaFactory
from tests.experiments.quarter import DAY, at, customers, experiment, this_quarter
from tests.factories import MemberFactory, PodFactory


@pytest.fixture
def member():
    return MemberFactory(name="Ada")


@pytest.fixture
def quarter(member):
    loyalty, onboarding, letters = (
        GoalFactory(pod=PodFactory(name=pod, members=[member]), name=name, owner=member)
        for pod, name in (
            ("Reader loyalty", "Week-2 activity of returning readers"),
            ("Onboarding", "New readers still here after 30 days"),
            ("Newsletters", "Letters read a week per customer"),
        )
    )
    customers(4_600)
    experiment(
        "thanks", 1, 6, state="ended", customers=4_000, goal=loyalty, name="Thank-you note",
        planned_starts=at(2), planned_ends=at(7),
    )  # fmt: skip
    experiment("pause", 8, 12, state="running", customers=6_000, goal=loyalty, name="Pause after “not now”")
    experiment("figure", 10, 13, customers=7_500, goal=loyalty, name="One figure")
    experiment("three", 5, 11, state="running", customers=7_200, goal=onboarding, name="Three letters, not six")
    experiment("quiet", 11, 13, customers=4_800, goal=onboarding, name="Quiet first week")
    experiment("sunday", 1, 13, state="running", customers=12_000, goal=letters, name="Sunday subject (bandit)")
    topics = experiment("topics", 10, 13, customers=600, goal=letters, name="Followed topics")
    experiment("free", 3, 5, state="ended", customers=900, name="A walk on the side")
    type(topics).objects.filter(pk=topics.pk).update(starts=None, ends=None)
    IdeaFactory(serves=letters, title="A letter that ends")
    return current_quarter(now())


@pytest.mark.parametrize("width", [360, 1280])
def test_the_calendar_at_both_sizes(page, visit, sign_in, look, member, quarter, width):
    sign_in(member)

    visit(f"/calendar/{quarter}/", width=width)

    assert page.get_by_role("heading", level=1).inner_text().startswith("Calendar, Q")
    look("calendar")
    visit(f"/goals/{quarter}/", width=width)
    look("goals")
    visit(f"/goals/{quarter}/new/", width=width)
    look("goal-new")


def test_an_experiment_is_moved_by_keyboard_alone(page, visit, sign_in, look, member, quarter):
    sign_in(member)
    visit(f"/calendar/{quarter}/", width=360)
    link = page.get_by_role("link", name=re.compile("Move.*Quiet first week"))
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/experiments/quiet/dates/")
    look("move")
    first, last = (this_quarter().first + 7 * DAY * week for week in (12, 13))

    page.get_by_label("First day").fill(first.isoformat())
    page.get_by_label("Last day").fill(last.isoformat())
    page.get_by_label("Why it moves").focus()
    page.keyboard.type("One figure needs these readers first")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    page.get_by_text("“Quiet first week” is moved").wait_for()
    entry = AuditEntry.objects.get(verb="moved")
    assert (entry.actor, entry.reason) == (member, "One figure needs these readers first")


def test_the_calendar_is_a_place_in_rail_and_bar(page, visit, sign_in, member, quarter):
    sign_in(member)
    visit("/")
    page.get_by_role("link", name="Calendar").first.click()
    page.wait_for_url(f"**/calendar/{quarter}/")
    visit("/", width=360)
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Calendar").last.click()
    page.wait_for_url(f"**/calendar/{quarter}/")


def test_milestones_on_the_plan_and_at_home(page, visit, sign_in, look, member, quarter):
    sign_in(member)
    Experiment.objects.filter(key="quiet").update(strategy_owner=member)
    visit("/experiments/quiet/plan/", width=360)

    page.get_by_role("button", name="Propose milestones").click()

    page.get_by_text("The variants are written").first.wait_for()
    look("plan-milestones")
    page.get_by_role("link", name=re.compile("Change.*A second member")).click()
    page.wait_for_url("**/milestones/approval/")
    look("milestone")
    visit("/")
    page.get_by_role("heading", name="Your milestones").wait_for()
    look("home-milestones")
