"""Goals with their targets in the quarter's report, and what the next quarter plans under its own."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from engagement.core.clock import now
from experiments.models import Experiment, MetricLevel, RegisteredMetric
from experiments.reports.calendar.weeks import Weeks
from experiments.reports.quarterly.aims import aim_words, plan_page
from experiments.reports.quarterly.differences import differences
from experiments.reports.quarterly.document import quarter_report
from experiments.reports.quarterly.page import quarter_page
from experiments.reports.quarterly.paper import _sections
from experiments.reports.quarterly.period import quarter_of
from experiments.reports.quarterly.tables import TABLES
from experiments.services import decisions
from experiments.stats.programme import TotalEffect
from tests.backlog.factories import GoalFactory
from tests.experiments.builders import imported, planned
from tests.experiments.quarter import customers, this_quarter
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db


def shipped(folder, *, pod=None, **options) -> Experiment:
    experiment = imported(folder, **options)
    Experiment.objects.filter(pk=experiment.pk).update(pod=pod)
    experiment.refresh_from_db()
    words = {"reason": "It pays.", "learning": "Mails bring buyers."}
    decisions.decide(
        experiment=experiment, kind="ship", variant=experiment.variants.get(position=1), actor=MemberFactory(), **words
    )
    return experiment


def goal_for(quarter, name, **columns):
    return GoalFactory(quarter=str(quarter), name=name, **columns)


def test_c2_each_goal_stands_with_its_target_and_what_was_decided_under_it(tmp_path):
    quarter, pod = quarter_of(now()), PodFactory(name="Welcome")
    served = goal_for(quarter, "More buyers", pod=pod, metric_key="bought", kind="lift", target="0.4", baseline=None)
    idle = goal_for(quarter, "Readers stay", pod=PodFactory(name="Habit"), metric_key="stayed")
    shipped(tmp_path, pod=pod)

    report = quarter_report(quarter)
    page = quarter_page(report)

    counts = {goal["id"]: (goal["decided"], goal["shipped"]) for goal in report["goals"]}
    assert counts == {served.pk: (1, 1), idle.pk: (0, 0)}
    assert [(row.entry["name"], row.target, row.told) for row in page["goals"]] == [
        ("Readers stay", "30% to 33% (+10%)", "nothing decided under it"),
        ("More buyers", "+40%", "1 decided, 1 shipped"),
    ]
    assert [row["goal"] for row in report["decisions"]] == [served.pk]
    assert page["rows"][0].goal == "More buyers"
    assert page["totals"][0].goals == ["More buyers, +40% (Welcome)"]


@pytest.mark.parametrize(
    ("target", "leads"), [("0.4", "holdout"), ("0.05", "shrunk")], ids=["interval narrower than the goal", "wider"]
)
def test_c2_2_the_goals_target_says_whether_the_holdout_leads(tmp_path, target, leads):
    quarter = quarter_of(now())
    goal_for(quarter, "More buyers", metric_key="bought", kind="lift", target=target, baseline=None)
    shipped(tmp_path)
    holdout = TotalEffect(0.1, 0.0, 0.2, 0.9)

    [entry] = quarter_report(quarter, holdouts={"bought": holdout})["programme"]

    assert (entry["headline"], entry["goal"]) == (leads, pytest.approx(float(target)))
    # By hand: the standard error is 0.2 / 3.29 = 0.0608; log 1.05 is 0.803 of them, 0.842 short of the 1.645.
    expected = {"0.4": 0.99995, "0.05": 0.1998}[target]
    assert entry["holdout_power"] == pytest.approx(expected, abs=2e-4)


def test_c2_2_a_holdout_that_does_not_lead_stands_with_its_power(tmp_path):
    quarter = quarter_of(now())
    goal_for(quarter, "More buyers", metric_key="bought", kind="lift", target="0.05", baseline=None)
    shipped(tmp_path)

    report = quarter_report(quarter, holdouts={"bought": TotalEffect(0.1, 0.0, 0.2, 0.9)})

    told = {name: leads for name, row, leads in quarter_page(report)["totals"][0].rows}
    assert told == {
        "Sum as measured": False,
        "Corrected for picking winners": False,
        "Shrunk towards what is usual": True,
        "Against the holdout, which would see 5% with a chance of 20%": False,
    }


def test_a_value_without_a_start_is_read_from_where_the_metric_stood_before_the_quarter(tmp_path):
    quarter = quarter_of(now())
    metric = RegisteredMetric.objects.create(
        key="stayed", name="Stayed", kind="proportion", columns={"event": "session"}, owner=MemberFactory()
    )
    first = Weeks.of(quarter, this_quarter().zone).moment(quarter.first_day)
    for days, mean in ((-30, 0.1), (-1, 0.22), (1, 0.5)):
        MetricLevel.objects.create(
            metric=metric, as_of=first + timedelta(days=days), customers=100, mean=mean, variance=0.1
        )
    goal_for(quarter, "Readers stay", metric_key="stayed", target="0.33", baseline=None)
    goal_for(quarter, "Readers write", metric_key="wrote", target="2", baseline=None, unit="")

    found = {goal["name"]: goal for goal in quarter_report(quarter)["goals"]}

    assert (found["Readers stay"]["baseline"], found["Readers stay"]["lift"]) == (0.22, pytest.approx(0.5))
    assert aim_words(found["Readers stay"]) == "22% to 33% (+50%)"
    assert (found["Readers write"]["lift"], aim_words(found["Readers write"])) == (None, "2")


def plan(quarter, key, *, size, goal=None, weeks=4) -> Experiment:
    """From the next quarter's first Monday on."""
    ahead = Weeks.of(quarter.next, this_quarter().zone)
    start = ahead.moment(ahead.first)
    made = planned(key=key, name=key.title(), starts=start, ends=start + timedelta(days=7 * weeks))
    Experiment.objects.filter(pk=made.pk).update(
        plan={"customers": size} if size else None, pod=goal.pod if goal else None
    )
    made.metrics.filter(role="primary").update(key=goal.metric_key if goal else "bought")
    return made


def test_c6_next_quarter_stands_under_its_goals_and_over_booking_is_told():
    quarter = quarter_of(now())
    goal = goal_for(quarter.next, "Readers stay", pod=PodFactory(name="Habit"), metric_key="stayed")
    goal_for(quarter.next, "More buyers", pod=PodFactory(name="Welcome"), metric_key="paid", target=Decimal("0.36"))
    customers(100)
    plan(quarter, "letters", size=440, goal=goal)
    plan(quarter, "pushes", size=200, weeks=2)
    plan(quarter, "unsized", size=None)

    report = quarter_report(quarter)
    ahead, told = report["next"], plan_page(report)

    assert [(one["experiment"], one["goal"], one["customers"]) for one in report["planned"]] == [
        ("letters", goal.pk, 440), ("pushes", None, 200), ("unsized", None, None),
    ]  # fmt: skip
    monday = Weeks.of(quarter.next, this_quarter().zone).first
    assert [(week["monday"], week["planned"], week["free"], week["over"]) for week in ahead["weeks"][:5]] == [
        ((monday + timedelta(days=7 * number)).isoformat(), asked, 100, over)
        for number, (asked, over) in enumerate([(210, 110), (210, 110), (110, 10), (110, 10), (0, 0)])
    ]
    assert told["sentence"] == "3 experiments are planned under 1 goal."
    day = f"{date.fromisoformat(ahead['over']['monday']):%B}"
    assert told["over"] == (
        f"Over-booked: in the week of {monday.day} {day} experiments ask for 110 customers more than the 100 that are "
        "there. In that week: “Letters” and “Pushes”. 3 other weeks are over-booked too."
    )
    assert told["unsized"] == "Not counted, for nothing says how many customers they take: “Unsized”."
    assert [(one.name, one.about, one.names) for one in told["goals"]] == [
        ("Readers stay", "Habit · 30% to 33% (+10%)", "Letters"),
        ("More buyers", "Welcome · 30% to 36% (+20%)", ""),
        ("No goal of that quarter", "", "Pushes, Unsized"),
    ]


def test_c6_page_paper_and_tables_tell_the_plan(client):
    quarter = quarter_of(now())
    goal = goal_for(quarter.next, "Readers stay", metric_key="stayed")
    customers(100)
    plan(quarter, "letters", size=400, goal=goal)
    client.force_login(MemberFactory())

    html = client.get(f"/reports/{quarter}/").content.decode()
    paper = str(_sections(quarter_page(quarter_report(quarter))))
    table = client.get(f"/reports/{quarter}/planned.csv").content.decode().splitlines()

    for told in (html, paper):
        assert "1 experiment is planned under 1 goal." in told
        assert "31% of the 100 customers there for experiments each week are taken." in told
        assert "Readers stay" in told
        assert "Over-booked" not in told
    assert table[1].split(",")[:4] == ["letters", "Letters", goal.pod.name, "Readers stay"]
    assert {"goals", "planned", "weeks"} < set(TABLES)


def test_a_report_released_before_it_knew_goals_still_reads_as_it_did(client):
    quarter = quarter_of(now())
    document = quarter_report(quarter)
    for part in ("goals", "next"):
        del document[part]
    document["planned"] = [{"experiment": "x", "name": "Letters", "pod": "", "state": "draft"}]

    page = quarter_page(document)

    assert (page["goals"], page["plan"]) == ([], None)
    assert "1 experiment is planned: Letters." in str(_sections(page))


def test_the_audience_used_is_the_share_of_customers_that_the_weeks_took():
    quarter, weeks = quarter_of(now()), this_quarter()
    customers(100)
    start = weeks.moment(weeks.first)
    made = planned(key="letters", starts=start, ends=start + timedelta(days=14))
    Experiment.objects.filter(pk=made.pk).update(state="running", plan={"customers": 130})

    report = quarter_report(quarter)

    assert report["process"]["now"]["audience_used"] == pytest.approx(1.3 / weeks.count)
    assert report["process"]["before"]["audience_used"] == 0


def test_a_revision_says_which_goals_and_how_many_messages_differ():
    quarter = quarter_of(now())
    goal = goal_for(quarter, "More buyers", metric_key="bought", kind="lift", target="0.4", baseline=None)
    before = quarter_report(quarter) | {"contacts": {"now": {"p95": 2}, "before": None}}
    type(goal).objects.filter(pk=goal.pk).update(target="0.5")
    goal_for(quarter, "Readers stay", pod=PodFactory(name="Habit"), metric_key="stayed")
    after = quarter_report(quarter) | {"contacts": {"now": {"p95": 3}, "before": None}}
    old = {name: part for name, part in before.items() if name not in ("goals", "contacts")}

    assert differences(before, after) == [
        "This goal is new: “Readers stay”.",
        "The aim of “More buyers” was +40% and is +50%.",
        "Messages per customer and week, 95th percentile, were 2 and are 3.",
    ]
    assert differences(old, after) == []
