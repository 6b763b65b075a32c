"""What must hold of every comparison, whatever the data: hypothesis draws the cells, good ones and bad ones."""

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.stats import (
    Counts,
    CrossMoments,
    Estimate,
    Moments,
    ancova,
    clustered,
    clustered_lift,
    cuped,
    fieller_lift,
    lin,
    lin_lift,
    log_ratio_lift,
    miettinen_nurminen,
    newcombe,
    post_stratify,
    proportion_lift,
    ratio,
    ratio_lift,
    relative_lift,
    welch,
)

Rows = np.ndarray
Side = Moments | Counts | CrossMoments
NUMBERS = ("estimate", "se", "df", "low", "high", "p")


def means(rows: Rows) -> Moments:
    return Moments.from_values(rows[:, 0])


def rates(rows: Rows) -> Counts:
    return Counts(len(rows), (rows[:, 0] > 6).sum())


def columns(rows: Rows) -> CrossMoments:
    return CrossMoments.from_values(rows) if len(rows) else CrossMoments(0, [0, 0], np.zeros((2, 2)))


# Each method and how a cell's rows, of two columns each, become a side of it.
DIFFERENCES: dict[Callable[..., Estimate], Callable[[Rows], Side]] = {
    welch: means,
    newcombe: rates,
    miettinen_nurminen: rates,
    lin: columns,
    ancova: columns,
    cuped: columns,
    ratio: columns,
    clustered: columns,
}
LIFTS: dict[Callable[..., Estimate], Callable[[Rows], Side]] = {
    relative_lift: means,
    log_ratio_lift: means,
    fieller_lift: means,
    proportion_lift: rates,
    lin_lift: columns,
    ratio_lift: columns,
    clustered_lift: columns,
}
METHODS = DIFFERENCES | LIFTS
WITH_A_UNIT = [method for method, side in METHODS.items() if side is not rates]
# (outcome, second column): what becomes of ordinary rows in cells that are hard to answer.
BAD = {
    "empty": lambda rows: rows[:0],
    "alone": lambda rows: rows[:1],
    "without noise": lambda rows: np.full_like(rows, 2.0),
    "without outcome": lambda rows: rows * [0.0, 1.0],
    "of refunds": lambda rows: rows * [-1.0, 1.0],
    "without denominator": lambda rows: rows * [1.0, 0.0],
    "in proportion": lambda rows: rows[:, [0, 0]],
}


@st.composite
def good_rows(draw: st.DrawFn) -> Rows:
    """Rows of two columns that go together, both above zero."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    size = draw(st.integers(6, 60))
    return rng.gamma(3.0, 2.0, size=(size, 1)) + rng.gamma(2.0, 1.0, size=(size, 2))


any_rows = st.one_of(
    good_rows(), st.builds(lambda rows, spoil: spoil(rows), good_rows(), st.sampled_from([*BAD.values()]))
)
pairs = st.tuples(any_rows, any_rows)
batches = st.lists(pairs, min_size=6, max_size=6)
good_pairs = st.tuples(good_rows(), good_rows())


def joined(sides: list[Side], *shape: int) -> Side:
    """Single cells as one batch."""
    stacks = [np.stack([getattr(side, field.name) for side in sides]) for field in fields(sides[0])]
    return type(sides[0])(*(stack.reshape(*shape, *stack.shape[1:]) for stack in stacks))


def sides_of(method: Callable[..., Estimate], cells: list[tuple[Rows, Rows]], *shape: int) -> tuple[Side, Side]:
    return tuple(joined([METHODS[method](rows[which]) for rows in cells], *shape) for which in (0, 1))


def turned(side: Side) -> Side:
    """The first two cell axes changed over."""
    return type(side)(*(np.swapaxes(getattr(side, field.name), 0, 1) for field in fields(side)))


def assert_same(one: Estimate, two: Estimate, *, unit: float = 1.0, rtol: float = 1e-9) -> None:
    """Every number, status and note; `two` is given in a unit so much larger."""
    units = {"p": 1.0, "df": 1.0}
    for name in NUMBERS:
        found, expected = getattr(one, name), getattr(two, name) * units.get(name, unit)
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=1e-12 * units.get(name, unit), err_msg=name)
    assert one.status.tolist() == two.status.tolist()
    assert one.method.tolist() == two.method.tolist()
    assert sorted(one.texts()) == sorted(two.texts())


@pytest.mark.parametrize("method", METHODS)
@given(cells=batches)
@settings(max_examples=25)
def test_cell_is_answered_as_if_it_were_alone_whatever_its_neighbours(method, cells):
    whole = method(*sides_of(method, cells, 6))
    for place, rows in enumerate(cells):
        assert_same(whole[place], method(*(METHODS[method](side) for side in rows)))


@pytest.mark.parametrize("method", METHODS)
@given(cells=batches)
@settings(max_examples=15)
def test_axes_commute(method, cells):
    control, treatment = sides_of(method, cells, 2, 3)
    found, other = method(control, treatment), method(turned(control), turned(treatment))
    for name in NUMBERS:
        np.testing.assert_allclose(getattr(found, name), getattr(other, name).T, rtol=1e-12)
    assert found.status.tolist() == other.status.T.tolist()


@pytest.mark.parametrize("method", METHODS)
@given(cell=pairs, share=st.floats(0, 1))
@settings(max_examples=25)
def test_parts_merged_in_either_order_answer_as_one_pass(method, cell, share):
    control, treatment = cell
    cut = round(share * len(treatment))
    parts = [METHODS[method](rows) for rows in (treatment[:cut], treatment[cut:])]
    whole = method(METHODS[method](control), METHODS[method](treatment))
    for first, second in (parts, parts[::-1]):
        assert_same(method(METHODS[method](control), first.merge(second)), whole, rtol=1e-7)


@pytest.mark.parametrize("method", DIFFERENCES)
@given(cell=pairs)
@settings(max_examples=25)
def test_swapping_the_sides_flips_the_sign(method, cell):
    control, treatment = (METHODS[method](rows) for rows in cell)
    found, swapped = method(control, treatment), method(treatment, control)
    np.testing.assert_allclose(swapped.estimate, -found.estimate, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose([swapped.low, swapped.high], [-found.high, -found.low], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(swapped.p, found.p, rtol=1e-7)
    assert swapped.status == found.status


@pytest.mark.parametrize("method", [log_ratio_lift, relative_lift, fieller_lift, ratio_lift, clustered_lift])
@given(cell=good_pairs)
@settings(max_examples=25)
def test_swapping_the_sides_of_a_lift_inverts_the_ratio(method, cell):
    control, treatment = (METHODS[method](rows) for rows in cell)
    found, swapped = method(control, treatment), method(treatment, control)
    if np.isnan(found.low) or np.isnan(swapped.low) or found.method != swapped.method:
        return
    np.testing.assert_allclose(1 + swapped.estimate, 1 / (1 + found.estimate), rtol=1e-9)
    np.testing.assert_allclose(
        [1 + swapped.low, 1 + swapped.high], [1 / (1 + found.high), 1 / (1 + found.low)], rtol=1e-7
    )
    np.testing.assert_allclose(swapped.p, found.p, rtol=1e-7)


@pytest.mark.parametrize("method", WITH_A_UNIT)
@given(cell=pairs, power=st.integers(-30, 30))
@settings(max_examples=25)
def test_unit_of_the_outcome_scales_a_difference_and_leaves_a_lift(method, cell, power):
    # A power of two changes no digit, so that even a cell without noise stays one.
    unit = 2.0**power
    found = method(*(METHODS[method](rows) for rows in cell))
    larger = method(*(METHODS[method](rows * [unit, 1.0]) for rows in cell))
    assert_same(larger, found, unit=unit if method in DIFFERENCES else 1.0)


@pytest.mark.parametrize("method", [lin, lin_lift, cuped, ancova])
@given(cell=good_pairs, factor=st.floats(1e-4, 1e4), level=st.floats(-1e3, 1e3))
@settings(max_examples=15)
def test_unit_and_zero_of_a_covariate_do_not_matter(method, cell, factor, level):
    found = method(*(columns(rows) for rows in cell))
    moved = method(*(columns(rows * [1.0, factor] + [0.0, level]) for rows in cell))
    for name in NUMBERS:
        np.testing.assert_allclose(getattr(moved, name), getattr(found, name), rtol=1e-4, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("method", [newcombe, miettinen_nurminen])
@given(cell=pairs)
@settings(max_examples=25)
def test_counting_failures_flips_the_sign_of_a_difference_of_rates(method, cell):
    sides = [rates(rows) for rows in cell]
    found, failures = method(*sides), method(*(Counts(side.n, side.n - side.successes) for side in sides))
    np.testing.assert_allclose([failures.low, failures.high], [-found.high, -found.low], rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(failures.p, found.p, rtol=1e-7)


@given(st.permutations(range(4)))
@settings(max_examples=10)
def test_order_of_the_strata_does_not_matter(order):
    rng = np.random.default_rng(11)
    sides = [Moments(np.array([30, 1, 40, 20]), rng.normal(5, 1, 4), np.array([9.0, 0.0, 30.0, 8.0])) for _ in range(2)]
    assert_same(post_stratify(*(side[list(order)] for side in sides)), post_stratify(*sides))


@given(parts=st.lists(good_rows(), min_size=3, max_size=3), rows=good_rows())
@settings(max_examples=15)
def test_parts_pooled_along_an_axis_answer_as_merged_ones(parts, rows):
    shards = joined([columns(part) for part in parts], 3)
    merged = shards[2].merge(shards[0]).merge(shards[1])
    assert_same(lin(merged, columns(rows)), lin(shards.pooled()[0], columns(rows)), rtol=1e-7)
