"""The checks that tell whether a result is to be trusted, at the edges where they change their word."""

from datetime import timedelta

import numpy as np
import pytest
from scipy.stats import norm

from engagement.customers.queries import Age
from experiments.health import checks
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.summarise import ExperimentSums, Late, MetricSums, Repeated
from experiments.readouts.metric_data import metric_data
from experiments.readouts.rule import Plan

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("age_h", "status"), [(1.0, "pass"), (1.01, "warn"), (4.0, "warn"), (4.01, "fail")])
def test_a_feed_is_stale_past_its_delay_and_fails_past_four_times_it(age_h, status):
    young = Age("session", 5 * HOUR, 24 * HOUR)
    found = checks.freshness([young, Age("purchase", age_h * HOUR, HOUR)])
    assert (found.name, found.status, checks.is_stale(found)) == ("freshness", status, status == "fail")
    assert ("“purchase”" in found.message) == (status != "pass")
    assert checks.freshness([]) is None


@pytest.mark.parametrize(("count", "status"), [(0, "pass"), (100, "pass"), (101, "warn")])
def test_late_and_repeated_events_warn_above_one_percent(count, status):
    late = checks.late_events(Late(count, 10_000))
    repeated = checks.duplicates(Repeated(count, 10_000))
    assert (late.status, repeated.status) == (status, status)
    assert (str(count) in late.message, str(count) in repeated.message) == ((True, True) if count else (False, False))
    assert checks.duplicates(None) is None


def spend(n: float, mean: float, sd: float):
    sums = {name: np.zeros(2) for name in MetricSums.__slots__}
    sums |= {"n": np.full(2, n), "y1": np.full(2, n * mean), "y2": np.full(2, (n - 1) * sd**2 + n * mean**2)}
    return metric_data(MetricDefinition("spend", "mean", "buy", window_s=86_400), MetricSums(**sums))


@pytest.mark.parametrize(("sd", "status"), [(10.0, "pass"), (60.0, "warn")])
def test_a_plan_that_would_miss_its_effect_more_often_than_find_it_is_told(sd, status):
    plan = Plan(customers=20_000, minimum_effect=0.05)
    found = checks.underpowered(spend(500, 20.0, sd), plan, [0.5, 0.5])
    assert found.status == status
    power = norm.sf(norm.isf(0.025) - 1.0 / np.sqrt(2 * sd**2 / 10_000))
    assert f"chance of {100 * power:.0f}%" in found.message
    for silent in (Plan(), Plan(customers=20_000)):
        assert checks.underpowered(spend(500, 20.0, sd), silent, [0.5, 0.5]) is None
    assert checks.underpowered(spend(500, 20.0, 0.0), plan, [0.5, 0.5]) is None


@pytest.mark.parametrize(
    ("counted", "status"),
    [((4_999, 5_000), "warn"), ((5_000, 5_000), "pass"), ((5_300, 4_300), "fail"), ((0, 0), "warn")],
)
def test_closed_windows_warn_below_half_and_fail_where_they_do_not_fit_the_shares(counted, status):
    data = spend(0, 0.0, 0.0)
    data.sums.n[:], everybody = counted, np.array([10_000.0, 10_000.0])
    found = checks.maturity(data, ExperimentSums(("a", "b"), everybody, np.zeros(2), {}), [0.5, 0.5])
    assert (found.status, checks.invalidates(found)) == (status, status == "fail")
    assert f"for {sum(counted):,} of 20,000 exposed customers" in found.message
    assert checks.maturity(data, ExperimentSums(("a", "b"), 0 * everybody, np.zeros(2), {}), [0.5, 0.5]) is None
