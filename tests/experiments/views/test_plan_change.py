"""The page that changes a plan before its launch."""

import pytest
from django.urls import reverse

from engagement.accounts.models import AuditEntry
from engagement.core.errors import Forbidden
from experiments.models import Experiment
from experiments.services import checklist, plans, registry
from tests.experiments.builders import planned
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
URL = "/experiments/planned/plan/change/"
SLOTS = dict.fromkeys(plans.SLOTS, "")


@pytest.fixture
def member():
    return MemberFactory(name="Ben")


@pytest.fixture
def client(client, member):
    client.force_login(member)
    return client


def typed(experiment: Experiment, **changes: str) -> dict[str, str]:
    """The form as it is sent when nothing was changed: two metrics stand, and a row for another is empty."""
    kept = {f"kept-{one.pk}-role": one.role for one in experiment.metrics.all()}
    row = {"name": "", "kind": "proportion", "role": "secondary", "direction": "up", "event": "", "window_days": "14"}
    rows = {"metric-rows": "1", **{f"metric-0-{name}": value for name, value in row.items()}}
    head = {"name": experiment.name, "kind": experiment.kind, "pod": "", "subgroups": ""}
    return {**head, **SLOTS, **kept, **rows, "seen": plans.version(experiment), **changes}


def metrics(experiment: Experiment) -> list[tuple[str, str]]:
    return list(experiment.metrics.values_list("key", "role"))


def role_of(experiment: Experiment, key: str) -> str:
    return f"kept-{experiment.metrics.get(key=key).pk}-role"


def test_a_changed_plan_has_its_new_words_and_metrics_and_the_trail_says_which(client, member):
    experiment, pod = planned(), PodFactory(slug="loyalty")
    changes = {
        "name": "Another name", "pod": str(pod.pk), "because": "mornings are full", "subgroups": "country, plan",
        role_of(experiment, "bought"): "", role_of(experiment, "spend"): "primary",
        "metric-0-name": "left", "metric-0-role": "guardrail", "metric-0-direction": "down", "metric-0-margin": "10",
    }  # fmt: skip

    answer = client.post(URL, typed(experiment, **changes))

    assert answer["Location"] == "/experiments/planned/plan/"
    found = Experiment.objects.get()
    assert (found.key, found.name, found.pod, found.because) == ("planned", "Another name", pod, "mornings are full")
    assert (found.subgroups, metrics(found)) == (["country", "plan"], [("spend", "primary"), ("left", "guardrail")])
    assert found.metrics.get(key="left").definition.margin == 0.1
    words, roles = AuditEntry.objects.filter(verb="changed", target_type="experiment").order_by("pk")
    assert (words.actor, words.after["because"]) == (member, "mornings are full")
    assert (roles.before, roles.after) == (
        {"metric bought": "primary", "metric spend": "secondary"},
        {"metric spend": "primary", "metric left": "guardrail"},
    )


def test_b5_2_what_was_ticked_and_approved_lapses_and_whoever_changed_it_approves_nothing(client, member):
    experiment, second = planned(), MemberFactory(name="Second")
    for item, kind in (("seen", "tick"), ("approval", "approval")):
        checklist.mark(experiment=experiment, item=item, kind=kind, actor=second)

    client.post(URL, typed(experiment, by="0.6 pp"))

    found = {one.key: one.finding for one in checklist.items(Experiment.objects.get())}
    assert found["seen"] == "Checked by Second, and lapsed since: plan changed."
    assert found["approval"] == "Approved by Second, and lapsed since: plan changed."
    with pytest.raises(Forbidden):
        checklist.mark(experiment=experiment, item="approval", kind="approval", actor=member)


def test_sent_as_it_came_it_changes_nothing_and_keeps_the_approval(client):
    registry.add_standard(key="revenue_28", actor=None)
    experiment = planned(metrics=[plans.MetricPlan("revenue_28", "mean", "primary")])
    checklist.mark(experiment=experiment, item="approval", kind="approval", actor=MemberFactory())
    before = checklist.fingerprint(experiment)

    assert client.post(URL, typed(experiment)).status_code == 302

    assert checklist.fingerprint(Experiment.objects.get()) == before
    assert not AuditEntry.objects.filter(verb="changed", target_type="experiment").exists()


def test_a_refused_change_says_why_keeps_what_was_typed_and_writes_nothing(client):
    experiment = planned()
    asked = typed(experiment, because="kept words")
    refusals = [
        ({role_of(experiment, "bought"): "secondary"}, 422, "Exactly one metric is primary: the one that decides."),
        ({"metric-0-name": "spend"}, 422, "Two metrics have the same name."),
        ({"metric-0-name": "left", "metric-0-role": "guardrail"}, 422, "A guardrail needs its bound"),
        ({"name": ""}, 422, "This field is required."),
        ({"seen": "another"}, 409, "Somebody has changed this plan since you opened it."),
    ]

    for changes, status, sentence in refusals:
        answer = client.post(URL, {**asked, **changes})
        page = answer.content.decode()
        assert (answer.status_code, page.count(sentence)) == (status, 1), sentence
        assert "kept words</textarea>" in page

    found = Experiment.objects.get()
    assert (found.because, metrics(found)) == ("", [("bought", "primary"), ("spend", "secondary")])


def test_who_may_not_change_it_is_told_and_finds_no_way_in(client, member):
    experiment = planned()
    asked = typed(experiment, name="Mine")
    assert URL in client.get("/experiments/planned/plan/").content.decode()

    member.role = "reader"
    member.save()
    assert (client.get(URL).status_code, client.post(URL, asked).status_code) == (403, 403)
    member.role = "member"
    member.save()
    Experiment.objects.update(state="running")

    for answer in (client.get(URL), client.post(URL, asked)):
        assert answer.status_code == 409
        assert "The plan is frozen: the experiment is running." in answer.content.decode()
    assert URL not in client.get(reverse("experiment", args=["planned", "plan"])).content.decode()
    assert Experiment.objects.get().name == "A planned one"
