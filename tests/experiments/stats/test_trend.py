import numpy as np
import pytest
from scipy import optimize

from experiments.stats import CrossMoments, Moments, effect_trend, effects_by_day, trend_alarm, welch

DAYS = np.arange(1.0, 15.0)


def noise(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    variance = rng.uniform(0.5, 2.0, 14) * 1e-4
    return 0.05 - 0.001 * DAYS + rng.normal(size=14) * np.sqrt(variance), variance


def test_line_with_known_variances_is_weighted_least_squares():
    effect, variance = noise()
    (fit, covariance) = optimize.curve_fit(
        lambda x, a, b: a + b * x, DAYS - 14, effect, sigma=np.sqrt(variance), absolute_sigma=True
    )
    found = effect_trend(DAYS, effect, variance=variance)
    assert (float(found.last), float(found.slope)) == pytest.approx(tuple(fit), rel=1e-6)
    assert (float(found.last_se), float(found.se)) == pytest.approx(tuple(np.sqrt(np.diag(covariance))), rel=1e-6)
    assert float(found.settled) == pytest.approx(np.average(effect[7:], weights=1 / variance[7:]))


def test_line_with_covariances_is_that_of_the_whitened_effects():
    effect, variance = noise(2)
    covariance = np.sqrt(np.outer(variance, variance)) * (0.5 + 0.5 * np.eye(14))
    whiten = np.linalg.inv(np.linalg.cholesky(covariance))
    design = whiten @ np.column_stack([np.ones(14), DAYS])
    fit = np.linalg.lstsq(design, whiten @ effect)[0]

    found = effect_trend(DAYS, effect, covariance=covariance)

    assert float(found.slope) == pytest.approx(fit[1])
    assert float(found.se) == pytest.approx(np.sqrt(np.linalg.inv(design.T @ design)[1, 1]))
    late = np.linalg.inv(covariance[7:, 7:])
    assert float(found.settled) == pytest.approx((late @ effect[7:]).sum() / late.sum())


def test_diagonal_covariance_is_the_same_as_variances_and_cells_commute():
    effect, variance = noise(3)
    one = effect_trend(DAYS, effect, variance=variance)
    many = effect_trend(DAYS, np.stack([effect, effect * 2]), covariance=np.diag(variance))
    assert float(many.slope[0]) == pytest.approx(float(one.slope))
    assert float(many.slope[1]) == pytest.approx(2 * float(one.slope))


def test_unknown_days_are_left_out_and_one_day_has_no_slope():
    effect, variance = noise(4)
    holes = np.where(np.isin(DAYS, [3, 14]), np.nan, effect)
    keep = ~np.isnan(holes)
    found, cut = (
        effect_trend(days, values, variance=spread)
        for days, values, spread in ((DAYS, holes, variance), (DAYS[keep], effect[keep], variance[keep]))
    )
    assert (float(found.slope), float(found.last)) == pytest.approx((float(cut.slope), float(cut.last)))
    lone = effect_trend(DAYS, np.where(DAYS == 5, effect, np.nan), variance=variance)
    assert np.isnan([lone.slope, lone.p, lone.last, lone.settled]).all()


def test_effects_by_day_are_differences_of_columns_with_their_joint_noise():
    rng = np.random.default_rng(5)
    control, treatment = rng.normal(size=(300, 4)), rng.normal(size=(200, 4)) + np.arange(4)
    effect, covariance = effects_by_day(CrossMoments.from_values(control), CrossMoments.from_values(treatment))
    np.testing.assert_allclose(effect, treatment.mean(0) - control.mean(0))
    expected = np.cov(control, rowvar=False) / 300 + np.cov(treatment, rowvar=False) / 200
    np.testing.assert_allclose(covariance, expected)


def test_alarm_needs_both_a_trend_and_another_verdict_at_the_end():
    overall = welch(Moments(5000, 1.0, 500.0), Moments(5000, 1.05, 500.0))
    fading = effect_trend(DAYS, 0.1 - 0.01 * DAYS, variance=1e-4)
    steady = effect_trend(DAYS, 0.1 - 0.001 * DAYS, variance=1e-4)
    assert bool(trend_alarm(fading, overall, 0.01))
    assert not bool(trend_alarm(fading, overall, 0.2))
    assert not bool(trend_alarm(steady, overall, 0.01))


def test_noise_given_twice_or_not_at_all_is_refused():
    for noise_of in ({}, {"variance": 1.0, "covariance": np.eye(14)}):
        with pytest.raises(ValueError, match="either a variance"):
            effect_trend(DAYS, DAYS, **noise_of)
