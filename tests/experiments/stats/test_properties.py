"""What must hold of every estimate from several columns, whatever the data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.stats import CrossMoments, Moments, ancova, clustered, cuped, lin, lin_lift, post_stratify, ratio

DIFFERENCES = [lin, ancova, cuped, ratio, clustered]
NUMBERS = ("estimate", "se", "low", "high", "p")


def batch(seed: int, *shape: int) -> CrossMoments:
    """Cells of two columns, both with means well above zero."""
    rng = np.random.default_rng(seed)
    values = rng.gamma(3.0, 2.0, size=(*shape, 40, 1)) + rng.gamma(2.0, 1.0, size=(*shape, 40, 2))
    return CrossMoments.from_values(values)


def assert_equal(one, two, **how):
    for name in NUMBERS:
        np.testing.assert_allclose(getattr(one, name), getattr(two, name), err_msg=name, **({"rtol": 1e-9} | how))


@pytest.mark.parametrize("method", DIFFERENCES)
def test_axes_commute(method):
    control, treatment = batch(1, 3, 4), batch(2, 3, 4)
    turned = [
        CrossMoments(side.n.T, side.mean.transpose(1, 0, 2), side.m.transpose(1, 0, 2, 3))
        for side in (control, treatment)
    ]
    found, other = method(control, treatment), method(*turned)
    for name in NUMBERS:
        np.testing.assert_array_equal(getattr(found, name), getattr(other, name).T)


@pytest.mark.parametrize("method", [*DIFFERENCES, lin_lift])
def test_bad_cell_never_disturbs_its_neighbours(method):
    control, treatment = batch(3, 5), batch(4, 5)
    n, spread = np.array([40, 0, 1, 40, 40]), np.array([1, 0, 0, 0, 1])[:, None, None]
    broken = CrossMoments(n, np.where(np.arange(5)[:, None] == 3, 0.0, treatment.mean), treatment.m * spread)
    found, alone = method(control, broken), method(control[[0, 4]], treatment[[0, 4]])
    assert_equal(found[[0, 4]], alone)


@pytest.mark.parametrize("method", DIFFERENCES)
def test_swapping_the_sides_flips_the_sign(method):
    control, treatment = batch(5, 6), batch(6, 6)
    found, swapped = method(control, treatment), method(treatment, control)
    np.testing.assert_allclose(swapped.estimate, -found.estimate, rtol=1e-9)
    np.testing.assert_allclose([swapped.low, swapped.high], [-found.high, -found.low], rtol=1e-9)
    np.testing.assert_allclose(swapped.p, found.p, rtol=1e-9)


@pytest.mark.parametrize("method", DIFFERENCES)
@given(factor=st.floats(1e-4, 1e4))
@settings(max_examples=20)
def test_unit_of_the_outcome_scales_the_answer(method, factor):
    control, treatment = batch(7, 2), batch(8, 2)
    unit = np.array([factor, 1.0])
    scaled = [CrossMoments(side.n, side.mean * unit, side.m * np.outer(unit, unit)) for side in (control, treatment)]
    found, larger = method(control, treatment), method(*scaled)
    np.testing.assert_allclose(larger.low, found.low * factor, rtol=1e-7, atol=1e-12 * factor)
    np.testing.assert_allclose(larger.p, found.p, rtol=1e-6, atol=1e-12)


@given(factor=st.floats(1e-4, 1e4), level=st.floats(-1e3, 1e3))
@settings(max_examples=20)
def test_unit_and_zero_of_a_covariate_do_not_matter(factor, level):
    control, treatment = batch(9, 2), batch(10, 2)
    unit = np.array([1.0, factor])
    moved = [
        CrossMoments(side.n, side.mean * unit + [0.0, level], side.m * np.outer(unit, unit))
        for side in (control, treatment)
    ]
    for method in (lin, lin_lift, cuped, ancova):
        assert_equal(method(*moved), method(control, treatment), rtol=1e-6, atol=1e-10)


@given(st.permutations(range(4)))
@settings(max_examples=10)
def test_order_of_the_strata_does_not_matter(order):
    rng = np.random.default_rng(11)
    sides = [Moments(np.array([30, 1, 40, 20]), rng.normal(5, 1, 4), np.array([9.0, 0.0, 30.0, 8.0])) for _ in range(2)]
    found = post_stratify(*sides)
    assert_equal(post_stratify(*(side[list(order)] for side in sides)), found)


def test_customers_in_several_parts_are_the_same_customers():
    # Shards of one variant merged in any order, or pooled along an axis, answer as one pass does.
    shards, treatment = batch(12, 3), batch(13)
    merged = shards[2].merge(shards[0]).merge(shards[1])
    assert_equal(lin(merged, treatment), lin(shards.pooled()[0], treatment))
