import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from experiments.stats import Moments, cumulative_looks

FINITE = st.floats(-1e6, 1e6)


def assert_same(one: Moments, two: Moments, *, rtol: float = 1e-12) -> None:
    for name in ("n", "mean", "m2", "m3"):
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), rtol=rtol, atol=1e-12)


def test_moments_from_sums_about_a_pivot_are_those_of_the_rows():
    values = np.random.default_rng(1).gamma(2.0, 30.0, size=(3, 500))
    centred = values - 60.0

    found = Moments.from_sums(500, centred.sum(1), (centred**2).sum(1), (centred**3).sum(1), pivot=60.0)

    np.testing.assert_allclose(found.mean, values.mean(1), rtol=1e-13)
    np.testing.assert_allclose(found.variance, values.var(1, ddof=1), rtol=1e-12)
    np.testing.assert_allclose(found.skewness, scipy_stats.skew(values, axis=1), rtol=1e-10)


def test_pivot_when_the_mean_is_a_billion_standard_deviations_out_keeps_the_digits():
    noise = np.random.default_rng(2).normal(size=1000)
    found = Moments.from_sums(1000, noise.sum(), (noise**2).sum(), pivot=1e9)
    assert float(found.variance) == pytest.approx(noise.var(ddof=1), rel=1e-12)


def test_constant_values_when_sums_round_have_no_variance():
    values = np.full(7, 0.1)
    found = Moments.from_sums(7, values.sum(), (values**2).sum())
    assert float(found.m2) == 0.0


@given(st.lists(FINITE, min_size=1), st.lists(FINITE, min_size=1), st.lists(FINITE, min_size=1))
def test_merging_in_any_order_equals_one_pass(first, second, third):
    parts = [Moments.from_values(part) for part in (first, second, third)]
    whole = Moments.from_values(first + second + third)

    left = parts[0].merge(parts[1]).merge(parts[2])
    right = parts[0].merge(parts[1].merge(parts[2]))

    scale = np.sqrt(max(float(whole.m2), 1.0))
    for one in (left, right):
        assert float(one.n) == float(whole.n)
        assert float(one.mean) == pytest.approx(float(whole.mean), rel=1e-12, abs=1e-9)
        assert float(one.m2) == pytest.approx(float(whole.m2), rel=1e-9, abs=1e-6)
        assert float(one.m3) == pytest.approx(float(whole.m3), rel=1e-9, abs=1e-6 * scale**3)


def test_merging_when_parts_overlap_little_is_associative_to_twelve_digits():
    rng = np.random.default_rng(3)
    one, two, three = (Moments.from_values(rng.normal(size, 3.0, size=(4, size))) for size in (5, 50, 500))
    assert_same(one.merge(two).merge(three), one.merge(two.merge(three)))


def test_merging_with_nobody_changes_nothing():
    someone, nobody = Moments.from_values([1.0, 2.0, 4.0]), Moments.from_values([])
    assert np.isnan(nobody.mean)
    assert_same(nobody.merge(someone), someone)
    assert_same(someone.merge(nobody), someone)


def test_cumulative_looks_with_refunds_and_late_purchases_equal_the_totals_so_far():
    # Two customers on day 1; on day 2 none new, but one refunds 4 of 10; on day 3 one more.
    day_1, day_2, day_3 = [10.0, 3.0], [6.0, 3.0], [6.0, 3.0, 8.0]
    pivot = 2.0
    sums = [[sum((y - pivot) ** power for y in day) for day in (day_1, day_2, day_3)] for power in (1, 2, 3)]
    steps = [np.diff(total, prepend=0.0) for total in sums]
    assert steps[1][1] < 0

    found = cumulative_looks([2, 0, 1], *steps, pivot=pivot)

    expected = [Moments.from_values(day) for day in (day_1, day_2, day_3)]
    for look, moments in enumerate(expected):
        assert_same(found[look], moments)


def test_split_keeps_the_variant_axis_of_the_control():
    moments = Moments(np.arange(24.0).reshape(2, 3, 4) + 5, 1.0, 2.0)

    control, treatments = moments.split(axis=1, control=1)

    assert (control.shape, treatments.shape) == ((2, 1, 4), (2, 2, 4))
    np.testing.assert_array_equal(treatments.n, moments.n[:, [0, 2]])


def test_moments_are_frozen():
    with pytest.raises(AttributeError):
        Moments(3, 1.0, 2.0).n = 4


@pytest.mark.parametrize(
    ("sums", "sentence"),
    [
        ({"n": [5, 5], "s1": [1.0, np.nan], "s2": 9.0}, r"s1\[1\] is nan"),
        ({"n": 5, "s1": 1.0, "s2": np.inf}, "s2 is inf"),
        ({"n": [[3, 2.5]], "s1": 1.0, "s2": 9.0}, r"n\[0, 1\] is 2\.5"),
        ({"n": -1, "s1": 1.0, "s2": 9.0}, r"n is -1\.0"),
        ({"n": 10, "s1": 100.0, "s2": 999.0}, "inconsistent moments"),
        ({"n": 0, "s1": 1.0, "s2": 1.0}, "s1 is 1.0: must be 0 where n is 0"),
        ({"n": [1, 2, 3], "s1": [1.0, 2.0], "s2": 9.0}, r"n \(3,\), s1 \(2,\)"),
        ({"n": 3, "s1": "many", "s2": 9.0}, "s1 must be numbers"),
    ],
)
def test_impossible_sums_are_refused_with_the_array_and_the_place(sums, sentence):
    with pytest.raises(ValueError, match=sentence):
        Moments.from_sums(**sums)
