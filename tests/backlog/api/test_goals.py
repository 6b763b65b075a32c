"""Goals over HTTP."""

import pytest

from backlog.models import Goal
from backlog.queries import current_quarter
from engagement.core.clock import now
from tests.backlog.factories import GoalFactory
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
JSON, URL = "application/json", "/api/v1/goals/"


@pytest.fixture
def member():
    return MemberFactory(name="Ada")


@pytest.fixture
def pod(member):
    return PodFactory(slug="welcome", members=[member])


def asked(**values) -> dict:
    quarter = str(current_quarter(now()))
    known = {"quarter": quarter, "pod": "welcome", "name": "Second week", "metric_key": "retained_7", "target": 0.05}
    return {**known, "kind": "lift", **values}


def test_a_goal_is_set_and_changed(client_of, member, pod):
    client = client_of(member)

    made = client.post(URL, asked(), content_type=JSON)

    assert made.status_code == 201
    number = made.json()["id"]
    assert client.get(f"{URL}{number}/").json() == {
        "id": number, **asked(), "direction": "up", "baseline": None, "unit": "", "lift": 0.05,
        "owner": {"id": member.pk, "name": "Ada", "discipline": "design"},
    }  # fmt: skip
    changed = client.patch(f"{URL}{number}/", {"target": 0.07, "reason": "More is possible"}, content_type=JSON)
    assert (changed.status_code, changed.json()["lift"]) == (200, 0.07)
    assert client.patch(f"{URL}{number}/", {"quarter": "2031-Q1"}, content_type=JSON).json()["quarter"] != "2031-Q1"


@pytest.mark.parametrize(
    ("values", "status", "field"),
    [
        ({"quarter": "2026-Q7"}, 400, "quarter"),
        ({"quarter": "2019-Q1"}, 409, None),
        ({"pod": "nobody"}, 400, "pod"),
        ({"target": "much"}, 400, "target"),
        ({"target": -1}, 422, None),
        ({"name": "x" * 100_000}, 400, "name"),
    ],
)
def test_what_is_no_goal_is_refused(client_of, member, pod, values, status, field):
    answer = client_of(member).post(URL, asked(**values), content_type=JSON)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert field is None or set(answer.json()["errors"]) == {field}
    assert not Goal.objects.exists()


def test_others_read_and_change_nothing(client_of, pod):
    goal = GoalFactory(pod=pod)
    for stranger in (client_of(MemberFactory()), client_of(MemberFactory(reader=True))):
        assert [one["id"] for one in stranger.get(f"{URL}?quarter={goal.quarter}").json()["results"]] == [goal.pk]
        assert stranger.get(f"{URL}?quarter=2001-Q1").json()["results"] == []
        assert stranger.patch(f"{URL}{goal.pk}/", {"name": "Mine"}, content_type=JSON).status_code == 403
        assert stranger.post(URL, asked(), content_type=JSON).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_does_not_grow_with_rows(client_of, member, rows, django_assert_max_num_queries):
    GoalFactory.create_batch(rows)
    client = client_of(member)

    with django_assert_max_num_queries(4):
        client.get(URL)
