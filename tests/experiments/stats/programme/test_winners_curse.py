import numpy as np
import pytest

from experiments.stats import winners_curse_terms


def test_terms_at_the_true_effects_are_the_bias_of_what_ships():
    rng = np.random.default_rng(1)
    true, se, limit = (
        np.array([0.0, 0.02, 0.05, -0.01]),
        np.array([0.02, 0.01, 0.02, 0.03]),
        np.array([1.96, 1.0, 2.5, 0.5]),
    )
    drawn = true + se * rng.standard_normal((1_000_000, 4))
    bias = ((drawn - true) * (drawn / se > limit)).mean(axis=0)
    np.testing.assert_allclose(winners_curse_terms(true, se, critical_z=limit), bias, atol=5 * 0.03 / 1000)


def test_experiments_without_an_estimate_add_nothing():
    np.testing.assert_array_equal(winners_curse_terms([np.nan, 0.1], [0.1, 0.1])[0], 0.0)


def test_estimates_without_an_error_are_refused():
    with pytest.raises(ValueError, match=r"se\[1\] is 0\.0"):
        winners_curse_terms([0.1, 0.2], [0.1, 0.0])
