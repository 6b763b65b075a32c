import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from experiments.stats import (
    PlannedMean,
    PlannedRate,
    SingleLook,
    achieved_power,
    dunnett_critical,
    group_sequential,
    minimum_effect,
    optimal_control_share,
    quarterly_value,
    required_customers,
    sequence_schedule,
)

STUDENT = SingleLook(t_below=np.inf)
NORMAL = SingleLook(t_below=0.0)


def test_t_test_gives_the_examples_of_the_r_manual():
    # help(power.t.test): n = 20, delta = 1, sd = 1; and power 0.90, two- and one-sided.
    one = PlannedMean(1.0)
    assert float(achieved_power(one, effect=1.0, control_customers=20)) == pytest.approx(0.8689528, abs=1e-6)
    assert float(required_customers(one, effect=1.0, power=0.9).control) == pytest.approx(22.02110, abs=1e-4)
    one_sided = required_customers(one, effect=1.0, power=0.9, rule=SingleLook(is_one_sided=True))
    assert float(one_sided.control) == pytest.approx(17.84713, abs=1e-4)


def test_rates_give_the_examples_of_the_r_manual():
    # help(power.prop.test): n = 50, p1 = 0.50, p2 = 0.75; and power 0.90.
    rate = PlannedRate(0.5)
    assert float(achieved_power(rate, effect=0.25, control_customers=50)) == pytest.approx(0.7401659, abs=1e-5)
    assert float(required_customers(rate, effect=0.25, power=0.9).control) == pytest.approx(76.7, abs=0.05)


def test_large_means_need_the_textbook_number():
    z = scipy_stats.norm.ppf([0.975, 0.8]).sum()
    metric = PlannedMean(variance=9.0, treatment_variance=16.0)
    found = required_customers(metric, effect=-0.1, allocation=2.0)
    assert float(found.control) == pytest.approx(z**2 * (9 + 16 / 2) / 0.01, rel=1e-5)
    assert (float(found.treatment), float(found.total)) == (2 * float(found.control), 3 * float(found.control))


@pytest.mark.parametrize("allocation", [1.0, 0.25])
@pytest.mark.parametrize("n", [8, 20, 150])
def test_t_power_agrees_with_scipy_for_pooled_and_own_variances(n, allocation):
    effect, m = 0.7, n * allocation
    se = np.sqrt(1 / n + 1 / m)
    pooled, own = (
        n + m - 2,
        (1 / n + 1 / m) ** 2 / ((1 / n) ** 2 / (n - 1) + (1 / m) ** 2 / (m - 1)) if m > 1 else np.nan,
    )
    for df, has_pooled_df in ((pooled, True), (own, False)):
        critical = scipy_stats.t.isf(0.025, df)
        shifted = scipy_stats.nct(df, effect / se)
        expected = shifted.sf(critical) + shifted.cdf(-critical)
        rule = SingleLook(has_pooled_df=has_pooled_df)
        found = achieved_power(PlannedMean(1.0), effect=effect, control_customers=n, allocation=allocation, rule=rule)
        assert float(found) == pytest.approx(expected, rel=1e-6)


def test_one_customer_has_no_power_to_speak_of():
    assert np.isnan(achieved_power(PlannedMean(1.0), effect=1.0, control_customers=1))


def test_t_power_only_grows_with_customers_and_effect():
    n = np.linspace(2.0, 199.0, 400)
    for effect in (0.01, 0.5, 3.0, 40.0):
        found = achieved_power(PlannedMean(1.0), effect=effect, control_customers=n)
        assert (np.diff(found) > -1e-7).all()
        assert found.max() <= 1.0 + 1e-12


def test_normal_and_t_answers_meet_where_the_rule_changes():
    n = np.array([199.0, 200.0])
    found = achieved_power(PlannedMean(1.0), effect=0.25, control_customers=n)
    assert abs(found[1] - found[0]) < 0.01


METRICS = st.one_of(st.builds(PlannedMean, st.floats(0.1, 100.0)), st.builds(PlannedRate, st.floats(0.02, 0.9)))


@settings(deadline=None)
@given(METRICS, st.floats(0.001, 0.09), st.floats(0.3, 0.95), st.floats(0.2, 4.0), st.booleans())
def test_customers_power_and_effect_are_one_relation(metric, effect, power, allocation, is_one_sided):
    rule = SingleLook(is_one_sided=is_one_sided, t_below=0.0)
    shared = {"allocation": allocation, "rule": rule}
    n = required_customers(metric, effect=effect, power=power, **shared).control
    np.testing.assert_allclose(achieved_power(metric, effect=effect, control_customers=n, **shared), power, rtol=1e-7)
    found = minimum_effect(metric, control_customers=n, power=power, **shared)
    np.testing.assert_allclose(found.absolute, effect, rtol=1e-6)
    np.testing.assert_allclose(found.relative, effect / metric.level, rtol=1e-6)


def test_small_means_are_one_relation_too():
    n = required_customers(PlannedMean(1.0), effect=[0.8, 2.5], power=0.9).control
    np.testing.assert_allclose(achieved_power(PlannedMean(1.0), effect=[0.8, 2.5], control_customers=n), 0.9, rtol=1e-9)
    np.testing.assert_allclose(minimum_effect(PlannedMean(1.0), control_customers=n, power=0.9).absolute, [0.8, 2.5])


def test_no_plan_has_fewer_than_two_customers_a_variant():
    assert float(required_customers(PlannedMean(1.0), effect=500.0).control) == pytest.approx(2.0)
    found = required_customers(PlannedMean(1.0), effect=500.0, allocation=0.1)
    assert float(found.treatment) == pytest.approx(2.0)


def test_all_arguments_broadcast():
    metric = PlannedRate(np.array([0.05, 0.2, 0.4]))
    found = required_customers(metric, effect=np.array([[0.01], [0.02]]), power=np.array([0.8, 0.85, 0.9]))
    assert found.control.shape == (2, 3)
    alone = required_customers(PlannedRate(0.2), effect=0.02, power=0.85)
    assert float(found.control[1, 1]) == pytest.approx(float(alone.control), rel=1e-12)


def test_a_decrease_of_a_rate_is_cheaper_to_find_than_an_increase():
    metric = PlannedRate(0.1)
    down = minimum_effect(metric, control_customers=2000, is_increase=False).absolute
    up = minimum_effect(metric, control_customers=2000).absolute
    assert -up < down < 0


def test_an_effect_that_has_no_room_is_not_a_number():
    assert np.isnan(minimum_effect(PlannedRate(0.99), control_customers=30).absolute)
    assert np.isnan(minimum_effect(PlannedRate(0.02), control_customers=30, is_increase=False).relative)


def test_several_treatments_need_dunnett_s_constant():
    rule, k = SingleLook(treatments=3), 0.5
    loading = np.full(3, k / (1 + k))
    z = float(dunnett_critical(loading)) + scipy_stats.norm.ppf(0.8)
    found = required_customers(PlannedMean(1.0), effect=0.05, allocation=k, rule=rule)
    assert float(found.control) == pytest.approx(z**2 * (1 + 1 / k) / 0.05**2, rel=1e-4)
    assert float(found.total) == pytest.approx(2.5 * float(found.control))


def test_looking_five_times_costs_three_percent_and_watching_always_far_more():
    metric, effect = PlannedMean(1.0), 0.05
    looks = np.arange(1, 6) / 5
    fixed = required_customers(metric, effect=effect).control
    sequential = required_customers(metric, effect=effect, rule=group_sequential(looks)).control
    always = required_customers(metric, effect=effect, rule=sequence_schedule([1.0])).control
    assert 1.02 < sequential / fixed < 1.03
    # (sqrt(9.21) + 0.842)^2 / (1.960 + 0.842)^2 with the decision at the plan alone.
    assert always / fixed == pytest.approx((np.sqrt(9.21) + 0.8416) ** 2 / (1.96 + 0.8416) ** 2, rel=1e-3)
    half = required_customers(metric, effect=effect, power=0.5).control
    always = required_customers(metric, effect=effect, power=0.5, rule=sequence_schedule([1.0])).control
    assert always / half == pytest.approx(2.4, abs=0.01)


def test_sequential_plans_are_one_relation_too():
    rule = group_sequential([0.3, 0.7, 1.0], treatments=2)
    for metric, effect in ((PlannedMean(4.0), 0.1), (PlannedRate(0.1), 0.02)):
        n = required_customers(metric, effect=effect, power=0.85, rule=rule)
        power = achieved_power(metric, effect=effect, control_customers=n.control, rule=rule)
        assert float(power) == pytest.approx(0.85, abs=1e-7)
        assert float(n.total) == pytest.approx(3 * float(n.control))
        found = minimum_effect(metric, control_customers=n.control, power=0.85, rule=rule)
        assert float(found.absolute) == pytest.approx(effect, rel=1e-6)


def test_control_share_minimises_the_variance_of_every_comparison():
    shares = np.linspace(0.01, 0.99, 9801)
    for treatments in (1, 3, 5):
        variance = 1 / shares + treatments / (1 - shares)
        assert optimal_control_share(treatments) == pytest.approx(shares[variance.argmin()], abs=1e-4)


def test_value_is_effect_times_reach():
    np.testing.assert_allclose(quarterly_value([0.2, np.nan], 10_000), [2000.0, np.nan])
    assert float(quarterly_value(0.01, 10_000, value_per_unit=40.0)) == 4000.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: required_customers(PlannedMean(1.0), effect=0.0), "effect is 0.0: must not be 0"),
        (lambda: required_customers(PlannedRate(0.9), effect=0.2), "outside"),
        (lambda: required_customers(PlannedMean(1.0), effect=0.1, power=1.0), "power is 1.0"),
        (lambda: achieved_power(PlannedMean(1.0), effect=0.1, control_customers=0), "control_customers is 0.0"),
        (lambda: achieved_power(PlannedMean(1.0), effect=0.1, control_customers=9, allocation=-1), "allocation is -1"),
        (lambda: achieved_power(PlannedMean(1.0), effect=np.nan, control_customers=9), "effect is nan"),
    ],
)
def test_impossible_plans_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
