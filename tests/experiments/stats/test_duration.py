import numpy as np
import pytest

from experiments.stats import arrival_curve, matured_customers, required_days

PROFILE = [100, 100, 100, 100, 100, 50, 50]


def test_arrivals_follow_the_weekdays_less_what_others_take():
    found = arrival_curve(PROFILE, days=9, start_weekday=4, available_share=0.5)
    np.testing.assert_allclose(found, np.cumsum([50, 25, 25, 50, 50, 50, 50, 50, 25]))


def test_profiles_and_shares_broadcast():
    found = arrival_curve([PROFILE, [0] * 7], days=7, available_share=[1.0, 0.3])
    np.testing.assert_allclose(found[:, -1], [600.0, 0.0])


def test_recruiting_ends_with_a_full_week_and_windows_close_after_it():
    curve = arrival_curve(PROFILE, days=60)
    found = required_days([600, 601, 1300], curve, wait_days=8)
    assert list(found.recruiting) == [7, 14, 21]
    assert list(found.total) == [15, 22, 29]


def test_days_can_be_exact():
    found = required_days(601, arrival_curve(PROFILE, days=60), in_full_weeks=False)
    assert (float(found.recruiting), float(found.total)) == (8.0, 8.0)


def test_an_audience_that_saturates_may_never_be_enough():
    reach = 5000 * (1 - np.exp(-np.arange(1, 91) / 20))
    found = required_days([2500, 5000], reach)
    assert list(found.total) == [14.0, np.inf]


def test_matured_customers_lag_behind_by_the_window():
    reach = np.array([[10.0, 25.0, 30.0], [1.0, 2.0, 3.0]])
    np.testing.assert_array_equal(matured_customers(reach, wait_days=2), [[0, 0, 10], [0, 0, 1]])
    np.testing.assert_array_equal(matured_customers(reach), reach)
    np.testing.assert_array_equal(matured_customers(reach, wait_days=9), np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: arrival_curve([1, 2, 3], days=5), "7 days"),
        (lambda: arrival_curve([-1] * 7, days=5), "weekday_profile"),
        (lambda: arrival_curve(PROFILE, days=5, available_share=1.2), "available_share is 1.2"),
        (lambda: required_days(0, [1, 2]), "customers is 0.0"),
        (lambda: required_days(5, [3, 2]), r"reach\[1\] is 2.0: must never fall"),
        (lambda: required_days(5, [3, 9], wait_days=1.5), "wait_days is 1.5"),
    ],
)
def test_impossible_arrivals_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
