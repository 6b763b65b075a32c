import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import (
    Status,
    exact_ranks,
    quantile_difference,
    quantile_interval,
    relative_lift,
    sample_quantile,
    woodruff_ranks,
)
from tests.experiments.stats.builders import buyers


@pytest.mark.parametrize("size", [6, 57, 400])
@pytest.mark.parametrize("q", [0.1, 0.5, 0.93])
def test_one_sample_interval_agrees_with_scipy(size, q):
    values = np.random.default_rng(size).lognormal(size=size)
    peer = scipy_stats.quantile_test(values, p=q).confidence_interval(0.95)
    estimate, low, high = quantile_interval(values, q)
    np.testing.assert_array_equal([low, high], [peer.low, peer.high])
    assert estimate == pytest.approx(np.quantile(values, q))


def test_exact_ranks_cover_at_least_the_level_and_no_rank_less_would():
    n, q = np.array([30, 500]), 0.3
    low, high = exact_ranks(n, q)
    binomial = scipy_stats.binom(n, q)
    assert (binomial.cdf(high - 1) - binomial.cdf(low - 1) >= 0.95).all()
    assert (binomial.cdf(low) > 0.025).all()


def test_ranks_beyond_the_sample_are_unknown():
    assert np.isnan(exact_ranks(5, 0.5)).all()
    assert np.isnan(woodruff_ranks([20, 2000], 0.99)[1]).tolist() == [True, False]


def from_rows(values: np.ndarray, q: float):
    low, high = woodruff_ranks(values.size, q)
    ends = [np.nan if np.isnan(rank) else np.sort(values)[int(rank) - 1] for rank in (low, high)]
    return sample_quantile(values.size, np.quantile(values, q), *ends)


def test_difference_of_medians_covers_like_the_bootstrap():
    rng = np.random.default_rng(1)
    control, treatment = rng.lognormal(3.0, 0.5, 2000), rng.lognormal(3.1, 0.5, 1500)
    draws = [
        np.median(rng.choice(treatment, treatment.size)) - np.median(rng.choice(control, control.size))
        for _ in range(2000)
    ]
    found = quantile_difference(from_rows(control, 0.5), from_rows(treatment, 0.5))
    assert float(found.se) == pytest.approx(np.std(draws), rel=0.12)
    assert float(found.df) == np.inf
    assert float(found.estimate) == np.median(treatment) - np.median(control)


def test_clusters_widen_the_error():
    plain, wide = (sample_quantile(900, 5.0, 4.0, 6.0, design_factor=factor) for factor in (1.0, 1.5))
    assert float(wide.squared_error) == pytest.approx(2.25 * float(plain.squared_error))


def test_missing_order_statistics_are_too_few_with_the_estimate_kept():
    thin, thick = from_rows(buyers(60, seed=1, share=1.0), 0.99), from_rows(buyers(6000, seed=2, share=1.0), 0.99)
    absolute, lift = quantile_difference(thick, thin), relative_lift(thick, thin)
    assert [absolute.status.item(), lift.status.item()] == [Status.TOO_FEW] * 2
    assert np.isfinite([float(absolute.estimate), float(lift.estimate)]).all()
    assert np.isnan([float(absolute.p), float(lift.low)]).all()
