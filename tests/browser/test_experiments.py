"""Experiments in a real browser: every page in light and dark at both widths, the figure, the upload, the sentence."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import expect

from engagement.core.clock import now
from engagement.core.jobs import Progress
from experiments.models import Experiment, ResultsUpload
from experiments.reports.quarterly.period import quarter_of
from experiments.services import decisions, registry
from experiments.services.analysis import analyse
from tests.backlog.factories import IdeaFactory
from tests.experiments.builders import imported, mismatched, planned, results_csv, returning
from tests.experiments.outcomes import decide, scored
from tests.factories import MemberFactory, PodFactory

THREE = {"No e-mail": 0.3, "A note of thanks": 0.5, "A note of thanks with the name of the reporter": 0.32}


@pytest.fixture
def me(sign_in):
    member = MemberFactory(name="Anna Berg")
    PodFactory(name="Reader loyalty", members=[member])
    sign_in(member)
    return member


@pytest.fixture
def ended(tmp_path) -> Experiment:
    experiment = imported(tmp_path, rates=THREE, control="No e-mail", rows=900, primary="spend")
    Experiment.objects.filter(pk=experiment.pk).update(name="Thank readers after their third visit in a week")
    return experiment


@pytest.mark.parametrize("width", [1280, 360])
def test_every_page_of_an_experiment_is_sound(me, ended, page, visit, look, tmp_path, width):
    draft = planned(key="2027q1-loyalty-email-thank-you-note", hypothesis={"because": "nights are long"})
    mismatched(tmp_path)
    analyse(
        experiment=returning(tmp_path, extra="sealed_until = 2026-07-15")[0],
        as_of=datetime(2026, 7, 31, tzinfo=UTC),
        progress=Progress(),
    )
    won = imported(tmp_path, key="won")
    words = {"reason": "It sells.", "learning": "A mail sells."}
    decisions.decide(experiment=won, kind="ship", variant=won.variants.get(position=1), actor=me, **words)
    for title, rating in (("Thank readers after their third visit in a week", 7), ("Send it at noon", 3)):
        forecast = scored(me, title, now(), confidence=rating, expected_lift="0.03" if rating > 5 else None)
        decide(forecast.round_idea.idea, won.readouts.get().document, now())
    scored(me, "Not decided yet", now())
    paths = {
        "outcomes": "/me/outcomes/",
        "home-outcomes": "/",
        "list": "/experiments/",
        "plan": f"/experiments/{draft.key}/plan/",
        "variants": f"/experiments/{draft.key}/variants/",
        "no-results": f"/experiments/{draft.key}/results/",
        "results": "/experiments/mails/results/",
        "by-day": "/experiments/live/results/",
        "invalid": "/experiments/mismatched/results/",
        "decided": "/experiments/won/results/",
        "history": "/experiments/won/history/",
        "import": "/experiments/import/",
        "reports": "/reports/",
        "learnings": "/learnings/",
        "tried": "/learnings/tried/?title=A+mail+that+sells",
        "report": f"/reports/{quarter_of(now())}/",
    }
    for name, path in paths.items():
        visit(path, width=width)
        if name == "home-outcomes":
            page.get_by_text("You expected +3%").wait_for()
        if name in ("results", "by-day"):
            page.locator(".drawing .main-svg").first.wait_for()
        look(f"experiments-{name}")


@pytest.mark.parametrize("width", [1280, 360])
def test_the_plan_form_assembles_its_sentence_and_comes_back_with_its_faults(me, page, watch, visit, look, width):
    watch.allowed.add(422)
    idea = IdeaFactory(title="Thank readers after their third visit", channel="email")
    visit(f"/experiments/new/?idea={idea.pk}", width=width)
    look("experiments-new")

    page.locator("[name=will_move]").fill("second visits")
    expect(page.locator("[data-hypothesis]")).to_contain_text("will move second visits by")
    page.get_by_role("button", name="Another metric").click()
    expect(page.locator("[name=metric-2-name]")).to_be_visible()
    page.get_by_role("button", name="Save the plan").evaluate("button => button.form.noValidate = true")
    page.get_by_role("button", name="Save the plan").click()

    expect(page.get_by_text("Give the variant a name.")).to_be_visible()
    expect(page.locator("[name=will_move]")).to_have_value("second visits")
    look("experiments-new-refused")


def test_enter_in_a_field_saves_the_plan_and_adds_no_row(me, page, visit):
    visit("/experiments/new/")
    page.locator("[name=variant-1-name]").fill("Note")
    page.locator("[name=metric-0-name]").fill("read")
    page.locator("[name=name]").fill("Noon letter")

    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Noon letter")
    assert Experiment.objects.get().variants.count() == 2


def test_a_plan_is_changed_by_the_form_it_was_written_with(me, page, visit, look):
    planned(hypothesis={"because": "mornings are full"})
    visit("/experiments/planned/plan/change/", width=360)
    page.locator("[name=because]").fill("evenings are free")
    expect(page.locator("[data-hypothesis]")).to_contain_text("evenings are free")
    page.get_by_role("button", name="Another metric").click()
    expect(page.locator("[name=metric-1-name]")).to_be_visible()
    expect(page.locator("[name=because]")).to_have_value("evenings are free")
    look("experiments-change")

    page.get_by_role("button", name="Save the plan").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("A planned one")
    expect(page.get_by_text("evenings are free")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 360])
def test_a_refused_upload_keeps_the_chosen_file_and_the_next_try_arrives(me, page, watch, visit, look, tmp_path, width):
    watch.allowed.add(422)
    visit("/experiments/import/", width=width)
    page.locator("[name=key]").fill("no spaces")
    page.locator("input[type=file]").set_input_files(results_csv(tmp_path / "r.csv"))

    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_text("A key has 1 to 100 letters, digits, - or _.")).to_be_visible()
    assert page.locator("input[type=file]").evaluate("field => field.files[0].name") == "r.csv"
    page.locator("[name=key]").fill("mails")
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("What do the columns mean?")
    look("experiments-columns")


def test_without_script_the_same_form_arrives(me, new_context, live_server, tmp_path):
    client = Client()
    client.force_login(me)
    context = new_context(java_script_enabled=False)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/experiments/import/")
    page.locator("[name=key]").fill("mails")
    page.locator("input[type=file]").set_input_files(results_csv(Path(tmp_path) / "r.csv"))

    page.get_by_role("button", name="Upload").click()

    assert page.get_by_role("heading", level=1).inner_text() == "What do the columns mean?"
    assert ResultsUpload.objects.get().key == "mails"


def test_the_figure_can_be_read_as_a_table(me, ended, page, visit):
    visit("/experiments/mails/results/")

    page.locator("#forest").get_by_text("Show as table").click()

    table = page.locator("#forest table")
    expect(table).to_contain_text("Primary: spend")
    expect(table.locator("tbody tr")).to_have_count(8)


@pytest.mark.parametrize("width", [1280, 360])
def test_health_audience_and_the_registry_of_metrics(visit, sign_in, look, tmp_path, width):
    imported(tmp_path)
    goal, below = (registry.add_standard(key=key, actor=None) for key in ("revenue_28", "orders_28"))
    registry.place(metric=goal, serves=None, is_top=True, actor=None)
    registry.place(metric=below, serves=goal, is_top=False, actor=None)
    registry.add_standard(key="opened_14", actor=None)
    sign_in(MemberFactory())

    for path, name in (
        ("/experiments/mails/health/", "health"), ("/experiments/mails/audience/", "experiment-audience"),
        ("/metrics/", "metrics"), ("/metrics/orders_28/", "metric"), ("/metrics/new/", "metric-new"),
    ):  # fmt: skip
        visit(path, width=width)
        look(name)


@pytest.mark.parametrize("width", [1280, 360])
def test_forecast_checklist_and_retro(me, ended, visit, look, width):
    planned(key="next", starts=now(), ends=now() + timedelta(days=14))
    variant = ended.variants.get(position=1)
    choice = {"kind": "ship", "variant": variant, "reason": "Readers stay.", "learning": "Thanks early."}
    decisions.decide(experiment=ended, actor=MemberFactory(), **choice)

    for path, name in (
        ("/experiments/next/forecast/", "forecast"),
        ("/experiments/next/forecast/?level=20&effect=2&customers_a_day=500&power=0.8", "forecast-made"),
        ("/experiments/next/checklist/", "checklist"), (f"/experiments/{ended.key}/retro/", "retro"),
    ):  # fmt: skip
        visit(path, width=width)
        look(name)


def test_while_an_idea_is_typed_what_was_learned_from_its_like_appears(me, ended, page, visit):
    decisions.decide(experiment=ended, kind="stop", reason="So.", learning="Thanks bring readers back.", actor=me)
    visit("/ideas/new/")

    page.get_by_label("Title").fill("Thank our readers")

    expect(page.locator("#tried")).to_contain_text("Thanks bring readers back.")
    page.get_by_label("Title").fill("Zeppelins")
    expect(page.locator("#tried")).to_contain_text("Nothing like it has been tried and decided here.")
