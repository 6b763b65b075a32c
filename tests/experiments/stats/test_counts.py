import numpy as np
import pytest

from experiments.stats import Counts, Moments


def test_counts_as_moments_are_those_of_zeros_and_ones():
    found, rows = Counts(10, 3).moments(), Moments.from_values([1.0] * 3 + [0.0] * 7)
    for name in ("n", "mean", "m2", "m3"):
        assert float(getattr(found, name)) == pytest.approx(float(getattr(rows, name)), rel=1e-12)


def test_merge_adds_customers_and_successes():
    merged = Counts([10, 0], [3, 0]).merge(Counts(5, 1))
    np.testing.assert_array_equal([merged.n, merged.successes], [[15, 5], [4, 1]])


def test_rate_of_nobody_is_unknown():
    np.testing.assert_array_equal(Counts([4, 0], [1, 0]).rate, [0.25, np.nan])


def test_split_keeps_the_variant_axis():
    control, treatments = Counts(np.full((2, 3), 9), 1).split()
    assert (control.shape, treatments.shape) == ((2, 1), (2, 2))


@pytest.mark.parametrize(
    ("n", "successes", "sentence"),
    [
        (10, [3, 11], r"successes\[1\] is 11\.0: must not exceed n"),
        (10, -1, "successes is -1"),
        (10.5, 1, r"n is 10\.5"),
        (np.nan, 1, "n is nan"),
    ],
)
def test_impossible_counts_are_refused(n, successes, sentence):
    with pytest.raises(ValueError, match=sentence):
        Counts(n, successes)
