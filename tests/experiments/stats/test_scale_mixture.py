from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, optimize
from scipy import stats as scipy_stats

from experiments.stats import fitted_student_prior, fitted_two_normals, student_prior

RNG = np.random.default_rng(21)
SE = RNG.uniform(0.005, 0.03, 60)
ESTIMATES = 0.004 + 0.01 * RNG.standard_t(3, 60) + SE * RNG.standard_normal(60)


@pytest.mark.parametrize("df", [1.0, 3.0, 30.0])
@pytest.mark.parametrize(("estimate", "se"), [(0.03, 0.02), (0.5, 0.02), (-0.2, 0.4), (0.004, 1e-4)])
def test_belief_under_a_t_prior_agrees_with_adaptive_integration(df, estimate, se):
    def height(effect):
        return scipy_stats.t.pdf(effect, df, 0.005, 0.01) * scipy_stats.norm.pdf(estimate, effect, se)

    edges = np.unique([-5, -0.3, -0.05, 0.005, 0.05, 0.3, 5, *(estimate + se * np.array([-8, -3, 0, 3, 8]))])

    def total(power):
        pieces = pairwise(edges)
        return sum(integrate.quad(lambda x: x**power * height(x), *ends, epsabs=0, epsrel=1e-10)[0] for ends in pieces)

    norm = total(0)
    prior = student_prior(df, 0.005, 0.01)
    found = prior.posterior(estimate, se)

    assert float(prior.log_likelihood(estimate, se)) == pytest.approx(np.log(norm), abs=1e-4)
    assert float(found.mean) == pytest.approx(total(1) / norm, abs=2e-5)
    assert float(found.sd) == pytest.approx(np.sqrt(total(2) / norm - (total(1) / norm) ** 2), rel=2e-3)


def test_heavy_tails_leave_a_large_effect_nearly_alone():
    normal_sd = 0.01 * np.sqrt(3)
    trust = normal_sd**2 / (normal_sd**2 + 0.02**2)
    assert float(student_prior(3.0, 0.0, 0.01).posterior(0.3, 0.02).mean) > 0.29 > trust * 0.3


def test_fitted_t_prior_is_the_most_likely_one():
    def depth(parameters):
        location, log_scale = parameters
        return -student_prior(3.0, location, np.exp(log_scale)).log_likelihood(ESTIMATES, SE).sum()

    best = optimize.minimize(depth, [0.0, np.log(0.02)], method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})

    found = fitted_student_prior(ESTIMATES, SE)

    assert -found.log_likelihood(ESTIMATES, SE).sum() == pytest.approx(best.fun, abs=1e-5)
    assert found.location == pytest.approx(best.x[0], abs=1e-4)


def test_fitted_two_normals_are_at_a_top_of_the_likelihood():
    rng = np.random.default_rng(7)
    estimates = 0.005 + 0.02 * rng.standard_t(3, 500) + 0.01 * rng.standard_normal(500)
    found = fitted_two_normals(estimates, np.full(500, 0.01))
    top = found.log_likelihood(estimates, 0.01).sum()
    assert found.weight.sum() == pytest.approx(1.0)
    for factor in (0.95, 1.05):
        for component in (0, 1):
            scales = np.where(np.arange(2) == component, factor, 1.0)
            moved = type(found)(found.location, found.weight, found.variance * scales)
            assert moved.log_likelihood(estimates, 0.01).sum() < top


def test_two_normals_find_the_rare_large_effects():
    rng = np.random.default_rng(5)
    is_large = rng.random(3000) < 0.15
    effects = np.where(is_large, 0.08, 0.01) * rng.standard_normal(3000)
    found = fitted_two_normals(effects + 0.01 * rng.standard_normal(3000), np.full(3000, 0.01))
    small, large = np.sqrt(found.variance)
    assert (small, large) == (pytest.approx(0.01, abs=0.002), pytest.approx(0.08, abs=0.01))
    assert found.weight[1] == pytest.approx(0.15, abs=0.03)


def test_experiments_without_any_spread_shrink_to_one_value():
    rng = np.random.default_rng(6)
    noise = 0.02 * rng.standard_normal(200)
    for fitted in (fitted_student_prior, fitted_two_normals):
        found = fitted(0.01 + noise, np.full(200, 0.02)).posterior(0.05, 0.02)
        assert float(found.mean) == pytest.approx(0.01, abs=0.01)


def test_few_experiments_give_the_weak_prior():
    assert fitted_two_normals(ESTIMATES[:5], SE[:5]).variance.tolist() == [0.05**2]
    weak = fitted_student_prior(np.append(ESTIMATES[:5], np.nan), SE[:6])
    np.testing.assert_allclose(weak.variance, student_prior(3.0, 0.0, 0.05).variance)


def test_missing_estimates_have_no_belief():
    np.testing.assert_array_equal(
        np.isnan(student_prior(3.0, 0.0, 0.01).posterior([np.nan, 0.1], 0.1).mean), [True, False]
    )


@pytest.mark.parametrize(("df", "scale"), [(0.0, 1.0), (3.0, 0.0), (np.nan, 1.0)])
def test_impossible_priors_are_refused(df, scale):
    with pytest.raises(ValueError, match=r"(df|scale) is"):
        student_prior(df, 0.0, scale)
