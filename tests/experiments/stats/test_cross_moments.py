import numpy as np
import pytest

from experiments.stats import CrossMoments, Moments


def rows(seed: int, size: int = 300) -> np.ndarray:
    return np.random.default_rng(seed).multivariate_normal([5.0, 2.0, 0.0], np.eye(3) + 0.5, size=size)


def from_rows(values: np.ndarray) -> CrossMoments:
    centred = values - values.mean(0)
    return CrossMoments(len(values), values.mean(0), centred.T @ centred)


def test_cross_moments_from_sums_about_pivots_are_those_of_the_rows():
    values = rows(1)
    shifted = values - [5.0, 2.0, 1.0]

    found = CrossMoments.from_sums(len(values), shifted.sum(0), shifted.T @ shifted, pivot=[5.0, 2.0, 1.0])

    np.testing.assert_allclose(found.mean, values.mean(0), atol=1e-13)
    np.testing.assert_allclose(found.covariance, np.cov(values, rowvar=False), rtol=1e-12)


def test_merging_cross_moments_equals_one_pass():
    one, two = rows(2, 40), rows(3, 200) + 9.0
    merged = from_rows(one).merge(from_rows(two))
    whole = from_rows(np.concatenate([one, two]))
    np.testing.assert_allclose(merged.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(merged.m, whole.m, rtol=1e-12)


def test_merging_with_nobody_changes_nothing():
    someone, nobody = from_rows(rows(4)), CrossMoments(0, np.full(3, np.nan), np.zeros((3, 3)))
    for merged in (someone.merge(nobody), nobody.merge(someone)):
        np.testing.assert_array_equal(merged.mean, someone.mean)
        np.testing.assert_array_equal(merged.m, someone.m)


def test_column_is_the_moments_of_that_column():
    values = rows(5)
    column, alone = from_rows(values).column(1), Moments.from_values(values[:, 1])
    np.testing.assert_allclose([column.n, column.mean, column.m2], [alone.n, alone.mean, alone.m2], rtol=1e-12)


def test_split_keeps_the_variant_axis_and_the_columns():
    many = CrossMoments([10, 20, 30], np.zeros((3, 2)), np.broadcast_to(np.eye(2), (3, 2, 2)))
    control, treatments = many.split(control=2)
    assert (control.mean.shape, treatments.m.shape) == ((1, 2), (2, 2, 2))
    np.testing.assert_array_equal(treatments.n, [10.0, 20.0])


def test_constant_column_when_sums_round_has_no_cross_products():
    values = np.column_stack([np.full(7, 0.1), np.arange(7.0)])
    found = CrossMoments.from_sums(7, values.sum(0), values.T @ values)
    np.testing.assert_array_equal(found.m[0], [0.0, 0.0])


@pytest.mark.parametrize(
    ("m", "sentence"),
    [
        ([[1.0, 0.5], [0.2, 1.0]], r"m\[0, 1\] is 0\.5: must be symmetric"),
        ([[1.0, 0.0], [0.0, -1.0]], "inconsistent cross products"),
        ([[1.0]], "columns do not match"),
        ([[np.nan, 0.0], [0.0, 1.0]], r"m\[0, 0\] is nan"),
    ],
)
def test_impossible_cross_products_are_refused(m, sentence):
    with pytest.raises(ValueError, match=sentence):
        CrossMoments(10, [0.0, 0.0], m)
