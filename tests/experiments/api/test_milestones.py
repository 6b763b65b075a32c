"""Milestones over HTTP."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from engagement.accounts.choices import Role
from experiments.models import Milestone
from tests.experiments.builders import planned
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
JSON = "application/json"
LIST = "/api/v1/milestones/"


def client_of(member) -> Client:
    client = Client()
    client.force_login(member)
    return client


@pytest.fixture
def member():
    return MemberFactory(name="Ada")


@pytest.fixture
def experiment(member):
    starts, ends = datetime(2099, 3, 10, tzinfo=UTC), datetime(2099, 4, 7, tzinfo=UTC)
    return planned(actor=member, starts=starts, ends=ends, pod=PodFactory())


def test_milestones_are_proposed_handed_over_moved_and_done(member, experiment):
    client, other = client_of(member), MemberFactory()

    made = client.post(LIST, {"experiment": experiment.key}, content_type=JSON)
    again = client.post(LIST, {"experiment": experiment.key}, content_type=JSON)
    plan = next(row for row in made.json() if row["step"] == "plan")
    moved = client.patch(f"{LIST}{plan['id']}/", {"due": "2099-02-13", "owner": other.pk}, content_type=JSON)
    done = client.post(f"{LIST}{plan['id']}/done/", {"is_done": True}, content_type=JSON)
    left = client.get(LIST, {"experiment__key": experiment.key, "done_at__isnull": "true"}).json()["results"]

    assert (made.status_code, len(made.json()), again.json()) == (201, 5, [])
    assert plan == {
        "id": plan["id"], "experiment": experiment.key, "step": "plan", "owner": member.pk, "due": "2099-02-17",
        "done_at": None, "done_by": None,
    }  # fmt: skip
    assert (moved.json()["due"], moved.json()["owner"]) == ("2099-02-13", other.pk)
    assert done.json()["done_by"]["name"] == "Ada"
    assert {row["step"] for row in left} == {"content", "audience", "approval", "launch"}


def test_what_the_pages_refuse_is_refused(member, experiment):
    made = client_of(member).post(LIST, {"experiment": experiment.key}, content_type=JSON).json()
    reader, address = MemberFactory(role=Role.READER), f"{LIST}{made[0]['id']}/"
    before = list(Milestone.objects.values())

    answers = [
        client_of(member).post(LIST, {"experiment": "nothing"}, content_type=JSON),
        client_of(member).patch(address, {"due": "soon"}, content_type=JSON),
        client_of(member).patch(address, {"owner": reader.pk}, content_type=JSON),
        client_of(reader).patch(address, {"due": "2099-02-01"}, content_type=JSON),
        client_of(reader).post(f"{address}done/", {"is_done": True}, content_type=JSON),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 403, 403]
    assert list(Milestone.objects.values()) == before
