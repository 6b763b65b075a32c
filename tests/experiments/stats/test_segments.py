import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import Method, Moments, Status, heterogeneity, interaction, shrunk_segments, welch
from tests.experiments.stats.builders import buyers

EFFECTS = np.array([0.2, 0.5, -0.1, 0.4])
VARIANCES = np.array([0.01, 0.04, 0.02, 0.01])


def test_spread_of_segments_is_chi_square():
    mean = np.average(EFFECTS, weights=1 / VARIANCES)
    q = ((EFFECTS - mean) ** 2 / VARIANCES).sum()
    found = heterogeneity(EFFECTS, VARIANCES)
    assert (float(found.q), float(found.mean)) == pytest.approx((q, mean))
    assert float(found.p) == pytest.approx(scipy_stats.chi2.sf(q, 3))
    assert float(found.i_squared) == pytest.approx((q - 3) / q)
    assert float(found.se) == pytest.approx((1 / VARIANCES).sum() ** -0.5)


def test_unknown_segments_are_left_out_and_one_segment_cannot_differ():
    effects = np.array([[0.2, np.nan, -0.1, 0.4], [0.2, np.nan, np.nan, np.nan], [0.2, 0.2, 0.2, 0.2]])
    found = heterogeneity(effects, VARIANCES)
    alone = heterogeneity(EFFECTS[[0, 2, 3]], VARIANCES[[0, 2, 3]])
    assert (float(found.q[0]), float(found.p[0])) == pytest.approx((float(alone.q), float(alone.p)))
    np.testing.assert_array_equal(found.df, [2.0, 0.0, 3.0])
    np.testing.assert_array_equal(np.isnan(found.p), [False, True, False])
    assert (float(found.mean[1]), float(found.i_squared[2])) == (0.2, 0.0)


def test_segments_on_another_axis_give_the_same():
    stacked = np.stack([EFFECTS, EFFECTS * 2], axis=1)
    found = heterogeneity(stacked, VARIANCES[:, None], axis=0)
    assert float(found.q[0]) == pytest.approx(float(heterogeneity(EFFECTS, VARIANCES).q))


@pytest.mark.parametrize("bad", [0.0, -1.0, np.inf])
def test_segment_without_noise_is_refused(bad):
    with pytest.raises(ValueError, match=r"variances\[1\]"):
        heterogeneity([0.1, 0.2], [0.01, bad])


def test_two_segments_interaction_squared_is_their_heterogeneity():
    sides = [[Moments.from_values(buyers(800, seed=seed) * factor) for seed, factor in pair] for pair in PAIRS]
    first, second = (welch(*side) for side in sides)

    found = interaction(first, second)

    test = heterogeneity([first.estimate, second.estimate], [first.se**2, second.se**2])
    assert (float(found.estimate / found.se) ** 2, float(found.p)) == pytest.approx((float(test.q), float(test.p)))
    assert (found.method.item(), float(found.n_control)) == (Method.INTERACTION, 1600.0)


PAIRS = ([(1, 1.0), (2, 1.1)], [(3, 1.0), (4, 2.0)])


def test_interaction_has_no_interval_where_a_segment_has_none():
    full = Moments([90, 90, 90], 2.0, 300.0)
    first = welch(full, Moments([80, 0, 80], [2.1, np.nan, 2.0], [250.0, 0.0, 250.0]))
    second = welch(full, Moments([80, 80, 1], [2.1, 2.0, 2.0], [250.0, 250.0, 0.0]))
    found = interaction(first, second)
    assert list(found.status) == [Status.OK, Status.EMPTY_ARM, Status.TOO_FEW]
    np.testing.assert_array_equal(np.isnan(found.p), [False, True, True])


def fixed(mean: float, between: float):
    """A prior that was fitted elsewhere."""
    return lambda *_: (mean, between)


def test_segments_are_drawn_to_the_prior_and_ranked_after_it():
    effects, variances = np.array([0.5, np.nan, 0.4, -0.1]), np.array([0.09, 0.01, 0.01, 0.01])

    found = shrunk_segments(effects, variances, prior=fixed(0.2, 0.01))

    # Precisions add: 100 of the prior, and 11.1 or 100 of the data.
    by_hand = [(100 * 0.2 + 0.5 / 0.09) / (100 + 1 / 0.09), np.nan, 0.3, 0.05]
    np.testing.assert_allclose(found.shrunk, by_hand)
    np.testing.assert_allclose(found.se, [(100 + 1 / 0.09) ** -0.5, np.nan, 200**-0.5, 200**-0.5])
    np.testing.assert_array_equal(found.rank, [2, 0, 1, 3])


def test_segments_that_do_not_differ_all_shrink_to_the_mean():
    found = shrunk_segments([0.3, 0.1], [0.01, 0.01], prior=fixed(0.2, 0.0))
    np.testing.assert_allclose(found.shrunk, 0.2)
    assert np.isnan(shrunk_segments([np.nan], [1.0], prior=fixed(0.0, 1.0)).shrunk).all()
