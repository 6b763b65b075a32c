"""What a readout shows that cannot wait: told once, and paused for where the plan said so."""

import re

import pytest

from engagement.accounts.models import AuditEntry
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from experiments.lifecycle import State
from experiments.models import Alert, Experiment
from experiments.services import analysis, checklist, runs, watching
from tests.experiments.builders import imported, planned
from tests.experiments.watched import DAY, data, guarded, running
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
HARM = "Harm is shown: Daily on “complained”. Without any, evidence this strong comes up less than once in 100."


@pytest.fixture
def author():
    return MemberFactory()


def analysed(experiment: Experiment) -> Experiment:
    analysis.analyse(experiment=experiment, progress=Progress())
    return Experiment.objects.get(pk=experiment.pk)


def alerts() -> list[tuple]:
    return list(Alert.objects.order_by("pk").values_list("kind", "about", "sentence", "has_paused"))


def pauses(experiment: Experiment) -> list[tuple[str, str]]:
    found = AuditEntry.objects.filter(target_type="experiment", target_id=str(experiment.pk), verb="paused")
    return list(found.order_by("pk").values_list("actor_name", "reason"))


def test_b6_a_harmed_guardrail_pauses_once_and_a_person_resumes(author, tmp_path):
    experiment = running(author, "guardrails")
    data(tmp_path)

    paused = analysed(experiment)

    assert paused.state == State.PAUSED
    assert alerts() == [("guardrails", ["complained/daily"], HARM, True)]
    assert pauses(experiment) == [("the plan", HARM)]
    runs.resume(experiment=paused, actor=author)
    assert analysed(experiment).state == State.RUNNING
    assert (len(alerts()), len(pauses(experiment))) == (1, 1)


def test_b6_harm_is_told_and_nothing_pauses_where_the_plan_does_not_say_so(author, tmp_path):
    experiment = running(author, "sample_ratio")
    data(tmp_path)

    assert analysed(experiment).state == State.RUNNING
    assert alerts() == [("guardrails", ["complained/daily"], HARM, False)]


def test_b6_while_sealed_harm_is_told_and_no_effect_is(author, tmp_path):
    experiment = running(author, "guardrails")
    Experiment.objects.filter(pk=experiment.pk).update(sealed_until=experiment.ends)
    data(tmp_path)

    paused = analysed(Experiment.objects.get(pk=experiment.pk))

    document = paused.readouts.latest().document
    assert (document["sealed"], document["metrics"]) == (True, [])
    [check] = [one for one in document["health"] if one["check"] == "guardrails"]
    assert (check["status"], check["message"], check["about"]) == ("warn", HARM, ["complained/daily"])
    assert check["e_value"] > 100
    assert paused.state == State.PAUSED


def test_b6_no_harm_is_no_news(author, tmp_path):
    experiment = running(author, "guardrails", "sample_ratio")
    data(tmp_path, complaints=(40, 40))

    found = analysed(experiment)

    [check] = [one for one in found.readouts.latest().document["health"] if one["check"] == "guardrails"]
    assert check == {
        "check": "guardrails", "status": "pass", "p_value": None, "e_value": None,
        "message": "No treatment is seen to do harm.",
    }  # fmt: skip
    assert (found.state, alerts()) == (State.RUNNING, [])


def test_b6_a_sample_ratio_mismatch_pauses_where_the_plan_says_so(author, tmp_path):
    experiment = running(author, "sample_ratio")
    data(tmp_path, complaints=(5, 3), customers=(500, 300))

    assert analysed(experiment).state == State.PAUSED
    assert [(kind, about, has_paused) for kind, about, _sentence, has_paused in alerts()] == [
        ("sample_ratio", ["shares"], True)
    ]


def test_two_readouts_at_once_tell_a_fact_once(author, tmp_path):
    experiment = running(author, "guardrails")
    data(tmp_path)
    readout = analysis.analyse(experiment=experiment, progress=Progress())

    assert watching.look(readout) == []
    assert len(alerts()) == 1


def test_what_the_past_would_have_shown_pauses_nothing_now(author, tmp_path):
    experiment = running(author, "guardrails")
    data(tmp_path)

    analysis.analyse(experiment=experiment, as_of=experiment.starts + 8 * DAY, progress=Progress())

    experiment.refresh_from_db()
    assert (experiment.state, alerts()) == (State.RUNNING, [])


def test_a_finished_import_is_told_to_whoever_brought_it_and_needs_no_alert(tmp_path):
    imported(tmp_path, rates={"none": 0.3, "mail": 0.3})

    assert alerts() == []


def test_when_it_pauses_is_part_of_the_plan_so_a_change_lets_the_approval_lapse_and_the_launch_freezes_it(author):
    experiment = guarded(author=author)
    checklist.mark(experiment=experiment, item="approval", kind="approval", actor=MemberFactory())

    changed = watching.choose_pauses(experiment=experiment, conditions=["sample_ratio", "guardrails"], actor=author)

    assert changed.pauses_on == ["guardrails", "sample_ratio"]
    [approval] = [item for item in checklist.items(changed) if item.key == "approval"]
    assert "lapsed since: plan changed." in approval.finding
    runs.start(experiment=changed, actor=None)
    with pytest.raises(Conflict, match="The plan is frozen"):
        watching.choose_pauses(experiment=experiment, conditions=[], actor=author)


def test_a_plan_pauses_only_on_what_can_happen_to_it(author):
    without = planned()

    with pytest.raises(InvalidInput, match="no guardrail with a margin"):
        watching.choose_pauses(experiment=without, conditions=["guardrails"], actor=author)
    with pytest.raises(InvalidInput, match="cannot pause on that"):
        watching.choose_pauses(experiment=without, conditions=["freshness"], actor=author)
    without.refresh_from_db()
    assert without.pauses_on == []


def test_b6_the_page_shows_the_escalation_plan_and_the_alert_beside_the_pause_button(client, author, tmp_path):
    experiment = guarded(author=author)
    checklist.mark(experiment=experiment, item="escalation", kind="tick", actor=author, reason="Call Ada, then pause.")
    runs.start(experiment=experiment, actor=None, at=experiment.starts)
    data(tmp_path)
    analysed(experiment)
    client.force_login(author)

    page = re.sub(r"\s+", " ", client.get("/experiments/daily/health/").content.decode())

    assert "A guardrail is crossed." in page
    assert "Call Ada, then pause." in page
    assert f'name="reason" value="{HARM}"' in page
    client.post("/experiments/daily/pause/", {"reason": HARM})
    experiment.refresh_from_db()
    assert experiment.state == State.PAUSED


def test_the_plan_page_says_and_keeps_when_it_pauses(client, author):
    guarded(author=author)
    client.force_login(author)

    client.post("/experiments/daily/pauses/", {"pauses_on": ["guardrails"]})

    page = client.get("/experiments/daily/plan/").content.decode()
    assert "It pauses by itself when a guardrail is harmed, by evidence that holds at every look." in page
