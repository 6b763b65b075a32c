import numpy as np
import pytest
from scipy import optimize
from scipy import stats as scipy_stats

from experiments.stats import Status, fitted_lift_map, learned_prior, lift_calibration


def test_isotonic_map_is_the_best_that_never_falls():
    rating, lift, se = (
        np.array([2, 4, 4, 6, 8, 9]),
        np.array([0.0, 0.03, 0.01, 0.01, 0.05, 0.04]),
        np.array([1, 1, 2, 1, 1, 1]),
    )
    found = fitted_lift_map(rating, lift, se=se)
    levels, weight = np.array([2, 4, 6, 8, 9]), 1 / se**2
    place = np.searchsorted(levels, rating)
    best = optimize.minimize(
        lambda f: (weight * (lift - f[place]) ** 2).sum() * 1e4,
        np.linspace(0, 0.05, 5),
        constraints={"type": "ineq", "fun": np.diff},
        tol=1e-14,
    )
    np.testing.assert_allclose(found.predicted(levels), best.x, atol=1e-5)
    np.testing.assert_allclose(found.predicted([1, 5, 10]), [best.x[0], best.x[1:3].mean(), best.x[-1]], atol=1e-5)


def test_linear_map_is_weighted_least_squares():
    rng = np.random.default_rng(1)
    rating, se = rng.integers(1, 11, 50), rng.uniform(0.5, 2, 50)
    lift = 0.01 * rating + rng.normal(0, 0.02, 50)
    slope, intercept = np.polyfit(rating, lift, 1, w=1 / se)
    found = fitted_lift_map(rating, lift, se=se, shape="linear")
    np.testing.assert_allclose(found.predicted([rating.min(), 5]), intercept + slope * np.array([rating.min(), 5]))
    assert np.isnan(found.predicted(np.nan))


def test_map_of_one_rating_is_level_and_of_nothing_refused():
    np.testing.assert_allclose(fitted_lift_map([5, 5], [0.02, 0.04], shape="linear").predicted([1, 10]), 0.03)
    with pytest.raises(ValueError, match="at least one experiment"):
        fitted_lift_map([], [])


def test_gap_line_is_least_squares_of_the_gap_on_the_realised_lift():
    rng = np.random.default_rng(2)
    realised = rng.normal(0.01, 0.02, 40)
    predicted = 0.01 + 0.5 * realised + rng.normal(0, 0.01, 40)
    peer = scipy_stats.linregress(realised, realised - predicted)
    found = lift_calibration(predicted, realised)
    assert (found.slope, found.intercept) == pytest.approx((peer.slope, peer.intercept))
    assert found.high - found.slope == pytest.approx(scipy_stats.t.ppf(0.975, 38) * peer.stderr)
    assert found.mean_gap == pytest.approx((realised - predicted).mean())


def test_noise_in_raw_lifts_hides_the_forecasts_and_shrunk_ones_do_not():
    rng = np.random.default_rng(3)
    true, se = rng.normal(0, 0.02, 2000), 0.03
    predicted = true + rng.normal(0, 0.01, 2000)
    estimates = true + se * rng.standard_normal(2000)
    shrunk = learned_prior(estimates, se).shrunk(estimates, se).mean
    assert lift_calibration(predicted, estimates).slope > 0.6
    assert lift_calibration(predicted, shrunk).slope == pytest.approx(0.0, abs=0.08)


def test_few_experiments_and_one_realised_lift_are_named():
    few = lift_calibration(np.zeros(19), np.arange(19.0))
    assert (few.count, few.status, np.isnan(few.mean_gap)) == (19, Status.TOO_FEW, True)
    flat = lift_calibration(np.arange(20.0), np.full(20, 0.01))
    assert (flat.status, flat.mean_gap) == (Status.NO_VARIATION, pytest.approx(0.01 - 9.5))
