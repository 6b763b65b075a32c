import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import CrossMoments, Moments, cuped, cuped_means, welch


def rows(size: int, *, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).multivariate_normal([5.0, 4.0], [[4.0, 3.0], [3.0, 4.0]], size=size)


def test_cuped_is_welch_on_customers_moved_by_the_pooled_slope():
    control, treatment = rows(200, seed=1), rows(150, seed=2)
    both = np.concatenate([control, treatment])
    theta = np.cov(both, rowvar=False)[0, 1] / both[:, 1].var(ddof=1)
    moved = [side[:, 0] - theta * (side[:, 1] - both[:, 1].mean()) for side in (control, treatment)]
    peer = scipy_stats.ttest_ind(moved[1], moved[0], equal_var=False)

    found = cuped(CrossMoments.from_values(control), CrossMoments.from_values(treatment))

    np.testing.assert_allclose([found.estimate, found.p], [moved[1].mean() - moved[0].mean(), peer.pvalue], rtol=1e-9)


def test_constant_covariate_moves_nothing():
    sides = [np.column_stack([rows(50, seed=seed)[:, 0], np.full(50, 3.0)]) for seed in (1, 2)]
    plain = welch(*(Moments.from_values(side[:, 0]) for side in sides))
    assert float(cuped(*(CrossMoments.from_values(side) for side in sides)).p) == pytest.approx(float(plain.p))


def test_more_than_one_covariate_is_refused():
    side = CrossMoments(10, np.zeros(3), np.eye(3))
    with pytest.raises(ValueError, match="one covariate, got 3 columns"):
        cuped_means(side, side)
