"""Experiments, readouts, decisions and reports over HTTP."""

from typing import Any

import pytest
from django.urls import reverse

from engagement.accounts.models import AuditEntry
from engagement.core.clock import now
from engagement.customers.services import audiences
from engagement.messaging.models import Message
from experiments.models import Decision, Experiment
from experiments.reports.quarterly.period import quarter_of
from experiments.services import decisions, registry
from experiments.services.plans import VariantPlan
from tests.backlog.factories import IdeaFactory
from tests.experiments.builders import imported, mismatched, planned
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/experiments/"


@pytest.fixture
def member():
    return MemberFactory(name="Cleo")


@pytest.fixture
def client(client, member):
    client.force_login(member)
    return client


def plan(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Noon letter",
        "variants": [{"key": "control", "share": 0.5}, {"key": "noon", "share": 0.5, "subject": "Good noon"}],
        "metrics": [{"key": "read", "kind": "proportion", "role": "primary"}],
        **changes,
    }  # fmt: skip


def post(client, url: str, body: dict[str, Any]):
    return client.post(url, body, content_type="application/json")


# --- reading --------------------------------------------------------------------------------------------------------
def test_the_list_holds_every_experiment_newest_first(client, member, tmp_path):
    planned(key="first", pod=PodFactory(slug="loyalty"))
    decided = imported(tmp_path, key="second")
    decisions.decide(experiment=decided, kind="stop", reason="Why.", learning="What.", actor=member)

    rows = client.get(URL).json()["results"]

    told = [(row["key"], row["state"], row["pod"]) for row in rows]
    assert told == [("second", "decided", None), ("first", "draft", "loyalty")]
    decision = rows[0]["decision"]
    assert decision["decided_by"] == {"id": member.pk, "name": "Cleo", "discipline": "design"}
    assert {name: decision[name] for name in ("kind", "variant", "reason", "learning")} == {
        "kind": "stop", "variant": None, "reason": "Why.", "learning": "What.",
    }  # fmt: skip
    assert rows[1]["decision"] is None
    assert [row["key"] for row in client.get(f"{URL}?state=draft").json()["results"]] == ["first"]


def test_learnings_are_found_by_word_and_filter_with_what_they_are_about(client, member, tmp_path):
    idea = IdeaFactory(state="planned", channel="push")
    noon = imported(tmp_path, key="noon", rows=40)
    Experiment.objects.filter(pk=noon.pk).update(
        idea=idea, name="Noon letter", pod=PodFactory(slug="loyalty"),
        audience_version=audiences.create(name="Quiet", rule={"state": ["low"]}, actor=None),
    )  # fmt: skip
    for key, learning in (("noon", "Noon beats morning."), ("thanks", "Thanks bring people back.")):
        experiment = Experiment.objects.filter(key=key).first() or imported(tmp_path, key=key, rows=40)
        decisions.decide(experiment=experiment, kind="stop", reason="Why.", learning=learning, actor=member)

    listed = client.get("/api/v1/learnings/").json()["results"]
    found = client.get("/api/v1/learnings/?q=noo&channel=push&state=low").json()["results"]

    assert [row["sentence"] for row in listed] == ["Thanks bring people back.", "Noon beats morning."]
    decision = found[0].pop("decision")
    assert (decision["kind"], decision["decided_by"]["name"]) == ("stop", "Cleo")
    assert found == [
        {
            "experiment": "noon", "name": "Noon letter", "pod": "loyalty", "sentence": "Noon beats morning.",
            "metrics": ["bought", "spend"], "channels": ["push"], "states": ["low"],
        }
    ]  # fmt: skip
    assert client.get("/api/v1/learnings/?q=zeppelin").json()["results"] == []
    refused = client.get("/api/v1/learnings/?channel=pigeon")
    assert (refused.status_code, list(refused.json()["errors"])) == (400, ["channel"])


def test_the_learnings_take_the_same_queries_for_one_row_and_for_three(
    client, member, tmp_path, django_assert_max_num_queries
):
    counts = []
    for keys in (("one",), ("two", "three")):
        for key in keys:
            experiment = imported(tmp_path, key=key, rows=40)
            decisions.decide(experiment=experiment, kind="stop", reason="Why.", learning=key, actor=member)
        with django_assert_max_num_queries(12) as made:
            client.get("/api/v1/learnings/")
        counts.append(len(made))

    assert counts[0] == counts[1]


def test_pages_follow_a_cursor(client):
    for number in range(3):
        planned(key=f"e{number}")

    first = client.get(f"{URL}?page_size=2").json()
    second = client.get(first["next"]).json()

    assert [row["key"] for page in (first, second) for row in page["results"]] == ["e2", "e1", "e0"]


def test_one_alone_comes_with_its_variants_and_metrics(client):
    planned(key="one", hypothesis={"because": "nights are long"})

    row = client.get(f"{URL}one/").json()

    assert row["hypothesis"]["because"] == "nights are long"
    assert row["variants"] == [
        {"key": "none", "name": "No e-mail", "share": 0.5, "is_control": True, "message": None},
        {
            "key": "mail", "name": "An e-mail", "share": 0.5, "is_control": False,
            "message": {"contents": {"email": {"subject": "Hello", "text": "Dear"}}, "version": 1},
        },
    ]  # fmt: skip
    roles = [(metric["key"], metric["role"]) for metric in row["metrics"]]
    assert roles == [("bought", "primary"), ("spend", "secondary")]
    assert row["metrics"][0]["definition"]["window_s"] == 14 * 86_400


@pytest.mark.parametrize("count", [2, 10])
def test_one_alone_asks_no_more_queries_for_more_variants(client, count, django_assert_num_queries):
    variants = [
        VariantPlan(f"v{number}", f"V {number}", 1 / count, subject="Hi", body="Dear") for number in range(count)
    ]
    planned(key="one", variants=variants)

    with django_assert_num_queries(7):  # session, member, workspace, experiment; variants, messages, metrics
        row = client.get(f"{URL}one/").json()

    assert [variant["message"]["contents"]["email"]["subject"] for variant in row["variants"]] == ["Hi"] * count


def test_the_readout_is_the_stored_document(client, tmp_path):
    experiment = imported(tmp_path)

    assert client.get(f"{URL}mails/readout/").json() == experiment.readouts.get().document


def test_the_report_is_the_documents_own(client, tmp_path):
    decisions.decide(experiment=imported(tmp_path), kind="stop", reason="r", learning="l", actor=None)

    report = client.get(f"/api/v1/reports/{quarter_of(now())}/").json()

    assert (report["schema"], [row["experiment"] for row in report["decisions"]]) == ("report/1", ["mails"])


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("nobody/", "There is no experiment “nobody”."),
        ("nobody/readout/", "There is no experiment “nobody”."),
        ("planned/readout/", "“planned” has no readout yet: its results have not been imported."),
    ],
)
def test_what_is_not_there_is_said_as_problem_details(client, path, sentence):
    planned()

    answer = client.get(URL + path)

    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json() == {"type": "about:blank", "title": "Not Found", "status": 404, "detail": sentence}


def test_lists_take_the_same_queries_for_one_row_and_for_three(client, tmp_path, django_assert_max_num_queries):
    counts = []
    for keys in (("one",), ("two", "three")):
        for key in keys:
            decisions.decide(
                experiment=imported(tmp_path, key=key), kind="stop", reason="r", learning="l", actor=MemberFactory()
            )
        with django_assert_max_num_queries(12) as made:
            client.get(URL)
        counts.append(len(made))

    assert counts[0] == counts[1]


def test_nothing_is_told_without_signing_in(client, tmp_path):
    imported(tmp_path)
    client.logout()

    for path in (URL, f"{URL}mails/", f"{URL}mails/readout/", f"/api/v1/reports/{quarter_of(now())}/"):
        assert client.get(path).status_code == 401, path


# --- planning -------------------------------------------------------------------------------------------------------
def test_b1_2_a_plan_is_made_and_named_by_the_pages_own_service(client, member):
    idea, pod = IdeaFactory(), PodFactory(slug="loyalty")

    answer = post(client, URL, plan(idea=idea.pk, pod="loyalty", starts="2027-01-05T00:00:00Z"))

    assert answer.status_code == 201
    experiment = Experiment.objects.get()
    assert (experiment.idea, experiment.pod, experiment.strategy_owner) == (idea, pod, member)
    assert answer.json()["key"] == experiment.key == "2027q1-loyalty-email-noon-letter"
    assert [variant["name"] for variant in answer.json()["variants"]] == ["control", "noon"]
    assert Message.objects.get().contents == {"email": {"subject": "Good noon"}}


HALF = {"key": "control", "share": 0.5}


@pytest.mark.parametrize(
    ("change", "status", "field", "sentence"),
    [
        (
            {"key": "noon", "starts": "2027-01-05T00:00:00Z"},
            422,
            "key",
            "The key is composed as {quarter}-{pod}-{channel}-{title}: here “2027q1-email-noon-letter”.",
        ),
        ({"variants": [HALF]}, 422, "variants", "An experiment compares 2 to 10 variants, control included."),
        ({"variants": [HALF, HALF]}, 422, "variants", "Two variants have the same name."),
        (
            {"variants": [HALF, {"key": "b", "share": 0.4}]},
            422,
            "shares",
            "The shares sum to 0.9; they must sum to 1.",
        ),
        ({"metrics": []}, 422, "metrics", "Exactly one metric is primary: the one that decides."),
        (
            {"starts": "2027-02-01T00:00:00Z", "ends": "2027-02-01T00:00:00Z"},
            422,
            "ends",
            "The end must lie after the start.",
        ),
    ],
)
def test_b1_2_a_refused_plan_is_one_sentence_and_writes_nothing(client, change, status, field, sentence):
    planned()
    before = AuditEntry.objects.count()

    answer = post(client, URL, plan(**change))

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["detail"] == sentence
    assert answer.json()["errors"] == {field: [sentence]}
    assert (Experiment.objects.count(), Message.objects.count(), AuditEntry.objects.count()) == (1, 1, before)


@pytest.mark.parametrize("share", ["NaN", "much", None])
def test_values_that_are_no_values_are_named(client, share):
    answer = post(client, URL, plan(variants=[HALF, {"key": "b", "share": share}]))

    assert answer.status_code in (400, 422)
    assert answer.json()["errors"]
    assert not Experiment.objects.exists()


# --- deciding -------------------------------------------------------------------------------------------------------
def ship(**changes: Any) -> dict[str, Any]:
    return {"kind": "ship", "variant": "mail", "reason": "It sells.", "learning": "Mail sells.", **changes}


def test_a_decision_is_recorded(client, member, tmp_path):
    imported(tmp_path, actor=MemberFactory())

    answer = post(client, f"{URL}mails/decision/", ship())

    assert answer.status_code == 201
    assert Decision.objects.get().decided_by == member
    assert Experiment.objects.get().state == "decided"


def test_the_launch_owner_is_refused_and_it_is_logged(client, member, tmp_path):
    imported(tmp_path, actor=member)

    answer = post(client, f"{URL}mails/decision/", ship())

    assert answer.status_code == 403
    assert answer.json()["detail"] == "You launched this experiment, so somebody else records its decision."
    assert not Decision.objects.exists()
    assert AuditEntry.objects.filter(verb="was refused to decide").count() == 1


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"reason": ""}, 422, "Say why: the quarterly report shows the reason."),
        ({"learning": " "}, 422, "Say in one sentence what the next pod should know."),
        ({"variant": None}, 422, "Shipping names the variant to ship; the other decisions name none."),
        ({"kind": "stop"}, 422, "Shipping names the variant to ship; the other decisions name none."),
        ({"kind": "win"}, 400, "The request holds values that cannot be used; `errors` names them."),
        ({"variant": "nobody"}, 400, "The request holds values that cannot be used; `errors` names them."),
    ],
)
def test_a_refused_decision_is_one_sentence_and_writes_nothing(client, tmp_path, change, status, sentence):
    imported(tmp_path)
    before = AuditEntry.objects.count()

    answer = post(client, f"{URL}mails/decision/", ship(**change))

    assert (answer.status_code, answer.json()["detail"]) == (status, sentence)
    assert (Decision.objects.count(), AuditEntry.objects.count()) == (0, before)


def test_nothing_is_shipped_on_an_invalid_result(client, tmp_path):
    mismatched(tmp_path)

    answer = post(client, f"{URL}mismatched/decision/", ship())

    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("A health check failed")
    assert not Decision.objects.exists()


def test_a_reader_reads_and_writes_nothing(client, member, tmp_path):
    imported(tmp_path)
    member.role = "reader"
    member.save()

    assert client.get(f"{URL}mails/").status_code == 200
    assert post(client, URL, plan()).status_code == 403
    assert post(client, f"{URL}mails/decision/", ship()).status_code == 403
    assert (Experiment.objects.count(), Decision.objects.count()) == (1, 0)


def test_the_admin_site_looks_and_writes_nothing(client, member, tmp_path):
    experiment = imported(tmp_path)
    member.role = "administrator"
    member.save()

    for name in ("experiment", "variant", "metric", "readout", "decision", "resultsimport", "resultsupload"):
        assert client.get(reverse(f"admin:experiments_{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:experiments_{name}_add")).status_code == 403
    change = reverse("admin:experiments_experiment_change", args=[experiment.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"name": "Another"}).status_code == 403
    assert client.post(reverse("admin:experiments_experiment_delete", args=[experiment.pk])).status_code == 403


def test_the_registry_is_read_with_its_definitions(client):
    registry.add_standard(key="nps", actor=None)

    [found] = client.get("/api/v1/metrics/").json()["results"]

    assert (found["key"], found["owner"], found["is_diagnostic"]) == ("nps", None, False)
    assert found["definition"]["numerator"]["bands"] == [[9.0, 10.0, 100.0], [0.0, 6.0, -100.0]]
    assert client.get("/api/v1/metrics/nps/").json() == found


# --- messages -------------------------------------------------------------------------------------------------------
def test_a_message_is_written_by_the_pages_own_service(client, member):
    planned(actor=member)
    asked = {"variant": "mail", "contents": {"push": {"title": "Hi", "body": "Read on"}}, "seen_version": 1}

    answer = client.put(f"{URL}planned/message/", asked, "application/json")

    assert answer.status_code == 200
    assert answer.json() == {
        "key": "mail", "name": "An e-mail", "share": 0.5, "is_control": False,
        "message": {"contents": {"push": {"title": "Hi", "body": "Read on"}}, "version": 2},
    }  # fmt: skip


def test_b2_5_a_message_written_meanwhile_answers_with_both_versions_known(client, member):
    planned(actor=member)
    asked = {"variant": "mail", "contents": {"push": {"title": "Mine"}}, "seen_version": 0}

    answer = client.put(f"{URL}planned/message/", asked, "application/json")

    assert (answer.status_code, answer.json()["theirs"], answer.json()["version"]) == (
        409, {"email": {"subject": "Hello", "text": "Dear"}}, 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"variant": "nobody"}, 404),
        ({"contents": {"fax": {"body": "x"}}}, 422),
        ({"contents": {"push": {"body": "x" * 100_001}}}, 400),
        ({"contents": {"push": ["x"]}}, 400),
        ({"seen_version": -1}, 400),
    ],
)
def test_a_message_that_cannot_be_kept_is_refused(client, member, change, status):
    planned(actor=member)
    asked = {"variant": "mail", "contents": {"push": {"title": "Mine"}}, "seen_version": 1, **change}

    answer = client.put(f"{URL}planned/message/", asked, "application/json")

    assert answer.status_code == status
    assert Message.objects.get().version == 1
