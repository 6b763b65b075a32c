"""What past experiments lead one to expect: against the distribution that the effects were drawn from."""

import math
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from scipy import stats as witness

from engagement.core.clock import now
from experiments.models import Metric
from experiments.reports.experience import experience
from tests.experiments.builders import planned
from tests.experiments.outcomes import decide
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
MEAN, TAU, SE = 0.01, 0.06, 0.02


def readout(lift: float, *, key: str = "bought", direction: str = "up", verdict: str = "better") -> dict[str, Any]:
    """As much of a document as a lift is read from; the lift is on the log scale."""
    ends = {"estimate": lift, "low": lift - 1.959964 * SE, "high": lift + 1.959964 * SE}
    comparison = {"variant": "mail", "verdict": verdict, "lift": {name: math.expm1(end) for name, end in ends.items()}}
    metric = {"key": key, "role": "primary", "direction": direction, "variants": [{"n": 100}, {"n": 100}]}
    variants = [{"key": "none"}, {"key": "mail"}]
    return {"level": 0.95, "variants": variants, "health": [], "metrics": [{**metric, "comparisons": [comparison]}]}


def history(count: int, *, seed: int = 3, sign: int = 1, **part: Any) -> None:
    rng = np.random.default_rng(seed)
    for lift in rng.normal(MEAN, TAU, count) + rng.normal(0, SE, count):
        decide(None, readout(sign * float(lift), **part), now() - timedelta(days=1))


@pytest.fixture
def metric() -> Metric:
    return planned().metrics.get(role="primary")


def test_with_fewer_than_twenty_outcomes_it_gives_no_chance(metric):
    history(19)
    decide(None, readout(0.5, verdict="invalid"), now())

    told = experience(metric, minimum_effect=0.05)

    assert (told.count, told.chance, told.low, told.sentence, told.range_sentence) == (19, None, None, "", "")
    assert told.basis == "From 20 decided, valid experiments on: 19 are there."


def test_the_chance_is_that_of_the_distribution_the_effects_were_drawn_from(metric):
    history(150)
    decide(None, readout(3.0, key="else"), now())

    told = experience(metric, minimum_effect=0.05)

    truth = witness.norm(MEAN, TAU)
    assert (told.count, told.metric) == (150, "bought")
    assert told.chance == pytest.approx(truth.sf(math.log(1.05)), abs=0.05)
    expected = [math.expm1(truth.ppf(share)) for share in (0.05, 0.5, 0.95)]
    assert [told.low, told.middle, told.high] == pytest.approx(expected, abs=0.02)
    assert told.sentence.startswith("The chance that its true effect is worth having, more than 5% of the level, is ")
    assert told.basis.startswith("Learned from 150 decided, valid experiments on “bought”")


def test_a_chance_of_next_to_nothing_is_written_so(metric):
    history(40)

    assert experience(metric, minimum_effect=3.0).sentence.endswith("is under 1%.")


def test_where_less_is_better_the_same_falls_tell_the_same(metric):
    history(150)
    up = experience(metric, minimum_effect=0.05)
    metric.direction = "down"
    metric.key = "complained"
    history(150, sign=-1, key="complained", direction="down")

    down = experience(metric, minimum_effect=1 - 1 / 1.05)

    assert down.chance == pytest.approx(up.chance, abs=1e-9)
    assert [1 + down.low, 1 + down.middle, 1 + down.high] == pytest.approx(
        [1 / (1 + end) for end in (up.high, up.middle, up.low)], abs=1e-9
    )


def test_where_the_metric_has_too_few_all_of_them_speak_and_it_says_so(metric):
    history(12)
    history(12, seed=4, key="spend")

    told = experience(metric, minimum_effect=0.05)

    assert (told.count, told.metric) == (24, "")
    assert told.chance is not None
    assert "on all metrics" in told.basis


def test_the_forecast_tab_tells_it_with_its_basis(client):
    planned(key="next")
    client.force_login(MemberFactory())
    asked = {"level": "20", "effect": "2", "customers_a_day": "500", "power": "0.8"}
    before = client.get("/experiments/next/forecast/", asked).content.decode()
    history(25)

    told = client.get("/experiments/next/forecast/", asked).content.decode()

    assert "From 20 decided, valid experiments on: 0 are there." in before
    assert "The chance that its true effect is worth having, more than 10% of the level, is " in told
    assert "Nine in ten true effects lie between " in told
    assert "Learned from 25 decided, valid experiments on “bought”" in told
