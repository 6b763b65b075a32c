"""Salted hashing: even, independent between salts, stable, one at a time as all at once."""

from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from experiments.assignment import ELSEWHERE, HELD_OUT, Division, Slice, encoded, unit, units

SALTS = [UUID(int=0x9F1C_22D0_7A55_4E0B_8C11_3B6E_5D0F_A201 + 0x1357_9BDF * n) for n in range(4)]
CUSTOMERS = [str(number) for number in range(100_000)]
NAMED = [f"user-{number:06d}@example.org" for number in range(100_000)]
ALPHA = 1e-5  # of each fixed draw: a red test is a broken hash

salts = st.uuids(version=4)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
slices = st.builds(
    lambda salt, low, width: Slice(salt, low, min(1.0, low + width)), salts, st.floats(0, 0.9), st.floats(0.01, 1)
)


@st.composite
def divisions(draw) -> Division:
    weights = draw(st.lists(st.integers(1, 50), min_size=2, max_size=10))
    shares = tuple(weight / sum(weights) for weight in weights)
    return Division(draw(salts), shares, draw(st.none() | slices), draw(st.none() | slices))


@given(divisions(), st.lists(names, max_size=20))
def test_one_customer_at_a_time_and_all_at_once_get_the_same(division, customers):
    assert division.places(customers).tolist() == [division.place(customer) for customer in customers]


@given(salts, st.lists(names, max_size=20))
def test_numbers_lie_in_the_unit_interval_and_hang_on_salt_and_name_alone(salt, customers):
    numbers = units(salt, encoded(customers))
    assert ((numbers >= 0) & (numbers < 1)).all()
    assert numbers.tolist() == [unit(salt, customer) for customer in customers]


def test_a_known_customer_keeps_the_number_that_was_given_away():
    """Rewriting the hash would move every customer of every running experiment."""
    salt = UUID("3b241101-e2bb-4255-8caf-4136c566a962")
    assert [unit(salt, name) for name in ("u1", "customer-00000001", "ö")] == [
        0.31889510381207853,
        0.9117677793452231,
        0.9568443721747949,
    ]


@pytest.mark.parametrize("customers", [CUSTOMERS, NAMED], ids=["numbers", "addresses"])
@pytest.mark.parametrize("salt", SALTS)
def test_numbers_are_even(salt, customers):
    counts = np.bincount((units(salt, encoded(customers)) * 1000).astype(int), minlength=1000)
    assert stats.chisquare(counts).pvalue > ALPHA
    assert stats.kstest(units(salt, encoded(customers)), "uniform").pvalue > ALPHA


@pytest.mark.parametrize("customers", [CUSTOMERS, NAMED], ids=["numbers", "addresses"])
def test_experiments_are_independent_of_each_other_and_of_the_holdout(customers):
    divided = [(units(salt, encoded(customers)) * 10).astype(int) for salt in SALTS]
    for first in range(len(SALTS)):
        for second in range(first):
            table = np.histogram2d(divided[first], divided[second], bins=10)[0]
            assert stats.chi2_contingency(table).pvalue > ALPHA


def test_shares_are_what_they_say():
    shares = (0.5, 0.3, 0.15, 0.05)
    counts = np.bincount(Division(SALTS[0], shares).places(CUSTOMERS), minlength=4)
    assert stats.chisquare(counts, np.array(shares) * len(CUSTOMERS)).pvalue > ALPHA


@given(salts, st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_a_changed_share_moves_only_those_between_the_boundaries(salt, old, new):
    customers = CUSTOMERS[:500]
    before = Division(salt, (old, 1 - old)).places(customers)
    after = Division(salt, (new, 1 - new)).places(customers)
    numbers = units(salt, encoded(customers))
    between = (min(old, new) <= numbers) & (numbers < max(old, new))
    assert (before != after).tolist() == between.tolist()


@given(salts, st.floats(0, 1), st.floats(0, 1))
def test_a_holdout_that_grows_keeps_whom_it_has(salt, one, other):
    small, large = (Slice(salt, 0, share).held(encoded(CUSTOMERS[:500])) for share in sorted((one, other)))
    assert not (small & ~large).any()


@given(divisions(), divisions(), salts, st.floats(0.05, 0.95))
def test_b3_3_ranges_of_one_exclusion_group_share_nobody(one, other, group, boundary):
    first = Division(one.salt, one.shares, group=Slice(group, 0.0, boundary)).places(CUSTOMERS[:500])
    second = Division(other.salt, other.shares, group=Slice(group, boundary, 1.0)).places(CUSTOMERS[:500])
    assert ((first == ELSEWHERE) != (second == ELSEWHERE)).all()


def test_the_holdout_comes_before_the_group():
    everybody, nobody = Slice(SALTS[1], 0.0, 1.0), Slice(SALTS[2], 0.0, 0.0)
    assert Division(SALTS[0], (0.5, 0.5), everybody, nobody).place("u1") == HELD_OUT
    assert Division(SALTS[0], (0.5, 0.5), None, nobody).place("u1") == ELSEWHERE


def test_rounded_shares_leave_nobody_without_a_variant():
    tenth = Division(SALTS[0], (0.1,) * 10)
    assert set(tenth.places(CUSTOMERS).tolist()) == set(range(10))
