import itertools

import numpy as np
import pytest
from scipy import integrate
from scipy import stats as scipy_stats

from experiments.stats import value_of_information


@pytest.mark.parametrize(
    ("mean", "sd", "se", "cost"), [(0.01, 0.02, 0.015, 0.0), (-0.03, 0.02, 0.01, 0.01), (0.05, 0.01, 0.2, 0.0)]
)
def test_value_is_the_gain_of_deciding_by_the_posterior_mean(mean, sd, se, cost):
    # Over all estimates the experiment may give: ship where the posterior mean exceeds the cost, then take the truth.
    marginal = scipy_stats.norm(mean, np.hypot(sd, se))

    def after(estimate):
        posterior = mean + sd**2 / (sd**2 + se**2) * (estimate - mean)
        return max(posterior - cost, 0) * marginal.pdf(estimate)

    limit = mean + (cost - mean) * (sd**2 + se**2) / sd**2
    ends = sorted({marginal.ppf(1e-15), marginal.isf(1e-15), np.clip(limit, marginal.ppf(1e-15), marginal.isf(1e-15))})
    gained = sum(integrate.quad(after, a, b, epsabs=1e-15)[0] for a, b in itertools.pairwise(ends))
    found = value_of_information(prior_mean=mean, prior_sd=sd, predicted_se=se, value_per_lift=1e6, ship_cost=cost)
    assert float(found) == pytest.approx(1e6 * (gained - max(mean - cost, 0)), rel=1e-6, abs=1e-6)


def test_more_customers_bring_more_and_ever_less():
    value = value_of_information(
        prior_mean=0.0, prior_sd=0.02, predicted_se=[0.08, 0.04, 0.02, 0.01, 1e-6], value_per_lift=1.0
    )
    assert (np.diff(value) > 0).all()
    assert float(value[-1]) == pytest.approx(0.02 / np.sqrt(2 * np.pi), rel=1e-6)


def test_nothing_to_learn_is_worth_nothing_and_the_hopeless_hardly_more():
    fixed = {"predicted_se": 0.01, "value_per_lift": 1e9}
    assert float(value_of_information(prior_mean=0.0, prior_sd=0.0, **fixed)) == 0.0
    assert 0 < float(value_of_information(prior_mean=-0.3, prior_sd=0.02, **fixed)) < 1e-20


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"prior_sd": -1}, "prior_sd is -1"),
        ({"predicted_se": 0}, "predicted_se is 0"),
        ({"value_per_lift": -5}, "value_per_lift is -5"),
    ],
)
def test_impossible_plans_are_refused(changes, sentence):
    with pytest.raises(ValueError, match=sentence):
        value_of_information(
            **({"prior_mean": 0.0, "prior_sd": 1.0, "predicted_se": 1.0, "value_per_lift": 1.0} | changes)
        )
