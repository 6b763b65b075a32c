"""The goals of a quarter on their page, in the idea's form, and in files."""

import csv
import io
from decimal import Decimal

import pytest

from backlog.models import Goal
from backlog.queries import current_quarter
from engagement.core.clock import now
from tests.backlog.factories import GoalFactory, IdeaFactory
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
TYPED = {
    "name": "Second-week readers", "metric_key": "retained_7", "direction": "up", "kind": "value", "target": "33",
    "baseline": "31.4", "unit": "%", "owner": "", "reason": "",
}  # fmt: skip


@pytest.fixture
def quarter():
    return current_quarter(now())


@pytest.fixture
def member():
    return MemberFactory(name="Ada")


@pytest.fixture
def pod(member):
    return PodFactory(name="Welcome", members=[member])


def test_the_bare_address_leads_to_this_quarter(client_of, member, quarter):
    assert client_of(member).get("/goals/").url == f"/goals/{quarter}/"


def test_a_goal_typed_in_per_cent_is_kept_as_shares_and_shown_as_typed(client_of, member, pod, quarter):
    client = client_of(member)

    answer = client.post(f"/goals/{quarter}/new/", {**TYPED, "pod": pod.pk})

    assert (answer.status_code, answer.url) == (302, f"/goals/{quarter}/")
    goal = Goal.objects.get()
    assert (goal.target, goal.baseline, goal.owner) == (Decimal("0.33"), Decimal("0.314"), member)
    text = client.get(answer.url).content.decode()
    for told in ("Second-week readers", "Welcome", "31.4%", "33%", "Ada"):
        assert told in text
    form = client.get(f"/goals/{quarter}/{goal.pk}/").context["form"]
    assert {name: form[name].value() for name in ("target", "baseline", "unit")} == {
        "target": "33", "baseline": "31.4", "unit": "%",
    }  # fmt: skip


def test_a_lift_is_typed_in_per_cent_whatever_the_unit(client_of, member, pod, quarter):
    typed = {**TYPED, "kind": "lift", "target": "5", "direction": "down", "baseline": "1.9", "unit": "letters"}

    client_of(member).post(f"/goals/{quarter}/new/", {**typed, "pod": pod.pk})

    goal = Goal.objects.get()
    assert (goal.target, goal.baseline, goal.lift) == (Decimal("0.05"), Decimal("1.9"), Decimal("-0.05"))
    assert "−5%" in client_of(member).get(f"/goals/{quarter}/").content.decode()


def test_a_refused_goal_keeps_what_was_typed(client_of, member, pod, quarter):
    answer = client_of(member).post(f"/goals/{quarter}/new/", {**TYPED, "pod": pod.pk, "target": "20"})

    assert (answer.status_code, answer.context["form"]["target"].value()) == (422, "20")
    assert "wrong side of where the metric stands" in answer.content.decode()
    assert not Goal.objects.exists()


def test_who_belongs_to_no_pod_of_it_changes_nothing(client_of, pod, quarter):
    goal = GoalFactory(pod=pod)
    stranger = client_of(MemberFactory())

    for path in (f"/goals/{quarter}/{goal.pk}/", f"/goals/{quarter}/new/"):
        assert (stranger.get(path).status_code, stranger.post(path, TYPED).status_code) == (403, 403)
    assert f'href="/goals/{quarter}/{goal.pk}/"' not in stranger.get(f"/goals/{quarter}/").content.decode()


@pytest.mark.parametrize("name", ["2026-Q5", "0000-Q1", "2026", "1999-Q1", "２０２６-Q1", "'><script>"])
def test_a_quarter_that_is_none_is_not_found(client_of, member, name):
    assert client_of(member).get(f"/goals/{name}/").status_code == 404


def test_a_past_quarter_offers_no_change(client_of, member, pod, quarter):
    goal = GoalFactory(pod=pod, quarter=str(quarter.previous))
    client = client_of(member)

    text = client.get(f"/goals/{quarter.previous}/").content.decode()

    assert "they stand as they were" in text
    assert "/new/" not in text
    answer = client.post(f"/goals/{quarter.previous}/{goal.pk}/", {**TYPED, "pod": pod.pk})
    assert answer.status_code == 409


def test_the_idea_form_offers_the_goals_of_this_quarter_and_the_next(client_of, member, pod, quarter):
    soon = [GoalFactory(pod=pod, quarter=str(one)) for one in (quarter, quarter.next)]
    GoalFactory(pod=pod, quarter=str(quarter.previous))
    client = client_of(member)

    offered = client.get("/ideas/new/").context["form"].fields["serves"].queryset

    assert list(offered) == soon
    typed = {"title": "Quiet week", "problem": "Three asks.", "change": "None.", "serves": soon[0].pk}
    page = client.get(client.post("/ideas/new/", typed).url)
    assert page.context["idea"].serves == soon[0]
    assert soon[0].name in page.content.decode()


def test_an_idea_keeps_a_goal_of_a_quarter_that_is_over(client_of, member, quarter):
    old = GoalFactory(quarter=str(quarter.previous))
    idea = IdeaFactory(author=member, serves=old)

    offered = client_of(member).get(f"/ideas/{idea.pk}/change/").context["form"].fields["serves"].queryset

    assert list(offered) == [old]


def test_the_count_of_ideas_leads_to_them(client_of, member, quarter):
    goal = GoalFactory()
    mine = IdeaFactory(serves=goal)
    IdeaFactory()
    client = client_of(member)

    assert f'href="/ideas/?serves={goal.pk}"' in client.get(f"/goals/{quarter}/").content.decode()
    assert list(client.get(f"/ideas/?serves={goal.pk}").context["page"].object_list) == [mine]


def test_the_table_of_goals_as_csv(client_of, member, pod, quarter):
    goal = GoalFactory(pod=pod, owner=member, name="=Sum")
    IdeaFactory(serves=goal)

    rows = list(csv.reader(io.StringIO(client_of(member).get(f"/goals/{quarter}/goals.csv").content.decode())))

    assert rows[1] == [
        str(goal.pk), str(quarter), pod.slug, "'=Sum", goal.metric_key, "up", "value", "0.330000", "0.300000", "%",
        "Ada", "1",
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_of_the_list_does_not_grow_with_rows(
    client_of, member, pod, quarter, rows, django_assert_max_num_queries
):
    for goal in GoalFactory.create_batch(rows, pod=pod):
        IdeaFactory(serves=goal, may_hurt_goal=GoalFactory(pod=pod))
    client = client_of(member)

    with django_assert_max_num_queries(11):
        client.get(f"/goals/{quarter}/")
    with django_assert_max_num_queries(12):
        client.get("/ideas/")


def test_the_metric_field_is_offered_the_registry(client_of, member, pod, quarter):
    assert 'hx-get="/metrics/keys/"' in client_of(member).get(f"/goals/{quarter}/new/").content.decode()
    assert client_of(member).get("/metrics/keys/").status_code == 200
