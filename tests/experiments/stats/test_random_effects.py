import numpy as np
import pytest
from scipy import optimize

from experiments.stats import NormalPrior, random_effects

# Thirteen trials of the BCG vaccine against tuberculosis (Colditz et al. 1994), as analysed by Viechtbauer (2010),
# "Conducting meta-analyses in R with the metafor package", section 3: cases and others, vaccinated and control.
CASES = np.array([4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27])
OTHERS = np.array([119, 300, 228, 13536, 5036, 1361, 2537, 87886, 7470, 1699, 50448, 2493, 16886])
CONTROL_CASES = np.array([11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29])
CONTROL_OTHERS = np.array([128, 274, 209, 12619, 5761, 1079, 619, 87892, 7232, 1600, 27197, 2338, 17825])
TREATED, UNTREATED = CASES + OTHERS, CONTROL_CASES + CONTROL_OTHERS
LOG_RATIO = np.log(CASES / TREATED) - np.log(CONTROL_CASES / UNTREATED)
VARIANCE = 1 / CASES - 1 / TREATED + 1 / CONTROL_CASES - 1 / UNTREATED


@pytest.mark.parametrize(
    ("method", "tau2", "mean", "se"),
    [
        ("reml", 0.3132, -0.7145, 0.1798),
        ("dersimonian-laird", 0.3088, -0.7141, 0.1787),
        ("paule-mandel", 0.3181, -0.7150, 0.1809),
    ],
)
def test_the_published_vaccine_trials(method, tau2, mean, se):
    found = random_effects(LOG_RATIO, VARIANCE, method=method)
    np.testing.assert_allclose([found.tau2, found.mean, found.se], [tau2, mean, se], atol=6e-5)
    np.testing.assert_allclose([found.q, found.df], [152.2330, 12.0], atol=6e-5)
    assert float(found.p) < 1e-4


def test_restricted_likelihood_is_at_its_top():
    def depth(tau2):
        weight = 1 / (VARIANCE + tau2)
        mean = (weight * LOG_RATIO).sum() / weight.sum()
        fit = np.log(weight).sum() - (weight * (LOG_RATIO - mean) ** 2).sum() - np.log(weight.sum())
        return -fit / 2

    top = optimize.minimize_scalar(depth, bounds=(0.01, 2.0), method="bounded", options={"xatol": 1e-10}).x
    assert float(random_effects(LOG_RATIO, VARIANCE, method="reml").tau2) == pytest.approx(top, rel=1e-5)


def test_estimates_closer_than_their_noise_leave_no_spread():
    for method in ("paule-mandel", "dersimonian-laird", "reml"):
        found = random_effects([0.1, 0.11, 0.09], [0.04, 0.04, 0.04], method=method)
        assert (float(found.tau2), float(found.i2)) == (0.0, 0.0)
        assert float(found.mean) == pytest.approx(0.1)


def test_rows_are_answered_apart_and_missing_estimates_left_out():
    values = np.array([LOG_RATIO, np.where(np.arange(13) < 5, LOG_RATIO, np.nan), np.full(13, np.nan)])
    values[2, 4] = 0.3
    for method in ("paule-mandel", "dersimonian-laird", "reml"):
        found, alone = (
            random_effects(values, VARIANCE, method=method),
            random_effects(LOG_RATIO[:5], VARIANCE[:5], method=method),
        )
        np.testing.assert_allclose(
            [found.tau2[1], found.mean[1], found.q[1]], [alone.tau2, alone.mean, alone.q], rtol=1e-9
        )
        assert np.isnan([found.tau2[2], found.mean[2], found.df[2], found.p[2], found.i2[2]]).all()


def test_nobody_at_all_gives_no_answer():
    found = random_effects(np.full(3, np.nan), 1.0)
    assert np.isnan([found.tau2, found.mean, found.fixed_mean]).all()


def test_fit_serves_as_a_prior():
    prior = random_effects(LOG_RATIO, VARIANCE).prior
    assert isinstance(prior, NormalPrior)
    assert float(prior.posterior(-2.0, 1.0).mean) > -2.0


def test_a_variance_of_zero_is_refused():
    with pytest.raises(ValueError, match=r"variances\[1\] is 0"):
        random_effects([0.1, 0.2], [0.1, 0.0])
