import numpy as np
import pytest

from experiments.stats import Counts, Matured, Status, Window, newcombe, proportion_lift, retention, retention_lift


def test_window_is_closed_when_its_last_hour_is_before_the_cut_off():
    window = Window(day=7, width=1)
    np.testing.assert_array_equal(window.is_closed([0.0, 2.0, 2.5], 10.0), [True, True, False])


def test_window_is_half_open():
    events = [6.999, 7.0, 7.999, 8.0]
    np.testing.assert_array_equal(Window(day=7).contains(events, 0.0), [False, True, True, False])
    np.testing.assert_array_equal(Window(day=7, width=7).contains(np.add(events, 6.0), 0.0), [True, True, True, False])


@pytest.mark.parametrize(("day", "width"), [(-1, 1), (3, 0)])
def test_window_without_length_or_before_exposure_is_refused(day, width):
    with pytest.raises(ValueError, match="at least 1 day wide"):
        Window(day, width)


def test_retention_compares_closed_windows_only():
    control, treatment = Matured(500, 300, 60), Matured(510, 310, 90)
    found, plain = retention(control, treatment), newcombe(Counts(300, 60), Counts(310, 90))
    lift, plain_lift = retention_lift(control, treatment), proportion_lift(Counts(300, 60), Counts(310, 90))
    assert (float(found.low), float(found.p)) == (float(plain.low), float(plain.p))
    assert (float(lift.low), float(lift.high)) == (float(plain_lift.low), float(plain_lift.high))
    assert float(control.matured_share) == 0.6


def test_too_few_closed_windows_are_immature_and_nobody_exposed_is_empty():
    control = Matured([100, 100, 0], [80, 80, 0], [20, 20, 0])
    treatment = Matured([100, 100, 100], [29, 30, 90], [9, 9, 9])

    found = retention(control, treatment)

    assert list(found.status) == [Status.IMMATURE, Status.OK, Status.EMPTY_ARM]
    np.testing.assert_array_equal(np.isnan(found.low), [True, False, True])
    np.testing.assert_allclose(found.estimate, [9 / 29 - 0.25, 0.3 - 0.25, np.nan])


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [((10, 11, 2), "matured is 11.0: must not exceed exposed"), ((10, 5, 6), "retained is 6.0: must not exceed mat")],
)
def test_more_retained_than_matured_than_exposed_is_refused(counts, sentence):
    with pytest.raises(ValueError, match=sentence):
        Matured(*counts)
