"""The page that plans an experiment."""

import pytest

from experiments.models import Experiment
from experiments.services import registry
from tests.backlog.factories import IdeaFactory
from tests.experiments.builders import planned
from tests.experiments.forms.test_plan import typed
from tests.factories import MemberFactory, PodFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return MemberFactory(name="Ben")


@pytest.fixture
def client(client, member):
    client.force_login(member)
    return client


def test_an_idea_fills_the_form(client):
    idea = IdeaFactory(title="Thank-you note", channel="email", pod=PodFactory(slug="loyalty"))

    draft = client.get(f"/experiments/new/?idea={idea.pk}").context["draft"]

    assert draft.head["name"].value() == "Thank-you note"
    assert draft.hypothesis["because"].value() == idea.problem.removesuffix(".")
    assert draft.variants.forms[1]["channel"].value() == "email"


def test_a_saved_plan_is_linked_to_its_idea_and_leads_to_its_page(client, member):
    idea = IdeaFactory()

    answer = client.post(
        f"/experiments/new/?idea={idea.pk}", typed(because="mornings are full", subgroups="state, plan, state")
    )

    experiment = Experiment.objects.get()
    assert answer["Location"] == f"/experiments/{experiment.key}/plan/"
    assert (experiment.idea, experiment.strategy_owner, experiment.because) == (idea, member, "mornings are full")
    assert experiment.subgroups == ["state", "plan"]
    page = client.get(answer["Location"]).content.decode()
    assert "mornings are full" in page
    assert "state, plan" in page
    assert idea.title in page


def test_b1_2_on_the_page_the_key_is_composed_from_what_was_typed(client):
    client.post("/experiments/new/", typed(first_day="2027-01-05", key="mine", pod=str(PodFactory(slug="loyalty").pk)))

    assert Experiment.objects.get().key == "2027q1-loyalty-email-thank-you-note"


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"subgroups": "a,b,c,d,e,f"}, 422, "At most 5 subgroups: each one widens the intervals of all."),
        ({"variant-1-name": "Control"}, 422, "Two variants have the same name."),
        ({"variant-0-share": "50", "variant-1-share": "40"}, 422, "The shares sum to 0.9; they must sum to 1."),
        ({"variant-0-share": "100", "variant-1-share": "0"}, 422, "Each share must lie above 0 and below 1."),
        ({"metric-0-role": "secondary"}, 422, "Exactly one metric is primary: the one that decides."),
        ({"metric-1-name": "came back"}, 422, "Two metrics have the same name."),
        ({"first_day": "2027-02-01", "last_day": "2027-01-01"}, 422, "The end must lie after the start."),
        ({"name": ""}, 422, "This field is required."),
    ],
)
def test_a_refused_plan_says_why_once_keeps_what_was_typed_and_writes_nothing(client, changes, status, sentence):
    planned()

    answer = client.post("/experiments/new/", typed(**{"will_move": "the share who come back", **changes}))

    page = answer.content.decode()
    assert answer.status_code == status
    assert page.count(sentence) == 1
    assert "the share who come back</textarea>" in page
    assert Experiment.objects.count() == 1


def test_an_idea_in_a_round_is_refused_above_the_form(client):
    idea = IdeaFactory(state="in_round")

    answer = client.post(f"/experiments/new/?idea={idea.pk}", typed())

    assert answer.status_code == 409
    assert len(answer.context["draft"].head.non_field_errors()) == 1
    assert not Experiment.objects.exists()


def test_the_button_for_another_row_brings_the_form_back_unjudged(client):
    answer = client.post("/experiments/new/", typed(name="", add_variant="1", because="kept"))

    page = answer.content.decode()
    assert answer.status_code == 200
    assert 'name="variant-3-name"' in page
    assert "kept</textarea>" in page
    assert "This field is required." not in page


@pytest.mark.parametrize("idea", ["0", "x", "9" * 40])
def test_an_idea_that_is_not_there_is_said(client, idea):
    answer = client.get(f"/experiments/new/?idea={idea}")

    assert answer.status_code == 404
    assert "There is no such idea." in answer.content.decode()


def test_a_reader_is_refused_on_both_ways_in(client, member):
    member.role = "reader"
    member.save()

    assert client.get("/experiments/new/").status_code == 403
    assert client.post("/experiments/new/", typed()).status_code == 403
    assert not Experiment.objects.exists()


def test_what_people_type_is_shown_as_text(client):
    evil = "<script>alert(1)</script>"
    client.post("/experiments/new/", typed(name=f"x {evil}", because=evil, **{"variant-1-body": evil}))

    for tab in ("plan", "variants", "history", "results"):
        assert evil not in client.get(f"/experiments/{Experiment.objects.get().key}/{tab}/").content.decode()


def test_a_registered_metric_is_offered_and_brings_its_definition(client):
    metric = registry.add_standard(key="revenue_28", actor=None)
    assert '<option value="revenue_28">' in client.get("/experiments/new/").content.decode()

    client.post("/experiments/new/", typed(**{"metric-0-name": "revenue_28", "metric-0-event": ""}))

    planned_with = Experiment.objects.get().metrics.get(role="primary")
    assert (planned_with.kind, planned_with.columns) == (metric.kind, metric.columns)
