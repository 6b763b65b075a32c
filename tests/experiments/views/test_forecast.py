"""The Forecast tab: what it shows, and what it puts into the plan."""

from datetime import timedelta

import pytest

from engagement.core.clock import now
from experiments.models import Experiment
from experiments.services import checklist
from experiments.services.plans import MetricPlan
from tests.experiments.builders import planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
ASKED = {"level": "20", "effect": "2", "customers_a_day": "500", "power": "0.8"}
TAB, SETTLE = "/experiments/planned/forecast/", "/experiments/planned/forecast/settle/"


@pytest.fixture
def client(client):
    client.force_login(MemberFactory())
    return client


@pytest.fixture
def plan() -> Experiment:
    starts = now()
    return planned(starts=starts, ends=starts + timedelta(days=42))


def reloaded(plan: Experiment) -> Experiment:
    return Experiment.objects.get(pk=plan.pk)


def test_it_says_that_its_level_is_assumed_and_answers_what_is_asked(client, plan):
    assert "assumed level" in client.get(TAB).content.decode()

    told = client.get(TAB, ASKED).content.decode()

    assert "It needs 13,020 customers." in told
    assert "They come within 28 days" in told


def test_b4_3_the_plan_is_sized_and_sealed_for_its_whole_weeks(client, plan):
    assert client.post(SETTLE, ASKED).status_code == 302

    sized = reloaded(plan)
    assert sized.plan == {"customers": 13_020, "minimum_effect": 0.1, "power": 0.8, "alpha": 0.05, "looks": 1}
    assert sized.sealed_until == plan.starts + timedelta(days=28)
    assert f"sealed until {sized.sealed_until:%-d %B %Y}" in client.get(TAB).content.decode()
    assert next(item for item in checklist.items(sized) if item.key == "power").status == "passed"


def test_a_plan_without_dates_is_sized_and_seals_nothing(client):
    undated = planned()

    client.post(SETTLE, ASKED)

    assert reloaded(undated).plan["customers"] == 13_020
    assert reloaded(undated).sealed_until is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"effect": "0"}, "It has to be above 0."),
        ({"effect": "nan"}, "Enter a number."),
        ({"level": "100"}, "A rate lies between 0% and 100%."),
        ({"effect": "90"}, "From this base rate so large a change leaves 0% to 100%."),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(client, plan, typed, sentence):
    answer = client.post(SETTLE, {**ASKED, **typed})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert reloaded(plan).plan is None


def test_a_quantile_has_no_forecast_and_says_why(client, plan):
    plan.metrics.filter(role="primary").update(
        kind="quantile", columns={"event": "wait", "quantile": 0.5, "window_s": 1}
    )

    assert "There is no forecast for this kind" in client.get(TAB).content.decode()
    assert client.post(SETTLE, ASKED).status_code == 302
    assert reloaded(plan).plan is None


def test_an_amount_asks_for_its_spread(client):
    amount = planned(metrics=[MetricPlan("spend", "mean", "primary", unit="EUR")])

    client.post(SETTLE, {"level": "10", "spread": "12", "effect": "0.5", "customers_a_day": "1000", "power": "0.9"})

    assert reloaded(amount).plan["minimum_effect"] == 0.05
    assert reloaded(amount).plan["customers"] == pytest.approx(
        4 * (12 / 0.5) ** 2 * (1.959964 + 1.281552) ** 2, rel=1e-3
    )


def test_a_reader_may_look_and_not_size(client, plan):
    client.force_login(MemberFactory(reader=True))

    assert client.get(TAB, ASKED).status_code == 200
    assert client.post(SETTLE, ASKED).status_code == 403
    assert reloaded(plan).plan is None
