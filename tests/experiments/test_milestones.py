"""The days by which steps are to be done: by the calendar on the wall."""

from datetime import date

import pytest

from experiments.milestones import Step, proposed, working_days_before


@pytest.mark.parametrize(
    ("day", "days", "earlier"),
    [
        (date(2027, 3, 10), 0, date(2027, 3, 10)),
        (date(2027, 3, 10), 1, date(2027, 3, 9)),
        (date(2027, 3, 8), 1, date(2027, 3, 5)),  # a Monday: the Friday before
        (date(2027, 3, 9), 2, date(2027, 3, 5)),
        (date(2027, 3, 10), 5, date(2027, 3, 3)),
        (date(2027, 3, 10), 8, date(2027, 2, 26)),
        (date(2027, 3, 14), 0, date(2027, 3, 14)),  # a Sunday
        (date(2027, 3, 14), 2, date(2027, 3, 10)),  # counted from its Friday
    ],
)
def test_working_days_leave_out_weekends(day, days, earlier):
    assert working_days_before(day, days) == earlier


def test_steps_are_counted_back_from_the_launch():
    assert proposed(date(2027, 3, 9), today=date(2027, 1, 1)) == {
        Step.PLAN: date(2027, 2, 16),
        Step.CONTENT: date(2027, 2, 23),
        Step.AUDIENCE: date(2027, 3, 1),
        Step.APPROVAL: date(2027, 3, 5),
        Step.LAUNCH: date(2027, 3, 9),
    }


def test_nobody_is_asked_to_have_done_something():
    near = proposed(date(2027, 3, 9), today=date(2027, 3, 2))
    past = proposed(date(2027, 3, 9), today=date(2027, 4, 2))

    assert sorted(near.values()) == [date(2027, 3, 2)] * 3 + [date(2027, 3, 5), date(2027, 3, 9)]
    assert set(past.values()) == {date(2027, 3, 9)}
