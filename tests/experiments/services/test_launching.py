"""Launching, pausing and stopping: what the checklist refuses, on page and API, and what it lets through."""

from datetime import timedelta

import pytest
from django.urls import reverse

from engagement.accounts.models import AuditEntry
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from engagement.messaging.models import Message
from experiments.lifecycle import State
from experiments.models import ChecklistMark, Decision, Experiment
from experiments.services import checklist, in_force, launching, plans, roles, runs
from tests.experiments.builders import imported, planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
HYPOTHESIS = {slot: f"{slot} is told" for slot in plans.SLOTS}


@pytest.fixture
def author():
    return MemberFactory(name="Ada")


@pytest.fixture
def second():
    return MemberFactory(name="Ben")


def sound(author, **changes) -> Experiment:
    """A whole plan that nobody has marked yet."""
    plan = {"actor": author, "starts": now(), "ends": now() + 4 * WEEK, "hypothesis": HYPOTHESIS, **changes}
    experiment = planned(**plan)
    Experiment.objects.filter(pk=experiment.pk).update(
        plan={"minimum_effect": 0.02}, analysis_owner=MemberFactory(name="Cleo")
    )
    return Experiment.objects.get(pk=experiment.pk)


def marked(experiment: Experiment, second) -> Experiment:
    for item, kind in (("seen", "tick"), ("escalation", "tick"), ("approval", "approval")):
        checklist.mark(experiment=experiment, item=item, kind=kind, actor=second, reason="Call Ben.")
    return experiment


def open_keys(experiment: Experiment) -> list[str]:
    return [item.key for item in checklist.items(Experiment.objects.get(pk=experiment.pk)) if item.is_open]


def test_b1_1_an_empty_slot_saves_as_draft_and_does_not_launch(author, second):
    experiment = marked(sound(author, hypothesis={**HYPOTHESIS, "by": ""}), second)

    with pytest.raises(launching.OpenItems) as refusal:
        launching.launch(experiment=experiment, actor=author)

    assert [(item.key, item.finding) for item in refusal.value.items] == [("hypothesis", "Empty: by.")]
    assert Experiment.objects.get(pk=experiment.pk).state == State.DRAFT


def test_b2_1_a_token_without_fallback_fails_its_item_and_is_named(author):
    mail = plans.VariantPlan("mail", "Mail", 0.5, subject="Dear {{ first_name }}", body='Hi {{ x|fallback:"you" }}')
    experiment = sound(author, variants=[plans.VariantPlan("none", "None", 0.5), mail])

    found = {item.key: item for item in checklist.items(experiment)}["tokens"]

    assert (found.status, found.finding) == ("failed", "No fallback: first_name in Mail.")


def test_b5_1_launch_over_the_api_with_an_open_item_is_a_conflict_with_the_list(client, author, second):
    experiment = sound(author)
    checklist.mark(experiment=experiment, item="seen", kind="tick", actor=second)
    client.force_login(author)

    answer = client.post(f"/api/v1/experiments/{experiment.key}/launch/")

    assert answer.status_code == 409
    assert [(row["key"], row["status"]) for row in answer.json()["open"]] == [
        ("escalation", "open"), ("approval", "open"),
    ]  # fmt: skip
    experiment.refresh_from_db()
    assert (experiment.state, experiment.launch_owner) == (State.DRAFT, None)
    assert AuditEntry.objects.filter(verb="was refused to launch", actor=author).count() == 1


def test_b5_1_launch_by_the_page_with_an_open_item_is_refused_too(client, author):
    experiment = sound(author)
    client.force_login(author)

    assert client.post(reverse("experiment_launch", args=[experiment.key])).status_code == 409

    assert Experiment.objects.get(pk=experiment.pk).state == State.DRAFT


def test_launch_with_nothing_open_runs_and_names_the_launch_owner(client, author, second):
    experiment = marked(sound(author), second)
    client.force_login(author)

    answer = client.post(f"/api/v1/experiments/{experiment.key}/launch/")

    assert (answer.status_code, answer.json()["state"]) == (200, "running")
    assert answer.json()["launch_owner"]["name"] == "Ada"


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda _it: Message.objects.update(contents={"email": {"subject": "New"}}), "content"),
        (lambda it: Experiment.objects.filter(pk=it.pk).update(for_eligible_only=True), "audience"),
        (lambda it: it.metrics.filter(role="secondary").update(direction="down"), "metrics"),
        (lambda it: Experiment.objects.filter(pk=it.pk).update(ends=it.ends + WEEK), "time"),
    ],
    ids=["content", "audience", "metric", "time"],
)
def test_b5_2_approval_lapses_on_any_change_and_says_which(author, second, change, part):
    experiment = marked(sound(author), second)
    assert open_keys(experiment) == []

    change(experiment)

    experiment = Experiment.objects.get(pk=experiment.pk)
    assert open_keys(experiment) == ["seen", "escalation", "approval"]
    assert checklist.items(experiment)[-1].finding == f"Approved by Ben, and lapsed since: {part} changed."


def test_b5_2_who_planned_it_cannot_approve_it_even_after_giving_the_role_away(author, second):
    experiment = sound(author)
    cleo = experiment.analysis_owner
    roles.assign(experiment=experiment, strategy_owner=second, launch_owner=None, analysis_owner=cleo, actor=author)

    for member in (author, second):
        with pytest.raises(Forbidden, match="a second member approves"):
            checklist.mark(experiment=experiment, item="approval", kind="approval", actor=member)

    assert not ChecklistMark.objects.exists()


def test_b5_2_who_approved_it_cannot_launch_it(author, second):
    experiment = marked(sound(author), second)

    with pytest.raises(launching.OpenItems) as refusal:
        launching.launch(experiment=experiment, actor=second)

    assert [item.key for item in refusal.value.items] == ["approval"]


def test_b5_3_a_waiver_is_shown_in_the_readout_with_name_reason_and_item(client, tmp_path, author, second):
    experiment = sound(author)
    Experiment.objects.filter(pk=experiment.pk).update(plan=None)
    waived = {"item": "power", "kind": "waiver", "actor": second}
    with pytest.raises(InvalidInput):
        checklist.mark(experiment=experiment, **waived)
    checklist.mark(experiment=experiment, **waived, reason="Exploring.")
    assert "power" not in open_keys(experiment)
    ended = imported(tmp_path)
    ChecklistMark.objects.update(experiment=ended)
    client.force_login(author)

    page = client.get(reverse("experiment", args=[ended.key, "results"])).content.decode()

    assert "Power is enough" in page
    assert "Waived by Ben on" in page
    assert "“Exploring.”" in page


def test_the_same_member_in_launch_and_analysis_is_refused_and_told_who_is_free(author, second):
    experiment = sound(author)

    with pytest.raises(Forbidden, match=r"Ada cannot both launch and analyse.*Free: Ben, Cleo\."):
        roles.assign(
            experiment=experiment, strategy_owner=author, launch_owner=author, analysis_owner=author, actor=author
        )

    assert Experiment.objects.get(pk=experiment.pk).analysis_owner.name == "Cleo"


def test_b6_4_pause_gives_nobody_a_variant_and_resume_tells_since_when(client, author, second):
    experiment = launching.launch(experiment=marked(sound(author), second), actor=author)
    assert experiment.key in in_force.read()
    client.force_login(second)

    assert client.post(f"/api/v1/experiments/{experiment.key}/pause/", {}, "application/json").status_code == 422
    paused = client.post(f"/api/v1/experiments/{experiment.key}/pause/", {"reason": "Complaints."}, "application/json")
    assert paused.json()["state"] == "paused"
    assert in_force.read() == {}
    page = client.get(reverse("experiment", args=[experiment.key, "checklist"])).content.decode()
    assert "nobody was given a variant" in page
    assert "Call Ben." in page
    client.post(reverse("experiment_resume", args=[experiment.key]))

    entry = AuditEntry.objects.get(verb="resumed")
    assert entry.reason.startswith("Since ")
    assert experiment.key in in_force.read()


def test_stop_before_the_planned_end_asks_why_is_marked_and_opens_what_was_sealed(author, second):
    experiment = launching.launch(experiment=marked(sound(author), second), actor=author)
    Experiment.objects.filter(pk=experiment.pk).update(sealed_until=now() + WEEK)
    with pytest.raises(InvalidInput, match="Say why it stops"):
        launching.stop(experiment=experiment, actor=author)
    moment = now()

    launching.stop(experiment=experiment, actor=author, reason="The paper changed.", at=moment)

    experiment.refresh_from_db()
    assert (experiment.state, experiment.early_stop_reason) == (State.ENDED, "The paper changed.")
    assert (experiment.ends, experiment.sealed_until) == (moment, moment)


def test_only_what_is_paused_is_resumed(author):
    with pytest.raises(Conflict, match="this one is draft"):
        runs.resume(experiment=sound(author), actor=author)


def test_b7_1_the_launcher_is_refused_the_decision_by_page_and_api_and_it_is_logged(client, tmp_path, author):
    ended = imported(tmp_path, actor=author)
    client.force_login(author)
    asked = {"kind": "keep_control", "reason": "Why.", "learning": "What."}

    api = client.post(f"/api/v1/experiments/{ended.key}/decision/", asked, "application/json")
    page = client.post(reverse("experiment_decide", args=[ended.key]), {"choice": "keep_control", **asked})

    assert (api.status_code, page.status_code) == (403, 403)
    assert not Decision.objects.exists()
    assert AuditEntry.objects.filter(verb="was refused to decide", actor=author).count() == 2


def test_the_checklist_page_asks_the_same_number_of_queries_for_one_and_three_marks(
    client, author, second, django_assert_max_num_queries
):
    experiment = sound(author)
    client.force_login(second)
    for _each in range(3):
        checklist.mark(experiment=experiment, item="seen", kind="tick", actor=second)
        with django_assert_max_num_queries(45):
            page = client.get(reverse("experiment", args=[experiment.key, "checklist"]))
        assert "Launch is refused: 2 items are open." in page.content.decode()
