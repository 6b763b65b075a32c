import numpy as np
import pytest

from experiments.stats import CrossMoments, Status, clustered, clustered_lift, ratio


def clusters(count: int, *, seed: int, mean: float = 2.0) -> np.ndarray:
    """Sum and size of each cluster; members share a cluster effect."""
    rng = np.random.default_rng(seed)
    size = rng.integers(1, 9, count)
    return np.column_stack([size * (mean + rng.normal(size=count)) + rng.normal(size=count) * np.sqrt(size), size])


def sides() -> list[np.ndarray]:
    return [clusters(40, seed=1), clusters(30, seed=2, mean=2.5)]


def test_plain_variance_is_the_sandwich_of_the_member_regression():
    # Members' regression on a treatment indicator, its bread and meat written out from the cluster sums.
    rows = sides()
    arm = np.repeat([0.0, 1.0], [40, 30])
    total, size = np.concatenate(rows).T
    bread = np.linalg.inv(np.array([[size.sum(), (size * arm).sum()], [(size * arm).sum(), (size * arm).sum()]]))
    slope = bread @ np.array([total.sum(), (total * arm).sum()])
    residual = total - size * (slope[0] + slope[1] * arm)
    scores = residual[:, None] * np.column_stack([np.ones(70), arm])
    variance = (bread @ (scores.T @ scores) @ bread)[1, 1]

    found = clustered(*(CrossMoments.from_values(side) for side in rows), small_sample=False)

    np.testing.assert_allclose([found.estimate, found.se, found.df], [slope[1], np.sqrt(variance), 68.0], rtol=1e-10)


def test_small_sample_factor_is_on_by_default():
    control, treatment = (CrossMoments.from_values(side) for side in sides())
    found, plain = clustered(control, treatment), clustered(control, treatment, small_sample=False)
    assert float(found.se) == pytest.approx(float(ratio(control, treatment).se))
    assert float(plain.se) < float(found.se)


def test_few_clusters_are_noted_and_one_cluster_is_too_few():
    control, treatment = (CrossMoments.from_values(side) for side in sides())
    few, one = (CrossMoments(n, treatment.mean, treatment.m * (n > 1)) for n in (19, 1))
    assert clustered(control, treatment).texts() == []
    assert clustered(control, few).texts() == ["Fewer than 20 clusters in a variant: the interval is rough."]
    assert clustered(control, one).status.item() == Status.TOO_FEW


def test_lift_and_difference_agree_on_the_point():
    control, treatment = (CrossMoments.from_values(side) for side in sides())
    absolute, lift = clustered(control, treatment), clustered_lift(control, treatment)
    base = sides()[0][:, 0].sum() / sides()[0][:, 1].sum()
    assert float(lift.estimate) == pytest.approx(float(absolute.estimate) / base)
    assert float(lift.p) == pytest.approx(float(absolute.p))
    assert float(lift.df) == 68.0
