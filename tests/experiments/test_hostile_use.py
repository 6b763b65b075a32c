"""Hostile use is refused at every door: page, API, admin and command."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from engagement.core.clock import now
from engagement.core.errors import Conflict
from engagement.core.jobs import Progress
from engagement.messaging.content import spoken
from engagement.messaging.models import Message
from experiments.lifecycle import State
from experiments.models import BatchShares, Decision, Experiment
from experiments.services import analysis, launching, plans, runs
from tests.experiments.builders import LIVE, planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)
DOORS = ("page", "api", "admin")
ATTRIBUTES = ("{{ customer.__class__ }}", "{{ first_name.__class__.__mro__ }}", "{{ ''|attr:'__class__' }}")
LOOPS = ("{% for x in event %}x{% endfor %}", "{% while first_name %}x{% endwhile %}", "{% include 'x' %}")


@pytest.fixture
def administrator(client):
    """Who may do most, and is refused here all the same."""
    member = MemberFactory(name="Ada", administrator=True)
    client.force_login(member)
    return member


def sound(author, **changes) -> Experiment:
    """A plan with nothing open but what a second member says."""
    dates = {"starts": now() - timedelta(hours=1), "ends": now() + 4 * WEEK}
    slots = dict.fromkeys(plans.SLOTS, "told")
    made = planned(actor=author, hypothesis=slots, **dates, **changes)
    Experiment.objects.filter(pk=made.pk).update(plan={"minimum_effect": 0.02}, analysis_owner=MemberFactory())
    return Experiment.objects.get(pk=made.pk)


def through(client, door: str, experiment: Experiment, verb: str, **body: str) -> int:
    """The answer's status when somebody asks for it at this door; the admin is asked to write the outcome itself."""
    if door == "page":
        return client.post(reverse(f"experiment_{verb}", args=[experiment.key]), body).status_code
    if door == "api":
        address = f"/api/v1/experiments/{experiment.key}/{'decision' if verb == 'decide' else verb}/"
        return client.post(address, body, content_type="application/json").status_code
    address = reverse("admin:experiments_experiment_change", args=[experiment.pk])
    assert client.get(address).status_code == 200
    return client.post(address, {"state": {"launch": "running", "decide": "decided"}[verb]}).status_code


# --- launching with an open checklist item ---------------------------------------------------------------------------
@pytest.mark.parametrize("door", DOORS)
def test_nobody_launches_with_an_open_item(client, administrator, door):
    experiment = sound(administrator)

    status = through(client, door, experiment, "launch")

    assert status == (403 if door == "admin" else 409)
    assert Experiment.objects.get().state == State.DRAFT


def test_no_command_launches_a_plan_that_was_made_here(administrator, tmp_path, capsys):
    experiment = sound(administrator)
    file = tmp_path / "mine.toml"
    file.write_text(LIVE.format(extra="").replace('"live"', f'"{experiment.key}"'))

    with pytest.raises(SystemExit):
        call_command("load_experiment", file)

    assert "is taken by an experiment that was not loaded from a file." in capsys.readouterr().err
    assert Experiment.objects.get().state == State.DRAFT


# --- signing one's own launch ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("owner", ["launch_owner", "strategy_owner"])
def test_b7_1_nobody_signs_what_they_launched_or_planned(client, administrator, door, owner):
    experiment = sound(MemberFactory())
    runs.start(experiment=experiment, actor=None)
    runs.end(experiment=experiment, actor=None)
    analysis.analyse(experiment=experiment, as_of=now(), progress=Progress())
    Experiment.objects.update(**{owner: administrator})

    body = {"choice": "stop", "kind": "stop", "reason": "So.", "learning": "What."}
    status = through(client, door, Experiment.objects.get(), "decide", **body)

    assert status == 403
    assert (Experiment.objects.get().state, Decision.objects.count()) == (State.ENDED, 0)


# --- reading sealed results ------------------------------------------------------------------------------------------
@pytest.fixture
def sealed(administrator) -> Experiment:
    """A bandit that has reallocated: its shares, too, would tell."""
    made = sound(MemberFactory(), kind="bandit")
    Experiment.objects.update(sealed_until=now() + 2 * WEEK)
    runs.start(experiment=made, actor=None, at=now() - timedelta(minutes=5))
    BatchShares.objects.create(experiment=made, number=7, shares=[0.07123457, 0.92876543], at=now(), used={})
    analysis.analyse(experiment=Experiment.objects.get(), as_of=now(), progress=Progress())
    return Experiment.objects.get()


def test_b4_3_sealed_results_are_read_at_no_door(client, sealed, capsys):
    tabs = [reverse("experiment", args=[sealed.key, tab]) for tab in ("results", "health", "history", "variants")]
    tables = [
        f"/experiments/{sealed.key}/{name}.csv"
        for name in ("results", "by-day", "retention", "tables/batches", "tables/variants", "tables/amounts")
    ]
    api = [f"/api/v1/experiments/{sealed.key}/", f"/api/v1/experiments/{sealed.key}/readout/"]
    readout, batch = sealed.readouts.get(), BatchShares.objects.get(number=7)
    admin = [
        reverse("admin:experiments_batchshares_changelist"),
        reverse("admin:experiments_batchshares_change", args=[batch.pk]),
        reverse("admin:experiments_readout_change", args=[readout.pk]),
    ]
    call_command("readout", sealed.key)
    call_command("readout", sealed.key, "--format", "json")

    told = {address: client.get(address, follow=True).content.decode() for address in (*tabs, *tables, *api, *admin)}
    told["command"] = capsys.readouterr().out

    shares = ("07123457", "92876543", "7.12%", "92.9%")
    assert [address for address, text in told.items() if any(share in text for share in shares)] == []
    document = json.loads(told[api[1]])
    assert (document["sealed"], document["metrics"], document["bandit"], document["looks"]) == (True, [], None, [])
    assert client.get(f"/experiments/{sealed.key}/reallocations/7/").status_code == 409
    assert "sealed" in told["command"]

    Experiment.objects.update(sealed_until=None)
    assert "0.92876543" in client.get(admin[0]).content.decode()


# --- what a message may say ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", [*ATTRIBUTES, *LOOPS])
def test_a_token_reaches_no_attribute_and_a_template_never_loops(client, administrator, text):
    experiment = sound(administrator)
    contents = {"email": {"subject": text, "text": "Dear reader"}}

    body = {"variant": "mail", "contents": contents, "seen_version": 1}
    by_api = client.put(f"/api/v1/experiments/{experiment.key}/message/", body, content_type="application/json")
    preview = client.get(reverse("experiment_preview", args=[experiment.key, 1]), {"channel": "email"})
    with pytest.raises(launching.OpenItems) as refusal:
        launching.launch(experiment=experiment, actor=administrator)

    assert (by_api.status_code, Message.objects.get().contents) == (200, contents)  # a draft keeps what was typed
    assert preview.status_code == 200
    assert "class &#x27;" not in preview.content.decode()
    assert "tokens" in [item.key for item in refusal.value.items]
    assert Experiment.objects.get().state == State.DRAFT


@pytest.mark.parametrize("name", ["A\r\nBcc: all@example.org", "A\nBcc: all@example.org", "A\u2028Bcc: x", "A\0B"])
def test_a_customers_name_makes_no_header_no_markup_and_no_key_of_a_payload(name):
    said = {"first_name": name + '", "to": "all'}
    token = '{{ first_name|fallback:"you" }}'

    subject = spoken({"subject": f"Dear {token}"}, "email", said)["subject"]
    payload = spoken({"payload": f'{{"text": "Dear {token}"}}'}, "webhook", said)["payload"]

    assert len(subject.splitlines()) == 1
    assert "\0" not in subject
    assert list(json.loads(payload)) == ["text"]


def test_a_running_experiment_says_nothing_else_at_any_door(client, administrator):
    experiment = sound(administrator)
    runs.start(experiment=experiment, actor=None)
    before = Message.objects.get().contents

    body = {"variant": "mail", "contents": {"email": {"subject": "Other"}}, "seen_version": 1}
    by_api = client.put(f"/api/v1/experiments/{experiment.key}/message/", body, content_type="application/json")
    with pytest.raises(Conflict):
        plans.change(experiment=experiment, actor=administrator, name="Other")

    assert (by_api.status_code, Message.objects.get().contents) == (409, before)
