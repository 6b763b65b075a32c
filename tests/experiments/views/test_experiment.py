"""One experiment's pages: its tabs, its results, its decision."""

import csv
import io

import pytest

from engagement.accounts.models import AuditEntry
from experiments.models import Decision, Experiment, Variant
from tests.experiments.builders import column, imported, mismatched, planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
TABS = ("plan", "variants", "results", "history")


@pytest.fixture
def member():
    return MemberFactory(name="Cleo")


@pytest.fixture
def launcher():
    return MemberFactory(name="Ada")


@pytest.fixture
def client(client, member):
    client.force_login(member)
    return client


@pytest.fixture
def ended(tmp_path, launcher) -> Experiment:
    return imported(tmp_path, actor=launcher)


def choose(experiment: Experiment, **changes: str) -> dict[str, str]:
    variant = experiment.variants.get(position=1)
    return {"choice": f"ship-{variant.pk}", "reason": "It sells.", "learning": "Mail sells.", **changes}


# --- pages ----------------------------------------------------------------------------------------------------------
def test_every_tab_of_every_state_opens(client, ended):
    planned(key="planned")

    for key in (ended.key, "planned"):
        assert [client.get(f"/experiments/{key}/{tab}/").status_code for tab in TABS] == [200] * 4


def test_the_bare_address_leads_to_what_matters_now(client, ended):
    planned(key="planned")

    assert client.get(f"/experiments/{ended.key}/")["Location"] == "/experiments/mails/results/"
    assert client.get("/experiments/planned/")["Location"] == "/experiments/planned/plan/"


@pytest.mark.parametrize("path", ["nobody/plan/", "nobody/", "nobody/results.csv"])
def test_an_experiment_that_is_not_there_is_said(client, path):
    answer = client.get(f"/experiments/{path}")

    assert answer.status_code == 404
    assert "There is no experiment “nobody”." in answer.content.decode()


def test_a_tab_that_is_not_there_is_said(client, ended):
    answer = client.get("/experiments/mails/weather/")

    assert answer.status_code == 404
    assert "An experiment has no page “weather”." in answer.content.decode()


def test_the_results_page_takes_the_same_queries_for_one_treatment_and_three(
    client, tmp_path, django_assert_max_num_queries
):
    imported(tmp_path, key="one")
    imported(tmp_path, key="three", rates={"none": 0.3, "a": 0.3, "b": 0.4, "c": 0.5}, rows=800)

    counts = []
    for key in ("one", "three"):
        with django_assert_max_num_queries(16) as made:
            assert client.get(f"/experiments/{key}/results/").status_code == 200
        counts.append(len(made))
    assert counts[0] == counts[1]


def test_the_history_tells_what_was_done(client, ended):
    page = client.get("/experiments/mails/history/").content.decode()

    assert "imported results" in page
    assert "mails.csv" in page


# --- results --------------------------------------------------------------------------------------------------------
def test_the_verdict_card_shows_the_difference_with_its_range(client, ended, tmp_path):
    page = client.get("/experiments/mails/results/").content.decode()

    mail, none = (column(tmp_path / "mails.csv", name, "bought").mean() for name in ("mail", "none"))
    assert f"+{100 * (mail - none):.0f}" in page
    assert "200 customers against 200 in control." in page
    assert "mail is better." in page
    assert page.count('class="drawing"') == 0  # drawn by the script, from the figure beside it
    assert 'id="forest-figure"' in page


def test_an_invalid_result_shows_why_and_no_effect_anywhere(client, tmp_path):
    experiment = mismatched(tmp_path)

    page = client.get("/experiments/mismatched/results/").content.decode()

    hidden = experiment.readouts.first().document["metrics"][0]["comparisons"][0]["absolute"]["estimate"]
    assert hidden is not None
    assert "The result is invalid" in page
    assert "360 : 40 customers do not fit the planned shares" in page
    assert 'class="estimate' not in page
    assert "forest-figure" not in page


@pytest.mark.parametrize("check", ["covariate_balance", "underpowered"])
def test_a_failed_check_that_invalidates_nothing_is_told_beside_the_effects(client, ended, check):
    readout = ended.readouts.get()
    failed = {"check": check, "status": "fail", "p_value": 0.0001, "e_value": None, "message": "They differed."}
    readout.document["health"].append(failed)
    readout.save()

    page = client.get("/experiments/mails/results/").content.decode()

    assert "The result is invalid" not in page
    assert "no effect is shown" not in page
    assert "forest-figure" in page
    assert page.index("They differed.") < page.index("forest-figure")


def test_not_enough_data_shows_no_effect_either(client, ended):
    readout = ended.readouts.get()
    for part in readout.document["metrics"]:
        for comparison in part["comparisons"]:
            comparison.update(verdict="not enough data yet", decision=None)
    readout.document["recommendation"] = None
    readout.save()

    page = client.get("/experiments/mails/results/").content.decode()

    assert "Not enough data yet" in page
    assert "The plan is not reached yet, so no effect is shown." in page
    assert 'class="estimate' not in page
    assert "The rule recommends nothing yet." in page


def test_a_planned_experiment_offers_the_upload_to_those_who_may(client, member):
    planned(key="planned")

    page = client.get("/experiments/planned/results/").content.decode()
    member.role = "reader"
    member.save()
    reader_page = client.get("/experiments/planned/results/").content.decode()

    assert 'action="/experiments/import/"' in page
    assert 'type="file"' not in reader_page
    assert "No results yet" in reader_page


def test_the_csv_holds_the_numbers_and_no_formula(client, ended, tmp_path):
    Variant.objects.filter(experiment=ended, position=1).update(name="=HYPERLINK(1)")
    Variant.objects.filter(experiment=ended, position=0).update(name="-none")

    answer = client.get("/experiments/mails/results.csv")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert answer["Content-Disposition"] == 'attachment; filename="mails.csv"'
    assert {(row["variant"], row["control"]) for row in rows} == {("'=HYPERLINK(1)", "'-none")}
    mail, none = (column(tmp_path / "mails.csv", name, "bought").mean() for name in ("mail", "none"))
    assert float(rows[0]["difference"]) == pytest.approx(mail - none)
    assert rows[0]["customers"] == "200"


def test_a_negative_number_stays_a_number_in_the_csv(client, tmp_path):
    imported(tmp_path, key="loss", rates={"none": 0.5, "mail": 0.3})

    rows = list(csv.DictReader(io.StringIO(client.get("/experiments/loss/results.csv").content.decode())))

    assert float(rows[0]["difference"]) < 0


# --- decision -------------------------------------------------------------------------------------------------------
def test_a_decision_is_shown_with_reason_name_learning_and_report(client, ended):
    answer = client.post("/experiments/mails/decision/", choose(ended))

    assert answer["Location"] == "/experiments/mails/results/"
    decision = Decision.objects.get()
    page = client.get("/experiments/mails/results/").content.decode()
    for text in ("Ship mail", "It sells.", "Mail sells.", "by Cleo on", f"/reports/{decision.decided_at.year}-Q"):
        assert text in page
    assert 'name="reason"' not in page


def test_the_recommended_decision_is_chosen_beforehand(client, ended):
    form = client.get("/experiments/mails/results/").context["form"]

    assert form["choice"].value() == f"ship-{ended.variants.get(position=1).pk}"


def test_the_launch_owner_reads_why_not_and_who_may_and_is_refused_by_the_server(client, ended, launcher):
    MemberFactory(name="Ben")
    client.force_login(launcher)

    page = client.get("/experiments/mails/results/").content.decode()
    answer = client.post("/experiments/mails/decision/", choose(ended))

    assert "You launched this experiment, so somebody else records its decision." in page
    assert "Ben or Cleo has it." in page or "Cleo or Ben has it." in page
    assert 'name="reason"' not in page
    assert answer.status_code == 403
    assert not Decision.objects.exists()
    assert AuditEntry.objects.filter(verb="was refused to decide", actor=launcher).count() == 1


def test_the_strategy_owner_is_never_its_only_signer(client, ended, member):
    Experiment.objects.filter(pk=ended.pk).update(strategy_owner=member)
    sentence, variant = "You planned this experiment, so somebody else records its decision.", {"variant": "mail"}

    page = client.get("/experiments/mails/results/").content.decode()
    by_page = client.post("/experiments/mails/decision/", choose(ended))
    asked = {"kind": "ship", "reason": "It sells.", "learning": "Mail sells.", **variant}
    by_api = client.post("/api/v1/experiments/mails/decision/", asked, content_type="application/json")

    assert sentence in page
    assert 'name="reason"' not in page
    assert (by_page.status_code, by_api.status_code, by_api.json()["detail"]) == (403, 403, sentence)
    assert not Decision.objects.exists()
    assert AuditEntry.objects.filter(verb="was refused to decide", actor=member).count() == 2


def test_a_reader_is_refused_by_the_server(client, ended, member):
    member.role = "reader"
    member.save()

    assert client.post("/experiments/mails/decision/", choose(ended)).status_code == 403
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "This field is required."),
        ({"learning": " "}, "This field is required."),
        ({"choice": ""}, "This field is required."),
        ({"choice": "ship-0"}, "Select a valid choice. ship-0 is not one of the available choices."),
    ],
)
def test_a_refused_decision_keeps_what_was_typed_and_writes_nothing(client, ended, changes, sentence):
    answer = client.post("/experiments/mails/decision/", choose(ended, **changes))

    page = answer.content.decode()
    kept = [text for text in ("It sells.", "Mail sells.") if text in page]
    assert answer.status_code == 422
    assert page.count(sentence) == 1
    assert len(kept) == 2 - (set(changes) <= {"reason", "learning"})
    assert not Decision.objects.exists()


def test_nothing_is_shipped_on_an_invalid_result(client, tmp_path):
    experiment = mismatched(tmp_path)

    answer = client.post("/experiments/mismatched/decision/", choose(experiment))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "A health check failed, so the result is invalid and nothing can be shipped on it." in page
    assert "It sells." in page
    assert not Decision.objects.exists()


def test_whoever_comes_second_sees_the_first_decision_and_keeps_the_words(client, ended):
    client.post("/experiments/mails/decision/", choose(ended, reason="First."))

    answer = client.post("/experiments/mails/decision/", choose(ended, choice="stop", reason="My long reason."))

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "not waiting for a decision" in page
    assert "My long reason." in page
    assert "First." in page
    assert Decision.objects.get().reason == "First."


def test_a_decision_cannot_be_read_out_of_its_address(client, ended):
    assert client.get("/experiments/mails/decision/").status_code == 405
