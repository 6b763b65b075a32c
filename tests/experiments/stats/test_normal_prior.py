import numpy as np
import pytest
from scipy import integrate
from scipy import stats as scipy_stats

from experiments.stats import Moments, NormalMixture, NormalPrior, normal_belief, welch


def effect(mean=10.3):
    return welch(Moments(900, 10.0, 9000.0), Moments(800, mean, 9000.0))


def test_belief_is_prior_times_likelihood():
    comparison = effect()
    d, se = float(comparison.estimate), float(comparison.se)

    def height(delta):
        return scipy_stats.norm.pdf(delta, 0.1, 0.2) * scipy_stats.norm.pdf(d, delta, se)

    def total(weight, low=-3.0, high=3.0):
        return integrate.quad(lambda x: weight(x) * height(x), low, high, epsabs=1e-13, points=[0.0, d])[0]

    norm = total(lambda _: 1.0)
    mean = total(lambda x: x) / norm

    found = normal_belief(comparison, NormalPrior(0.1, 0.04), alpha=0.1)

    expected = {
        "mean": mean,
        "sd": np.sqrt(total(lambda x: (x - mean) ** 2) / norm),
        "chance_to_beat": total(lambda x: float(x > 0)) / norm,
        "expected_loss_ship": total(lambda x: max(-x, 0.0)) / norm,
        "expected_loss_keep": total(lambda x: max(x, 0.0)) / norm,
    }
    for name, value in expected.items():
        assert float(getattr(found, name)) == pytest.approx(value, abs=1e-8), name
    assert total(lambda _: 1.0, float(found.low), float(found.high)) / norm == pytest.approx(0.9, abs=1e-9)


def test_a_flat_prior_gives_the_confidence_interval_and_says_so():
    comparison = effect()
    found = normal_belief(comparison, NormalPrior.flat())
    reach = scipy_stats.norm.ppf(0.975) * comparison.se
    np.testing.assert_allclose([found.low, found.high], comparison.estimate + np.array([-reach, reach]))
    assert any("Flat prior" in note for note in found.notes)


def test_a_certain_prior_is_not_moved():
    found = normal_belief(effect([9.0, 12.0]), NormalPrior([0.0, 0.5], 0.0))
    np.testing.assert_array_equal(found.mean, [0.0, 0.5])
    np.testing.assert_array_equal(found.sd, 0.0)
    np.testing.assert_array_equal(found.chance_to_beat, [0.5, 1.0])
    np.testing.assert_array_equal(found.expected_loss_keep, [0.0, 0.5])


def test_what_has_no_standard_error_gives_no_belief():
    comparison = welch(Moments([0, 1, 30], [np.nan, 2.0, 2.0], [0.0, 0.0, 9.0]), Moments(40, 2.2, 9.0))
    found = normal_belief(comparison, NormalPrior(0.0, 1.0))
    np.testing.assert_array_equal(np.isnan(found.chance_to_beat), [True, True, False])


def test_impossible_priors_are_refused():
    with pytest.raises(ValueError, match="variance is -1"):
        NormalPrior(0.0, -1.0)
    with pytest.raises(ValueError, match="mean is nan"):
        NormalPrior(np.nan, 1.0)


def test_mixtures_answer_as_their_draws_do():
    mixture = NormalMixture(np.array([0.3, 0.7]), np.array([-1.0, 0.4]), np.array([0.2, 1.5]))
    draws = mixture.draws(1_000_000, np.random.default_rng(5))
    np.testing.assert_allclose([mixture.mean, mixture.sd], [draws.mean(), draws.std()], atol=0.005)
    np.testing.assert_allclose(mixture.quantile([0.05, 0.5, 0.95]), np.quantile(draws, [0.05, 0.5, 0.95]), atol=0.01)
    above, below = np.maximum(draws - 0.2, 0).mean(), np.maximum(0.2 - draws, 0).mean()
    np.testing.assert_allclose([mixture.mean_excess(0.2), mixture.mean_shortfall(0.2)], [above, below], atol=0.005)
    np.testing.assert_allclose(mixture.chance_above(0.2), (draws > 0.2).mean(), atol=0.003)


def test_draws_keep_the_shape_of_the_effects():
    mixture = NormalPrior(0.0, 1.0).posterior([[0.1, 0.2, 0.3]], [[1.0, 1e-6, 1.0]])
    draws = mixture.draws(7, np.random.default_rng(1))
    assert draws.shape == (7, 1, 3)
    np.testing.assert_allclose(draws[:, 0, 1], 0.2, atol=1e-4)
