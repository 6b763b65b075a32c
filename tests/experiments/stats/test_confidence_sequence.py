import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy import stats as scipy_stats

from experiments.stats import (
    Counts,
    Method,
    Moments,
    Status,
    confidence_sequence,
    delta_lift,
    harm_e_value,
    newcombe,
    running_intersection,
    sequence_critical_value,
    sequence_schedule,
    welch,
)


def effect(means=10.2, *, n=1000.0):
    n = np.asarray(n)
    return welch(Moments(n, 10.0, n * 9.0), Moments(n, np.asarray(means), n * 9.0))


def planned_prior_variance(planned: float, alpha: float) -> float:
    """rho^2 at which the sequence is narrowest at the planned customers (the paper's equation for its t*)."""
    threshold = -2 * np.log(alpha)
    return (threshold + np.log(threshold + 1)) / planned


def mixed_likelihood_ratio(score: float, customers: float, rho: float, low: float) -> float:
    """Likelihood of a normal walk with drift, the drift itself drawn from N(0, rho^2) above `low`, against no drift."""
    weight = 1.0 if low < 0 else 2.0

    def part(drift: float) -> float:
        ratio = np.exp(drift * score - customers * drift**2 / 2)
        return weight * scipy_stats.norm.pdf(drift, scale=rho) * ratio

    return integrate.quad(part, max(low, -40 * rho), 40 * rho, epsabs=0, epsrel=1e-12, limit=500)[0]


@pytest.mark.parametrize("mean", [10.0, 10.25, 9.6])
def test_e_values_are_mixed_likelihood_ratios(mean):
    alpha, planned = 0.05, 5000.0
    comparison = effect(mean)
    rho = np.sqrt(planned_prior_variance(planned, alpha))
    score = float(comparison.estimate / comparison.se) * np.sqrt(2000.0)

    both = confidence_sequence(comparison, planned_customers=planned, alpha=alpha)
    down = harm_e_value(comparison, planned_customers=planned, alpha=alpha)
    up = harm_e_value(comparison, planned_customers=planned, alpha=alpha, direction="down")

    expected = [mixed_likelihood_ratio(sign * score, 2000.0, rho, low) for sign, low in ((1, -1), (-1, 0), (1, 0))]
    np.testing.assert_allclose([both.e_value, down, up], expected, rtol=1e-8)


def test_sequence_is_55_percent_wider_than_one_look_at_its_best_point():
    ratio = sequence_critical_value([0.1, 0.5, 1.0, 2.0, 5.0]) / scipy_stats.norm.ppf(0.975)
    assert ratio.argmin() == 2
    assert ratio.min() == pytest.approx(1.55, abs=0.005)


@settings(deadline=None)
@given(st.floats(8, 12), st.integers(100, 10**6), st.floats(100, 1e7), st.floats(1e-6, 0.5))
def test_p_is_at_most_alpha_just_where_the_limits_exclude_zero(mean, n, planned, alpha):
    found = confidence_sequence(effect(mean, n=float(n)), planned_customers=planned, alpha=alpha)
    distance = min(abs(float(found.low)), abs(float(found.high)))
    # At the very edge rounding decides.
    if distance > 1e-9:
        assert bool(found.p <= alpha) == bool(found.excludes_zero)


def test_estimate_and_error_stay_and_the_rule_is_named():
    comparison = effect([10.0, 10.5])
    found = confidence_sequence(comparison, planned_customers=3000, alpha=0.1)
    np.testing.assert_array_equal([found.estimate, found.se], [comparison.estimate, comparison.se])
    assert (list(found.method), list(found.level), list(found.df)) == (
        [Method.CONFIDENCE_SEQUENCE] * 2,
        [0.9, 0.9],
        [np.inf, np.inf],
    )


def test_too_few_customers_or_events_give_no_limits():
    n = np.array([99, 100, 5000, 5000])
    events = np.array([50, 50, 29, 30])
    found = confidence_sequence(effect(10.1, n=n), planned_customers=9000, fewest_events=events)
    assert list(found.status) == [Status.TOO_FEW, Status.OK, Status.TOO_FEW, Status.OK]
    for numbers in (found.low, found.high, found.p, found.e_value):
        np.testing.assert_array_equal(np.isnan(numbers), [True, False, True, False])
    assert not np.isnan(found.estimate).any()
    harm = harm_e_value(effect(10.1, n=n), planned_customers=9000, fewest_events=events)
    np.testing.assert_array_equal(np.isnan(harm), [True, False, True, False])


def test_graver_statuses_stay():
    found = confidence_sequence(newcombe(Counts([0, 50], [0, 10]), Counts([500, 60], [50, 10])), planned_customers=5000)
    assert list(found.status) == [Status.EMPTY_ARM, Status.TOO_FEW]
    assert np.isnan(found.estimate[0])


def test_any_comparison_can_be_watched():
    control, treatment = Moments(4000, 10.0, 36000.0), Moments(4000, 10.4, 36000.0)
    lift = confidence_sequence(delta_lift(control, treatment), planned_customers=8000)
    assert float(lift.low) < 0.04 < float(lift.high)


def test_more_levels_than_comparisons_broadcast():
    found = confidence_sequence(effect([10.1, 10.2]), planned_customers=2000, alpha=np.array([[0.05], [0.01]]))
    assert {getattr(found, name).shape for name in ("estimate", "se", "low", "p", "status", "level")} == {(2, 2)}
    assert (np.diff(found.high, axis=0) > 0).all()


def test_huge_evidence_is_infinite_and_not_an_error():
    found = confidence_sequence(effect(100.0, n=1e6), planned_customers=2e6)
    assert (float(found.e_value), float(found.p)) == (np.inf, 0.0)


def test_a_benefit_never_alarms():
    assert (harm_e_value(effect(np.linspace(10.0, 20.0, 50)), planned_customers=2000) <= 1.0).all()


def test_running_intersection_keeps_what_all_looks_agree_on():
    looks = confidence_sequence(effect([10.0, 10.3, 10.1], n=[1000, 2000, 4000]), planned_customers=8000)
    found = running_intersection(looks)
    np.testing.assert_array_equal(found.low, np.maximum.accumulate(looks.low))
    np.testing.assert_array_equal(found.high, np.minimum.accumulate(looks.high))
    assert found.notes == ()


def test_running_intersection_of_a_changing_effect_is_empty_and_says_so():
    looks = confidence_sequence(effect([[10.0, 12.0, 8.0], [10.0, 10.0, 10.0]], n=4000.0), planned_customers=8000)
    found = running_intersection(looks)
    np.testing.assert_array_equal(np.isnan(found.low), [[False, True, True], [False, False, False]])
    (note,) = found.notes
    assert note.text.startswith("nonstationary")
    np.testing.assert_array_equal(note.where, np.isnan(found.low))


def test_running_intersection_passes_over_looks_without_limits():
    looks = confidence_sequence(effect(10.1, n=[50.0, 500.0]), planned_customers=1000)
    found = running_intersection(looks)
    np.testing.assert_array_equal(found.low, looks.low)


def test_schedule_of_a_sequence_has_its_boundaries_and_spends_less_than_alpha():
    looks = np.arange(1, 101) / 100
    schedule = sequence_schedule(looks)
    np.testing.assert_array_equal(schedule.bounds, sequence_critical_value(looks))
    assert 0.0 < float(schedule.power(0.0)) < 0.05


@pytest.mark.parametrize("planned", [0, -5, np.nan, np.inf])
def test_an_impossible_plan_is_refused(planned):
    with pytest.raises(ValueError, match="planned_customers is"):
        confidence_sequence(effect(), planned_customers=planned)
