import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import Status, spearman
from experiments.stats.programme import midranks


def pairs(size: int = 40):
    rng = np.random.default_rng(1)
    x = rng.normal(size=size)
    return np.round(x, 1), 0.6 * x + rng.normal(size=size)


def test_midranks_are_scipys_along_any_axis():
    values = np.random.default_rng(2).integers(0, 5, size=(3, 7, 4)).astype(float)
    for axis in (0, 1, -1):
        np.testing.assert_array_equal(midranks(values, axis=axis), scipy_stats.rankdata(values, axis=axis))


def test_estimate_is_scipys_and_limits_those_of_its_bootstrap():
    x, y = pairs()
    found = spearman(x, y, rng=np.random.default_rng(3), resamples=20_000)
    assert found.estimate == pytest.approx(scipy_stats.spearmanr(x, y).statistic)
    peer = scipy_stats.bootstrap(
        (x, y),
        lambda a, b: scipy_stats.spearmanr(a, b).statistic,
        paired=True,
        vectorized=False,
        n_resamples=1500,
        method="BCa",
        rng=np.random.default_rng(4),
    ).confidence_interval
    assert (found.low, found.high) == pytest.approx((peer.low, peer.high), abs=0.03)


def test_same_seed_gives_the_same_limits():
    one, two = (spearman(*pairs(), rng=np.random.default_rng(5)) for _ in range(2))
    assert one == two


def test_too_few_pairs_and_one_sided_silence_are_named():
    rng = np.random.default_rng(6)
    assert spearman([1, 2, 3, 4], [1, 2, 3, 4], rng=rng).status == Status.TOO_FEW
    assert spearman([1] * 9, range(9), rng=rng).status == Status.NO_VARIATION
    assert spearman([], [], rng=rng).status == Status.TOO_FEW


def test_perfect_agreement_has_no_width():
    found = spearman(range(12), range(12), rng=np.random.default_rng(7))
    assert (found.estimate, found.low, found.high) == pytest.approx((1.0, 1.0, 1.0))
