import numpy as np
import pytest
from scipy import integrate, optimize

from experiments.stats import learned_prior

RNG = np.random.default_rng(11)
SE = RNG.uniform(0.01, 0.04, 25)
ESTIMATES = RNG.normal(0.01, 0.02, 25) + SE * RNG.standard_normal(25)


def fit(tau):
    """mu, its variance and the log likelihood at one tau with mu integrated out, by the textbook."""
    weight = 1 / (SE**2 + tau**2)
    mu = (weight * ESTIMATES).sum() / weight.sum()
    height = (np.log(weight).sum() - np.log(weight.sum()) - (weight * (ESTIMATES - mu) ** 2).sum()) / 2
    return mu, 1 / weight.sum(), height


def averaged(answer):
    """An answer that depends on tau, averaged over that likelihood and a flat tau by adaptive integration."""
    best = -optimize.minimize_scalar(lambda tau: -fit(tau)[2], bounds=(0, 0.2), method="bounded").fun
    density = lambda tau: np.exp(fit(tau)[2] - best)  # noqa: E731
    total = integrate.quad(density, 0, 0.3, epsrel=1e-10, limit=300)[0]
    return integrate.quad(lambda tau: answer(tau) * density(tau), 0, 0.3, epsrel=1e-10, limit=300)[0] / total


def test_shrunk_effects_carry_the_uncertainty_of_mu_and_tau():
    def mean(tau):
        mu, _, _ = fit(tau)
        return mu + tau**2 / (tau**2 + SE[3] ** 2) * (ESTIMATES[3] - mu)

    def square(tau):
        trust = tau**2 / (tau**2 + SE[3] ** 2)
        return trust * SE[3] ** 2 + (1 - trust) ** 2 * fit(tau)[1] + mean(tau) ** 2

    found = learned_prior(ESTIMATES, SE).shrunk(ESTIMATES, SE)

    assert float(found.mean[3]) == pytest.approx(averaged(mean), abs=2e-5)
    assert float(found.sd[3]) == pytest.approx(np.sqrt(averaged(square) - averaged(mean) ** 2), rel=5e-3)


def test_next_effect_is_as_uncertain_as_mu_and_tau_together():
    found = learned_prior(ESTIMATES, SE)
    second = averaged(lambda tau: fit(tau)[0] ** 2 + fit(tau)[1] + tau**2)
    assert float(found.effects.mean) == pytest.approx(averaged(lambda tau: fit(tau)[0]), abs=2e-5)
    assert float((found.effects.sd**2) + found.effects.mean**2) == pytest.approx(second, rel=0.02)
    mu, tau = found.draws(200_000, np.random.default_rng(1))
    assert mu.mean() == pytest.approx(float(found.effects.mean), abs=2e-4)
    assert np.sqrt((tau**2).mean() + mu.var()) == pytest.approx(float(found.effects.sd), rel=0.01)


def test_a_new_experiment_moves_the_belief_between_prior_and_data():
    prior = learned_prior(ESTIMATES, SE)
    found = prior.posterior([0.2, 0.2, np.nan], [10.0, 1e-5, 0.01])
    assert float(found.mean[0]) == pytest.approx(float(prior.effects.mean), abs=1e-3)
    assert float(found.mean[1]) == pytest.approx(0.2, abs=1e-4)
    assert np.isnan(found.mean[2])


def test_many_experiments_make_a_narrow_grid_about_the_truth():
    rng = np.random.default_rng(4)
    se = np.full(5000, 0.01)
    prior = learned_prior(rng.normal(0.0, np.hypot(0.02, 0.01), 5000), se)
    assert 0.019 < (prior.weight * prior.tau).sum() < 0.021
    assert np.ptp(prior.tau) < 0.004
    assert prior.tau.size == 40


def test_experiments_without_any_spread_shrink_nearly_all_the_way():
    prior = learned_prior(np.full(12, 0.01), np.full(12, 0.02))
    assert prior.tau[0] == 0.0
    assert (prior.weight * prior.tau).sum() < 0.01
    assert float(prior.posterior(0.05, 0.02).mean) < 0.025


def test_fewer_than_eight_experiments_give_the_weak_prior_and_say_so():
    found = learned_prior(np.append(ESTIMATES[:7], np.nan), SE[:8])
    assert found.is_default
    assert "Fewer than 8" in found.notes[0]
    assert (float(found.effects.mean), float(found.effects.sd)) == (0.0, 0.05)
    trust = 0.05**2 / (0.05**2 + SE[0] ** 2)
    assert float(found.shrunk(ESTIMATES, SE).mean[0]) == pytest.approx(trust * ESTIMATES[0])


def test_missing_experiments_are_left_out():
    holes = np.append(ESTIMATES, np.nan)
    found, alone = learned_prior(holes, np.append(SE, 0.01)), learned_prior(ESTIMATES, SE)
    np.testing.assert_allclose(found.mu, alone.mu)


def test_more_than_one_row_and_errors_of_zero_are_refused():
    with pytest.raises(ValueError, match="one row"):
        learned_prior(np.zeros((2, 9)), 1.0)
    with pytest.raises(ValueError, match=r"se\[0\] is 0"):
        learned_prior(np.zeros(9), np.append(0.0, np.ones(8)))
