"""The calendar's page, its tables, and moving an experiment on it."""

import csv
import io
from datetime import timedelta

import pytest

from backlog.queries import current_quarter
from engagement.accounts.models import AuditEntry
from engagement.core.clock import now
from experiments.models import Experiment
from tests.backlog.factories import GoalFactory, IdeaFactory
from tests.experiments.quarter import DAY, at, customers, experiment, this_quarter
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MemberFactory(name="Ada")


@pytest.fixture
def client(client, member):
    client.force_login(member)
    return client


@pytest.fixture
def quarter():
    return current_quarter(now())


def test_the_bare_address_leads_to_this_quarter(client, quarter):
    assert client.get("/calendar/").url == f"/calendar/{quarter}/"


@pytest.mark.parametrize("name", ["2026-Q5", "2026", "9999-Q1", "weeks.csv"])
def test_a_quarter_that_is_none_is_not_found(client, name):
    assert client.get(f"/calendar/{name}/").status_code == 404


def test_an_empty_quarter_says_what_to_do(client, quarter):
    text = client.get(f"/calendar/{quarter}/").content.decode()

    assert "No goal for this quarter yet" in text
    assert "Set the goals for" in text


def test_goals_and_experiments_stand_on_the_page_as_text_too(client, quarter):
    goal = GoalFactory(name="Fewer <b>letters</b>")
    customers(100)
    experiment("noon", 2, 4, customers=30, goal=goal, name="<i>Noon</i> letter")

    text = client.get(f"/calendar/{quarter}/").content.decode()

    assert "Fewer &lt;b&gt;letters&lt;/b&gt;" in text
    assert "&lt;i&gt;Noon&lt;/i&gt; letter" in text
    assert "<i>Noon</i>" not in text
    assert f"{at(2):%-d %b} – {at(4) - DAY:%-d %b}" in text


def test_both_tables_as_csv(client, quarter):
    goal = GoalFactory(name="=Sum")
    customers(100)
    experiment("noon", 2, 4, customers=30, goal=goal)

    weeks, experiments = (
        list(csv.DictReader(io.StringIO(client.get(f"/calendar/{quarter}/{name}.csv").content.decode())))
        for name in ("weeks", "experiments")
    )

    assert weeks[2] == {
        "week": this_quarter().mondays[2].isoformat(), "booked": "0", "planned": "15", "there": "100", "over": "0",
    }  # fmt: skip
    assert len(weeks) == this_quarter().count
    assert experiments == [
        {
            "experiment": "noon", "name": "Noon", "goal": "'=Sum", "pod": goal.pod.name, "state": "draft",
            "planned_starts": at(2).isoformat(), "planned_ends": at(4).isoformat(), "starts": "", "ends": "",
            "customers": "30",
        }
    ]  # fmt: skip
    assert client.get(f"/calendar/{quarter}/nothing.csv").status_code == 404


def move(client, key: str, **values):
    first = now().date() + 7 * DAY
    typed = {"first_day": first, "last_day": first + 13 * DAY, "reason": "Readers are busy", **values}
    return client.post(f"/experiments/{key}/dates/", typed)


def test_a_move_takes_whole_days_and_leads_to_their_quarter(client, member):
    experiment("noon", 2, 4)
    first = now().date() + 7 * DAY

    answer = move(client, "noon")

    found = Experiment.objects.get()
    assert (found.starts.date(), found.ends.date()) == (first, first + 14 * DAY)
    assert answer.url == f"/calendar/{current_quarter(found.starts)}/"
    entry = AuditEntry.objects.get(verb="moved")
    assert (entry.actor, entry.reason) == (member, "Readers are busy")


@pytest.mark.parametrize(
    ("values", "status", "field"),
    [
        ({"reason": ""}, 422, "reason"),
        ({"first_day": "soon"}, 422, "first_day"),
        ({"last_day": "1999-01-01"}, 422, "last_day"),
        ({"first_day": "2001-01-01", "last_day": "2001-02-01"}, 422, "last_day"),
        ({"last_day": "2150-01-01", "first_day": "2160-01-01"}, 422, "last_day"),
    ],
)
def test_a_refused_move_keeps_what_was_typed(client, values, status, field):
    experiment("noon", 2, 4)
    before = Experiment.objects.get().starts

    answer = move(client, "noon", **values)

    assert (answer.status_code, set(answer.context["form"].errors)) == (status, {field})
    assert answer.context["form"]["reason"].value() == values.get("reason", "Readers are busy")
    assert Experiment.objects.get().starts == before


def test_other_days_are_proposed_by_the_address(client):
    experiment("noon", 2, 4)

    asked = client.get("/experiments/noon/dates/?first=2027-05-03").context["form"].initial
    plain = client.get("/experiments/noon/dates/?first=never").context["form"].initial

    assert [str(asked[name]) for name in ("first_day", "last_day")] == ["2027-05-03", "2027-05-16"]
    assert plain == {"first_day": at(2).date(), "last_day": at(4).date() - timedelta(days=1)}


def test_what_was_launched_or_is_not_there_moves_nowhere(client):
    experiment("noon", 2, 4, state="running")

    assert (client.get("/experiments/noon/dates/").status_code, move(client, "noon").status_code) == (409, 409)
    assert move(client, "nobody").status_code == 404


def test_a_reader_looks_and_moves_nothing(client, quarter):
    experiment("noon", 2, 4)
    client.force_login(MemberFactory(reader=True))

    assert "/experiments/noon/dates/" not in client.get(f"/calendar/{quarter}/").content.decode()
    assert move(client, "noon").status_code == 403
    assert not AuditEntry.objects.filter(verb="moved").exists()


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_does_not_grow_with_rows(client, quarter, rows, django_assert_max_num_queries):
    customers(10)
    for number in range(rows):
        goal = GoalFactory()
        experiment(f"a-{number}", 1, 3, goal=goal, state="ended")
        experiment(f"b-{number}", 5, 13, goal=goal, customers=900)
        IdeaFactory(serves=goal, expected_audience=130)

    with django_assert_max_num_queries(12):
        client.get(f"/calendar/{quarter}/")
