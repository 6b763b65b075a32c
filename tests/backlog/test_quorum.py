"""When a round counts: half the members and two disciplines, unless it says otherwise."""

import pytest

from backlog.quorum import Quorum, is_falling, quorum

FIVE = ["marketing", "product", "data", "design", "data"]


@pytest.mark.parametrize(
    ("invited", "voted", "share", "disciplines", "expected", "is_met"),
    [
        (FIVE, ["data", "data"], 0.5, 2, Quorum(3, 2, 2, 1), False),
        (FIVE, ["data", "data", "design"], 0.5, 2, Quorum(3, 3, 2, 2), True),
        (FIVE, ["data"] * 3, 0.5, 2, Quorum(3, 3, 2, 1), False),
        (["data"] * 4, ["data"] * 2, 0.5, 2, Quorum(2, 2, 1, 1), True),  # nobody else was invited
        (FIVE, [], 0.0, 0, Quorum(0, 0, 0, 0), True),
        (["data"] * 10, ["data"] * 3, 0.3, 1, Quorum(3, 3, 1, 1), True),  # 0.3 of 10 is 3, rounding errors aside
    ],
)
def test_half_the_members_and_two_disciplines(invited, voted, share, disciplines, expected, is_met):
    found = quorum(invited=invited, voted=voted, share=share, disciplines=disciplines)

    assert found == expected
    assert found.is_met is is_met


def test_what_is_missing_is_told():
    assert (Quorum(3, 1, 2, 1).members_missing, Quorum(3, 1, 2, 1).disciplines_missing) == (2, 1)
    assert (Quorum(3, 5, 2, 4).members_missing, Quorum(3, 5, 2, 4).disciplines_missing) == (0, 0)


@pytest.mark.parametrize(
    ("turnouts", "expected"),
    [
        ([], False),
        ([0.9, 0.5], False),
        ([0.9, 0.8, 0.5], True),
        ([0.1, 0.9, 0.85, 0.8], True),  # a tenth less than two rounds before
        ([0.9, 0.85, 0.81], False),
        ([0.9, 0.5, 0.5], False),
        ([0.9, 0.5, 0.6], False),
    ],
)
def test_turnout_falls_when_three_rounds_each_lie_below_the_one_before_and_a_tenth_is_lost(turnouts, expected):
    assert is_falling(turnouts) == expected
