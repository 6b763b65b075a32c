"""The maturity index by itself: marks, and what they come to."""

from itertools import combinations

import pytest

from experiments.maturity import AXES, MARKS, Axis, Factor, Level, is_at_mark, level

ALL = set(Factor)


def test_twelve_factors_stand_on_two_axes_each_once_and_with_a_mark():
    listed = [factor for factors in AXES.values() for factor in factors]

    assert (sorted(listed), len(listed), set(MARKS)) == (sorted(Factor), 12, ALL)
    assert set(AXES) == set(Axis)


def test_c5_1_lead_takes_every_experimentation_and_channel_factor():
    assert level(ALL) == Level.LEAD
    without = [ALL - set(left_out) for count in (1, 2) for left_out in combinations(Factor, count)]
    assert {level(at_mark) for at_mark in without} == {Level.ACCELERATE}


@pytest.mark.parametrize(
    ("experimentation", "channel", "expected"),
    [(6, 2, "activate"), (2, 6, "activate"), (3, 3, "accelerate"), (6, 5, "accelerate"), (0, 0, "activate")],
)
def test_one_side_alone_carries_nobody(experimentation, channel, expected):
    at_mark = [*AXES[Axis.EXPERIMENTATION][:experimentation], *AXES[Axis.CHANNEL][:channel]]

    assert level(at_mark) == expected


@pytest.mark.parametrize(
    ("measured", "rating", "expected"),
    [
        (None, None, False),
        (0.8, None, True),
        (0.79, None, False),
        (None, 4.0, True),
        (None, 3.9, False),
        (0.8, 3.9, False),
        (0.79, 5.0, False),
        (1.0, 4.0, True),
    ],
)
def test_all_that_is_known_of_a_factor_has_to_be_at_its_mark(measured, rating, expected):
    assert is_at_mark(Factor.EVIDENCE, measured=measured, rating=rating) is expected


@pytest.mark.parametrize(("days", "expected"), [(60, True), (60.5, False)])
def test_a_ceiling_is_met_from_below(days, expected):
    assert is_at_mark(Factor.SPEED, measured=days, rating=None) is expected
