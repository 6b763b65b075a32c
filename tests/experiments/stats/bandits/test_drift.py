import numpy as np
import pytest

from experiments.stats import Counts, Moments, change_e_value, discounted_moments, discounted_sums


def test_sums_forget_by_the_age_of_their_batch():
    batches = np.array([[8.0, 4.0], [2.0, 0.0], [1.0, 6.0]])
    np.testing.assert_allclose(discounted_sums(batches, gamma=0.5), [8 / 4 + 2 / 2 + 1, 4 / 4 + 6])
    np.testing.assert_allclose(discounted_sums(batches), batches.sum(axis=0))
    np.testing.assert_allclose(discounted_sums(batches.T, gamma=0.5, axis=-1), discounted_sums(batches, gamma=0.5))


def test_moments_forget_as_if_each_row_had_its_weight():
    rng = np.random.default_rng(1)
    rows = [rng.normal(place, 1.0, size) for place, size in enumerate((40, 25, 60))]
    each = [Moments.from_values(part) for part in rows]
    batches = Moments(*(np.array([[getattr(part, name)] for part in each]) for name in ("n", "mean", "m2")))
    weights = np.concatenate([np.full(len(part), 0.8 ** (2 - place)) for place, part in enumerate(rows)])
    values = np.concatenate(rows)
    mean = np.average(values, weights=weights)

    found = discounted_moments(batches, gamma=0.8)

    np.testing.assert_allclose(found.n, [weights.sum()])
    np.testing.assert_allclose(found.mean, [mean])
    np.testing.assert_allclose(found.m2, [(weights * (values - mean) ** 2).sum()])


def test_arm_without_customers_stays_empty():
    nobody = Moments(np.zeros((2, 1)), np.zeros((2, 1)), np.zeros((2, 1)))
    found = discounted_moments(nobody, gamma=0.9)
    assert (found.n[0], found.mean[0], found.m2[0]) == (0, 0, 0)


def test_world_that_stands_still_seldom_raises_the_alarm_and_one_that_changes_does():
    rng = np.random.default_rng(2)
    n = np.full((4000, 10, 3), 200)
    still = change_e_value(Counts(n, rng.binomial(n, 0.1)).moments())
    moved = np.where(np.arange(10)[:, None] < 5, 0.1, [0.1, 0.1, 0.2])
    changed = change_e_value(Counts(n, rng.binomial(n, moved)).moments())
    assert (still >= 20).mean() < 0.05
    assert still.mean() < 1.1
    assert (changed >= 100).mean() > 0.9


def test_too_little_data_for_any_arm_gives_no_evidence():
    few = Counts(np.full((4, 2), 10), np.full((4, 2), 3)).moments()
    assert np.isnan(change_e_value(few))


def test_impossible_discounts_are_refused():
    with pytest.raises(ValueError, match=r"gamma is 1\.1"):
        discounted_sums([[1.0]], gamma=1.1)
