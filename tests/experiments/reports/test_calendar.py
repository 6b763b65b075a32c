"""The weeks of a quarter, what lies in them, and where there is room: by hand where it can be."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from backlog.quarters import Quarter
from engagement.customers.models import Customer, Suppression
from experiments.models import Experiment, Holdout
from experiments.reports.calendar import page
from experiments.reports.calendar.entries import Dates, Entry
from experiments.reports.calendar.weeks import Weeks
from experiments.reports.quarterly.document import quarter_report
from experiments.services import decisions
from tests.backlog.factories import GoalFactory, IdeaFactory, RoundIdeaFactory
from tests.experiments.builders import imported, planned
from tests.experiments.quarter import customers
from tests.factories import MemberFactory, PodFactory

QUARTER, BERLIN = Quarter(2027, 1), ZoneInfo("Europe/Berlin")
NOW = datetime(2027, 3, 10, 12, tzinfo=UTC)


def day(month: int, number: int) -> datetime:
    return datetime(2027, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quarter", "first", "count"),
    [
        (Quarter(2027, 1), date(2027, 1, 4), 13),
        (Quarter(2026, 3), date(2026, 7, 6), 13),
        (Quarter(2026, 4), date(2026, 10, 5), 13),
        (Quarter(2024, 3), date(2024, 7, 1), 14),
    ],
)
def test_a_week_belongs_to_the_quarter_of_its_monday(quarter, first, count):
    weeks = Weeks.of(quarter, BERLIN)

    assert (weeks.first, weeks.count) == (first, count)
    assert weeks.mondays[-1].toordinal() + 7 == Weeks.of(quarter.next, BERLIN).first.toordinal()


def test_a_week_is_as_long_when_the_clocks_change():
    weeks = Weeks.of(Quarter(2027, 1), BERLIN)

    # On 28 March 2027 Berlin's clocks go forward: 4 April 22:00 UTC is midnight there, 13 weeks after the first.
    assert weeks.place(datetime(2027, 4, 4, 22, tzinfo=UTC)) == 13
    assert weeks.place(datetime(2027, 1, 3, 23, tzinfo=UTC)) == 0


def test_the_customers_of_a_plan_are_spread_evenly_over_its_days():
    weeks = Weeks.of(QUARTER, ZoneInfo("UTC"))
    entry = Entry(Experiment(), None, "planned", Dates(day(1, 7), day(1, 21)), None, 1_400)

    assert entry.load(weeks)[:4] == pytest.approx([400, 700, 300, 0])
    assert sum(entry.load(weeks)) == pytest.approx(1_400)


def test_what_lies_outside_the_quarter_is_not_counted_in_it():
    weeks = Weeks.of(QUARTER, ZoneInfo("UTC"))
    entry = Entry(Experiment(), None, "running", None, Dates(day(3, 29), day(4, 12)), 1_000)

    assert entry.load(weeks)[-2:] == pytest.approx([0, 500])


@pytest.fixture
def goal(db):
    return GoalFactory(pod=PodFactory(name="Welcome"), quarter=str(QUARTER), metric_key="bought", name="More buyers")


def placed(key: str, starts: datetime, ends: datetime, *, size: int | None = None, **columns) -> Experiment:
    made = planned(key=key, name=key.title(), starts=starts, ends=ends, idea=columns.pop("idea", None))
    Experiment.objects.filter(pk=made.pk).update(plan={"customers": size} if size else None, **columns)
    return made


def found(**options) -> page.Calendar:
    known = {"member": options.get("member") or MemberFactory(), "at": options.get("at", NOW)}
    return page.calendar(QUARTER, **known, zone=ZoneInfo("UTC"))


def test_customers_are_free_but_for_the_holdout_and_whom_we_leave_in_peace(goal):
    customers(1_000)
    for customer in Customer.objects.all()[:100]:
        for reason in ("complaint", "asked"):
            Suppression.objects.create(customer=customer, scope="everywhere", reason=reason)
    Holdout.objects.create(quarter=str(QUARTER), share=0.1)
    placed("one", day(3, 15), day(3, 29), size=1_600)
    placed("two", day(3, 22), day(3, 29), size=30)
    placed("run", day(3, 1), day(3, 15), size=200, state="running")

    loads = {one.monday.isoformat(): (one.booked, one.planned, one.free, one.over) for one in found().loads}

    assert loads["2027-03-01"] == (100, 0, 810, 0)
    assert loads["2027-03-08"] == (100, 0, 810, 0)
    assert loads["2027-03-15"] == (0, 800, 810, 0)
    assert loads["2027-03-22"] == (0, 830, 810, 20)
    assert loads["2027-03-29"] == (0, 0, 810, 0)


def test_over_booking_is_told_in_a_sentence_with_ways_out(goal):
    customers(1_000)
    placed("one", day(3, 15), day(3, 29), size=1_600)
    placed("two", day(3, 22), day(4, 5), size=600)
    placed("three", day(4, 5), day(4, 12), size=900)

    told = page.calendar_page(found())

    assert told["over_title"] == "The week of 22 March is over-booked by 100 customers"
    assert told["over_words"] == "Experiments ask for 1,100 customers, 1,000 are there. In that week: “One” and “Two”."
    assert told["title"] == "In the week of 22 March experiments ask for 100 customers more than there are"
    # One needs 800 in each of two weeks: the weeks of 29 March (300 taken) and 5 April (900 taken) have no room for
    # that. Two needs 300 a week: 15 March has 200 left, 29 March 1,000 and 5 April 100; 12 April is the first.
    ways = [(way.entry.experiment.key, way.first_day, way.last_day) for way in told["calendar"].ways_out]
    assert ways == [("one", date(2027, 4, 12), date(2027, 4, 25)), ("two", date(2027, 4, 12), date(2027, 4, 25))]


def test_a_quarter_with_room_says_so_and_one_without_anything_too(goal):
    assert page.figure_title(found()) == "No customer is booked for an experiment in this quarter yet"
    customers(1_000)
    placed("one", day(3, 15), day(3, 29), size=1_600)

    told = page.calendar_page(found())

    assert (told["title"], told["over"]) == ("In every week there are customers enough for what is planned", None)
    assert told["state"] == "Week 10 of 13. 1 experiment: 0 ended, 0 running, 1 planned."


def test_an_experiment_stands_under_the_goal_of_its_idea_else_of_its_metric_and_pod(goal):
    other = GoalFactory(quarter=str(QUARTER), name="Less noise")
    placed("of-idea", day(2, 1), day(2, 8), idea=IdeaFactory(serves=other), pod=goal.pod)
    placed("of-metric", day(2, 8), day(2, 15), pod=goal.pod)
    placed("of-none", day(2, 15), day(2, 22), pod=PodFactory())
    placed("elsewhere", day(5, 1), day(5, 22), pod=goal.pod)
    placed("long-ago", datetime(2026, 10, 1, tzinfo=UTC), day(1, 4), pod=goal.pod)

    under = {entry.experiment.key: entry.goal for entry in found().entries}

    assert under == {"of-idea": other, "of-metric": goal, "of-none": None}


def test_planned_days_stand_beside_those_it_came_to(goal):
    placed(
        "late", day(2, 8), day(3, 1), state="ended", planned_starts=day(2, 1), planned_ends=day(3, 1), pod=goal.pod
    )  # fmt: skip
    placed("on-time", day(2, 1), day(3, 1), state="ended", planned_starts=day(2, 1), planned_ends=day(3, 1))

    spans = {span.label: span for lane in page._lanes(found()) for span in lane.spans}

    assert (spans["Late"].start, spans["Late"].planned) == (5, (4, 8))
    assert (spans["On-Time"].start, spans["On-Time"].planned) == (4, None)
    rows = {row[0]: row[5:9] for row in page.experiments_table(found())[1]}
    assert rows["late"] == (
        day(2, 1).isoformat(), day(3, 1).isoformat(), day(2, 8).isoformat(), day(3, 1).isoformat(),
    )  # fmt: skip


def test_customers_come_from_plan_results_audience_or_idea(goal, tmp_path):
    experiment = imported(tmp_path, key="over", rows=400)
    Experiment.objects.filter(pk=experiment.pk).update(starts=day(2, 1), ends=day(2, 8))
    placed("sized", day(2, 1), day(2, 8), size=70)
    placed("hoped", day(2, 1), day(2, 15), idea=IdeaFactory(expected_audience=1_300))
    placed("silent", day(2, 1), day(2, 15))

    calendar = found()

    sizes = {entry.experiment.key: entry.customers for entry in calendar.entries}
    assert sizes == {"over": 400, "sized": 70, "hoped": 200, "silent": None}
    assert page.unsized_words(calendar) == "Not counted, for nothing says how many customers they take: “Silent”."


def test_ideas_are_proposed_where_they_fit_the_best_score_first(goal):
    customers(1_000)
    member = MemberFactory()
    scores = {"best": ("8.0", 9_100), "next": ("5.0", 5_200), "unsaid": ("9.0", None), "unscored": (None, 100)}
    ideas = {}
    for name, (ice, audience) in scores.items():
        ideas[name] = IdeaFactory(title=name, serves=goal, expected_audience=audience, state="scored")
        score = ice and Decimal(ice)
        medians = {f"{scale}_median": score for scale in ("impact", "confidence", "ease")}
        RoundIdeaFactory(idea=ideas[name], round__state="closed", round__closed_at=NOW, ice=score, **medians)
    IdeaFactory(title="planned already", serves=goal, state="planned")

    told = found(member=member, at=day(1, 20)).proposals

    # From the week of 25 January: the next one asks for 400 of 1,000 a week and has more score for a customer; the best
    # one asks for 700, and waits for the four weeks of the other.
    assert [(one.idea.title, one.first_day, one.why_not) for one in told] == [
        ("unsaid", None, "says no expected audience"),
        ("best", date(2027, 2, 22), ""),
        ("next", date(2027, 1, 25), ""),
        ("unscored", None, "not scored yet"),
    ]


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2027, 1, 2, tzinfo=UTC), "Its first week begins on 4 January. No experiment yet."),
        (datetime(2027, 4, 4, tzinfo=UTC), "Week 13 of 13. No experiment yet."),
        (datetime(2027, 6, 4, tzinfo=UTC), "It is over. No experiment yet."),
    ],
)
def test_the_state_of_the_quarter(goal, at, words):
    assert page.state_words(found(at=at)) == words


def test_over_a_quarter_that_is_over_nothing_is_proposed(goal):
    customers(10)
    placed("one", day(3, 15), day(3, 29), size=1_600)
    IdeaFactory(serves=goal)

    calendar = found(at=datetime(2027, 8, 1, tzinfo=UTC))

    assert (calendar.proposals, calendar.ways_out) == ([], [])
    assert calendar.over.monday == date(2027, 3, 15)


def test_a_goal_tells_what_was_shipped_for_it_as_the_report_does(goal, tmp_path):
    won = imported(tmp_path, key="won", rates={"none": 0.3, "mail": 0.6}, rows=2_000)
    lost = imported(tmp_path, key="lost", rates={"none": 0.4, "mail": 0.35}, rows=2_000)
    for one, kind in ((won, "ship"), (lost, "keep_control")):
        Experiment.objects.filter(pk=one.pk).update(starts=day(2, 1), ends=day(2, 8), pod=goal.pod)
        one.refresh_from_db()
        variant = one.variants.get(position=1) if kind == "ship" else None
        decisions.decide(experiment=one, kind=kind, variant=variant, reason="r", learning="l", actor=None, at=day(2, 9))
    GoalFactory(quarter=str(QUARTER), name="Nothing yet")

    nothing, told = page.goal_rows(found())  # by pod

    report = quarter_report(QUARTER)["programme"][0]["rows"]["shrunk"]
    assert (told.decided, told.shipped, told.planned) == (2, 1, 0)
    assert told.effect["lift"] == pytest.approx(report["lift"])
    assert told.effect["low"] < told.effect["lift"] < told.effect["high"]
    assert (nothing.decided, nothing.shipped, nothing.effect) == (0, 0, None)
