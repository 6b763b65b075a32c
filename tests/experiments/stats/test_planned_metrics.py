import numpy as np
import pytest

from experiments.stats import Moments, PlannedMean, PlannedRate, adjusted_share, design_effect, required_customers
from tests.experiments.stats.builders import buyers


def test_a_past_period_gives_level_and_noise():
    rows = buyers(5000, seed=8)
    metric = PlannedMean.of(Moments.from_values(rows))
    assert (float(metric.variance), float(metric.level)) == (
        pytest.approx(rows.var(ddof=1)),
        pytest.approx(rows.mean()),
    )
    assert float(metric.both_variances[1]) == float(metric.variance)


def test_adjustment_saves_what_it_explains_less_a_tenth():
    assert float(adjusted_share(0.5)) == pytest.approx(0.55)
    assert float(adjusted_share(0.5, discount=0.0)) == 0.5
    plain = required_customers(PlannedMean(4.0), effect=0.1).control
    adjusted = required_customers(PlannedMean(4.0).with_variance_times(adjusted_share(0.5)), effect=0.1).control
    assert float(adjusted / plain) == pytest.approx(0.55)


def test_adjusted_rates_are_compared_as_means():
    metric = PlannedRate(0.2).with_variance_times(0.7)
    null, own = metric.spread(np.asarray(0.05), np.asarray(2.0))
    assert float(null) == float(own)
    assert float(own) == pytest.approx(np.sqrt(0.7 * (0.2 * 0.8 + 0.25 * 0.75 / 2)))


def test_unadjusted_rates_have_the_pooled_rate_without_effect():
    null, own = PlannedRate(0.2).spread(np.asarray(0.05), np.asarray(2.0))
    pooled = (0.2 + 2 * 0.25) / 3
    assert float(null) == pytest.approx(np.sqrt(pooled * (1 - pooled) * 1.5))
    assert float(own) == pytest.approx(np.sqrt(0.2 * 0.8 + 0.25 * 0.75 / 2))


def test_clusters_cost_their_design_effect():
    # Twenty customers a shop at an intraclass correlation of 0.05 nearly double the variance.
    assert float(design_effect(20, 0.05)) == pytest.approx(1.95)
    assert float(design_effect(20, 0.05, size_cv=0.5)) == pytest.approx(2.2)
    assert float(design_effect(1, 0.3)) == 1.0


def test_two_noises_are_multiplied_alike():
    metric = PlannedMean(4.0, treatment_variance=6.0).with_variance_times(0.5)
    assert [float(variance) for variance in metric.both_variances] == [2.0, 3.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PlannedMean(0.0), "variance is 0.0"),
        (lambda: PlannedMean(1.0, treatment_variance=-1.0), "treatment_variance is -1.0"),
        (lambda: PlannedRate(1.0), "rate is 1.0"),
        (lambda: PlannedRate(0.5, 0.0), "factor is 0.0"),
        (lambda: adjusted_share(1.0), "r_squared is 1.0"),
        (lambda: design_effect(0, 0.1), "cluster_size is 0.0"),
        (lambda: design_effect(5, 1.1), "icc is 1.1"),
    ],
)
def test_impossible_metrics_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
