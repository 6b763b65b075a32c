import numpy as np
import pytest
from scipy import optimize, special

from experiments.stats import Status, calibration, stated_probability


def forecasts(size: int = 400, seed: int = 1):
    rng = np.random.default_rng(seed)
    stated = (rng.integers(1, 11, size) - 0.5) / 10
    return stated, (rng.random(size) < special.expit(-0.4 + 0.7 * special.logit(stated))).astype(float)


def test_line_is_the_maximum_of_the_likelihood_with_the_curvature_as_its_error():
    p, y = forecasts()
    x = special.logit(p)

    def minus_log_likelihood(beta):
        return float(np.logaddexp(0, beta[0] + beta[1] * x).sum() - (y * (beta[0] + beta[1] * x)).sum())

    best = optimize.minimize(minus_log_likelihood, [0.0, 1.0], method="BFGS", options={"gtol": 1e-4})
    found = calibration(p, y)
    assert (found.intercept, found.slope) == pytest.approx(tuple(best.x), abs=1e-5)
    rate = special.expit(best.x[0] + best.x[1] * x)
    information = np.array([[(rate * (1 - rate) * x ** (i + j)).sum() for i in (0, 1)] for j in (0, 1)])
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    assert (found.intercept_se, found.slope_se) == pytest.approx(tuple(errors), rel=1e-5)


def test_murphys_parts_make_up_the_score():
    p, y = forecasts()
    found = calibration(p, y)
    assert found.brier == pytest.approx(np.mean((p - y) ** 2))
    assert found.brier == pytest.approx(found.reliability - found.resolution + found.uncertainty)
    groups = [y[p == level] for level in np.unique(p)]
    resolution = sum(len(group) * (group.mean() - y.mean()) ** 2 for group in groups) / len(y)
    assert found.resolution == pytest.approx(resolution)


def test_outcomes_known_by_chance_only_are_averaged_over_it():
    p, _ = forecasts(60)
    chance = np.random.default_rng(2).random(60)
    drawn = np.random.default_rng(3).random((40_000, 60)) < chance
    found = calibration(p, chance)
    assert found.brier == pytest.approx(np.mean((p - drawn) ** 2), abs=0.002)
    assert found.brier == pytest.approx(found.reliability - found.resolution + found.uncertainty)
    # The line for expected outcomes is that of many copies of each experiment.
    copies = calibration(np.tile(p, 300), drawn[:300].reshape(-1))
    assert (found.intercept, found.slope) == pytest.approx((copies.intercept, copies.slope), abs=0.03)


def test_few_experiments_give_a_count_and_nothing_else():
    found = calibration(*forecasts(19))
    assert (found.count, found.status) == (19, Status.TOO_FEW)
    assert np.isnan([found.brier, found.slope, found.resolution]).all()
    assert calibration(*forecasts(19), fewest=10).status == Status.OK


@pytest.mark.parametrize(
    "outcome", [np.zeros(30), np.ones(30), np.arange(30) >= 15], ids=["none worked", "all worked", "fall apart"]
)
def test_outcomes_that_allow_no_line_keep_the_scores(outcome):
    found = calibration(np.linspace(0.1, 0.9, 30), outcome)
    assert (found.status, np.isnan(found.slope)) == (Status.NO_VARIATION, True)
    assert np.isfinite(found.brier)


def test_one_forecast_for_all_allows_no_line():
    assert calibration(np.full(40, 0.3), np.arange(40) % 2).status == Status.NO_VARIATION


def test_confidence_ratings_are_probabilities():
    np.testing.assert_allclose(stated_probability([1, 5, 10, np.nan]), [0.05, 0.45, 0.95, np.nan])


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: stated_probability(11), "confidence_rating is 11"),
        (lambda: calibration([0.0], [1.0]), r"forecast\[0\] is 0\.0"),
        (lambda: calibration([0.5], [2.0]), r"outcome\[0\] is 2\.0"),
    ],
)
def test_impossible_forecasts_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
