from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate
from scipy import stats as scipy_stats

from experiments.stats import Moments, NormalInverseGamma, mean_belief

PRIOR = NormalInverseGamma(m=15.0, kappa=1.0, a=2.0, b=50.0)
ROWS = np.array([17.0, 22.5, 14.0, 19.5, 11.0, 21.0, 16.5])


def test_marginal_of_the_mean_is_what_integrating_the_variance_leaves():
    def joint(mean):
        def height(variance):
            likelihood = scipy_stats.norm.pdf(ROWS, mean, np.sqrt(variance)).prod()
            prior = scipy_stats.invgamma.pdf(variance, 2.0, scale=50.0)
            return likelihood * prior * scipy_stats.norm.pdf(mean, 15.0, np.sqrt(variance))

        return integrate.quad(height, 0, np.inf, epsabs=0, epsrel=1e-10, limit=200)[0]

    found = PRIOR.updated(Moments.from_values(ROWS))

    heights = [joint(mean) for mean in (12.0, 16.0, 19.0)]
    expected = scipy_stats.t.pdf([12.0, 16.0, 19.0], found.df, found.m, found.scale)
    np.testing.assert_allclose(np.array(heights) / heights[0], expected / expected[0], rtol=1e-8)


def test_two_batches_equal_one_and_nobody_changes_nothing():
    rows = Moments.from_values(ROWS)
    parts = PRIOR.updated(Moments.from_values(ROWS[:3])).updated(Moments.from_values(ROWS[3:]))
    whole = PRIOR.updated(rows).updated(Moments(0, np.nan, 0.0))
    for name in ("m", "kappa", "a", "b"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-12)


def test_limits_and_chances_are_those_of_student_s_t():
    found = PRIOR.updated(Moments.from_values(ROWS))
    peer = scipy_stats.t(found.df, found.m, found.scale)
    np.testing.assert_allclose(found.interval(alpha=0.1), peer.interval(0.9))
    assert float(found.chance_above(16.0)) == pytest.approx(peer.sf(16.0))
    assert float(found.variance_of_mean) == pytest.approx(peer.var())
    assert NormalInverseGamma(0.0, 1.0, 1.0, 1.0).variance_of_mean == np.inf


@pytest.mark.parametrize("sizes", [(7, 7), (4, 400), (5000, 3)])
def test_belief_about_a_difference_agrees_with_adaptive_integration(sizes):
    rng = np.random.default_rng(3)
    sides = [
        PRIOR.updated(Moments.from_values(rng.normal(mean, 6.0, n))) for mean, n in zip((15, 18), sizes, strict=True)
    ]
    old, new = (scipy_stats.t(side.df, side.m, side.scale) for side in sides)
    edges = np.unique(
        np.concatenate([side.ppf([1e-11, 1e-4, 0.2, 0.5, 0.8, 1 - 1e-4, 1 - 1e-11]) for side in (old, new)])
    )

    def total(part):
        pieces = pairwise(edges)
        return sum(integrate.quad(part, low, high, epsabs=1e-12, limit=300)[0] for low, high in pieces)

    found = mean_belief(*sides)

    expected = [
        total(lambda x: new.pdf(x) * old.cdf(x)),
        total(lambda x: new.cdf(x) * old.sf(x)),
        total(lambda x: old.cdf(x) * new.sf(x)),
    ]
    numbers = [found.chance_to_beat, found.expected_loss_ship, found.expected_loss_keep]
    np.testing.assert_allclose(numbers, expected, atol=2e-6)
    assert total(lambda x: new.pdf(x) * old.sf(x - float(found.low))) == pytest.approx(0.025, abs=1e-5)


def test_impossible_priors_are_refused():
    with pytest.raises(ValueError, match=r"kappa is 0\.0"):
        NormalInverseGamma(0.0, 0.0, 1.0, 1.0)
