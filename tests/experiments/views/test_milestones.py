"""Milestones on the plan and at home."""

from datetime import timedelta

import pytest

from engagement.core.clock import now
from experiments.models import Milestone
from experiments.services import milestones
from tests.experiments.builders import planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def member():
    return MemberFactory(name="Ada")


@pytest.fixture
def client(client, member):
    client.force_login(member)
    return client


@pytest.fixture
def experiment(member):
    return planned(actor=member, starts=now() + 40 * DAY, ends=now() + 60 * DAY)


def test_the_plan_proposes_them_and_each_is_done_with_one_press(client, experiment):
    plan = "/experiments/planned/plan/"
    assert "Propose milestones" in client.get(plan).content.decode()

    answer = client.post("/experiments/planned/milestones/propose/")

    assert answer.url == f"{plan}#milestones"
    text = client.get(plan).content.decode()
    assert "The variants are written" in text
    assert "Propose milestones" not in text
    client.post("/experiments/planned/milestones/plan/done/", {"is_done": "yes"})
    assert Milestone.objects.get(step="plan").done_by.name == "Ada"
    client.post("/experiments/planned/milestones/plan/done/", {"is_done": "no"})
    assert Milestone.objects.get(step="plan").done_by is None


def test_owner_and_day_are_changed_on_a_page_of_their_own(client, experiment, member):
    milestones.propose(experiment=experiment, actor=member)
    other, day = MemberFactory(), (now() + 9 * DAY).date()
    address = "/experiments/planned/milestones/approval/"

    assert client.get(address).status_code == 200
    refused = client.post(address, {"owner": other.pk, "due": "soon"})
    client.post(address, {"owner": other.pk, "due": day})

    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"due"})
    one = Milestone.objects.get(step="approval")
    assert (one.owner, one.due) == (other, day)
    assert client.get("/experiments/planned/milestones/nothing/").status_code == 404


def test_home_shows_mine_with_what_is_late(client, experiment, member):
    milestones.propose(experiment=experiment, actor=member)
    Milestone.objects.filter(step="plan").update(due=now().date() - 2 * DAY)
    Milestone.objects.filter(step="audience").update(owner=MemberFactory())

    text = client.get("/experiments/milestones-of-home/").content.decode()

    assert 'hx-get="/experiments/milestones-of-home/"' in client.get("/").content.decode()
    assert (text.count("The plan is settled"), text.count("The audience is counted"), text.count("late")) == (1, 0, 1)
    client.force_login(MemberFactory())
    assert client.get("/experiments/milestones-of-home/").content.decode().strip() == ""


def test_a_reader_sees_them_and_presses_nothing(client, experiment, member):
    milestones.propose(experiment=experiment, actor=member)
    client.force_login(MemberFactory(reader=True))

    text = client.get("/experiments/planned/plan/").content.decode()

    assert "The plan is settled" in text
    assert "/milestones/plan/" not in text
    for name in ("propose/", "plan/", "plan/done/"):
        assert client.post(f"/experiments/planned/milestones/{name}").status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_of_the_part_does_not_grow_with_rows(client, member, rows, django_assert_max_num_queries):
    for number in range(rows):
        made = planned(key=f"p{number}", actor=member, starts=now() + 40 * DAY, ends=now() + 60 * DAY)
        milestones.propose(experiment=made, actor=member)

    with django_assert_max_num_queries(5):
        client.get("/experiments/milestones-of-home/")
