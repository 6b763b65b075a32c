import pytest

from engagement.core.templatetags.estimates import Drawn, Written, decimals, drawn_interval, written_estimate


@pytest.mark.parametrize(
    ("numbers", "places"),
    [
        ((2.31, 0.92, 3.71), 1),
        ((0.9, 0.1, 1.7), 1),
        ((0.24, 0.05, 0.43), 2),  # half the width is 0.19: two digits of it
        ((0.01, -0.06, 0.08), 2),  # half the width is 0.07: one digit of it
        ((7.3, 2.8, 12.1), 1),
        ((21.1, -1.6, 49.0), 1),
        ((123.4, 122.0, 124.8), 0),  # never more than three digits of the largest
        ((5, 5, 5), 2),
        ((0, 0, 0), 2),
    ],
)
def test_decimals_follow_the_width_of_the_interval(numbers, places):
    assert decimals(*numbers) == places


@pytest.mark.parametrize(
    ("arguments", "value", "interval"),
    [
        ((2.31, 0.92, 3.71, "pp"), "+2.3\N{NO-BREAK SPACE}pp", "+0.9 to +3.7"),
        ((-0.014, -0.024, -0.004, "%", 100), "−1.4%", "−2.4 to −0.4%"),
        ((1.84, 1.62, 2.06, "EUR", 1, True), "1.84\N{NO-BREAK SPACE}EUR", "1.62 to 2.06"),
        ((-0.001, -0.4, 0.4, "pp"), "0.0\N{NO-BREAK SPACE}pp", "−0.4 to +0.4"),
        ((12345, 11000, 13690, "EUR"), "+12,345\N{NO-BREAK SPACE}EUR", "+11,000 to +13,690"),
    ],
)
def test_an_estimate_is_written_with_its_interval(arguments, value, interval):
    assert written_estimate(*arguments) == Written(value, interval)


@pytest.mark.parametrize("numbers", [(None, 1, 2), (1, None, 2), (1, 0, None)])
def test_a_missing_number_leaves_no_estimate(numbers):
    assert written_estimate(*numbers) is None
    assert drawn_interval(*numbers, (0, 1)) is None


def test_an_interval_is_drawn_on_the_axis_it_shares():
    assert drawn_interval(0, -1, 1, (-1, 1)) == Drawn(low=4.0, value=66.0, high=128.0, zero=66.0)


def test_an_interval_beyond_the_axis_ends_at_its_edge_and_a_far_zero_is_left_out():
    assert drawn_interval(2, 0, 9, (1, 3)) == Drawn(low=4.0, value=66.0, high=128.0, zero=None)


@pytest.mark.parametrize(
    ("value", "low", "high", "interval"),
    [
        (-1.2, -2.4, -0.04, "−2.40 to −0.04"),
        (1.2, 0.0, 2.4, "0.0 to +2.4"),
        (1.2, 0.0004, 2.4, "0.0 to +2.4"),  # two more places would not tell it apart either
    ],
)
def test_an_end_that_is_not_zero_does_not_read_as_zero(value, low, high, interval):
    found = written_estimate(value, low, high)

    assert found is not None
    assert found.interval == interval
