import numpy as np
import pytest

from experiments.stats import BatchLog, Counts, Moments
from tests.experiments.stats.adaptive.logs import rows
from tests.experiments.stats.builders import buyers


def test_totals_over_batches_are_those_of_the_rows():
    data = rows()
    totals = data.log().totals
    for arm in range(3):
        alone = Moments.from_values(data.reward[data.arm == arm])
        for name in ("n", "mean", "m2", "m3"):
            np.testing.assert_allclose(getattr(totals, name)[arm], getattr(alone, name), rtol=1e-9)


def test_plug_ins_are_the_means_of_earlier_batches():
    counts = Counts([[10, 20], [0, 40], [30, 30]], [[1, 6], [0, 10], [9, 9]])
    found = BatchLog.of(counts, np.full((3, 2), 0.5)).plug_in
    np.testing.assert_allclose(found, [[0.0, 0.0], [0.1, 0.3], [0.1, 16 / 60]])


def test_arm_that_nobody_had_yet_borrows_the_mean_of_all():
    counts = Counts([[0, 20], [10, 10]], [[0, 6], [1, 1]])
    found = BatchLog.of(counts, np.full((2, 2), 0.5)).plug_in
    np.testing.assert_allclose(found[1], [0.3, 0.3])


def test_effective_customers_count_unequal_weights_for_less():
    log = BatchLog.of(Counts([[90, 10], [50, 50]], [[9, 1], [5, 5]]), [[0.9, 0.1], [0.5, 0.5]])
    weights = np.repeat([10.0, 2.0], [10, 50])
    assert float(log.effective_customers[1]) == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


def test_arms_are_named_weak_for_want_of_customers_events_or_symmetry():
    shares = np.full((1, 2), 0.5)
    few = BatchLog.of(Counts([[90, 5000]], [[40, 2000]]), shares)
    rare = BatchLog.of(Counts([[3000, 5000]], [[4, 4996]]), shares)
    np.testing.assert_array_equal(few.is_weak, [True, False])
    np.testing.assert_array_equal(rare.is_weak, [True, True])
    skewed, even = Moments.from_values(buyers(2000, seed=1)), Moments.from_values(np.linspace(0, 1, 2000))
    both = Moments(*(np.array([[getattr(skewed, name), getattr(even, name)]]) for name in ("n", "mean", "m2", "m3")))
    np.testing.assert_array_equal(BatchLog.of(both, shares).is_weak, [True, False])


def test_variance_of_a_starved_arm_has_few_degrees_of_freedom():
    # Poisson counts of rare events, each worth 1/e^2 of variance: simulated mean and variance of that sum.
    rng = np.random.default_rng(2)
    share, events = np.array([0.5, 0.02, 0.01]), np.array([40.0, 3.0, 2.0])
    sums = (rng.poisson(events, size=(200_000, 3)) / share**2).sum(axis=1)
    expected = 2 * sums.mean() ** 2 / sums.var()
    n = events / 0.001
    log = BatchLog.of(
        Counts(np.column_stack([n, n]), np.column_stack([events, events])), np.column_stack([share, 1 - share])
    )
    assert float(log.variance_df(np.ones((3, 2)))[0]) == pytest.approx(expected, rel=0.02)


def test_rows_are_batches_of_one():
    data = rows(sizes=(20, 30))
    one = BatchLog.from_rows(action=data.arm, reward=data.reward, propensities=data.propensities, plug_in=data.plug_in)
    assert one.rewards.shape == (50, 3)
    np.testing.assert_array_equal(one.decisions, 1.0)
    np.testing.assert_allclose(one.totals.mean, data.log().totals.mean)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: BatchLog.of(Counts([[1, 1]], [[0, 0]]), [[0.5, 0.6]]), r"the sum of propensities\[0\] is 1\.1"),
        (lambda: BatchLog.of(Counts([[1, 1]], [[0, 0]]), [[1.0, 0.0]]), r"rewards\[0, 1\].*under propensity 0"),
        (lambda: BatchLog.of(Counts([[1, 1]], [[0, 0]]), [[1.2, -0.2]]), r"propensities\[0, 0\] is 1\.2"),
        (lambda: BatchLog.of(Counts([1, 1], [0, 0]), [0.5, 0.5]), "axes of batches and arms"),
        (lambda: BatchLog.of(Counts([[1, 1]], [[0, 0]]), [[0.2, 0.3, 0.5]]), "do not broadcast"),
    ],
)
def test_impossible_logs_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
