import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from experiments.stats import Counts, Method, Status, katz_lift, koopman_lift, miettinen_nurminen_lift, proportion_lift


def test_koopman_interval_is_that_of_his_example():
    # Koopman (1984), 36/40 against 16/80: 2.94 to 7.15.
    found = koopman_lift(Counts(80, 16), Counts(40, 36))
    np.testing.assert_allclose([found.low + 1, found.high + 1], [2.94, 7.15], atol=0.005)


def test_katz_interval_agrees_with_scipy():
    peer = scipy_stats.contingency.relative_risk(214, 1450, 260, 1500)
    limits = peer.confidence_interval(0.95)
    found = katz_lift(Counts(1500, 260), Counts(1450, 214))
    ours = [found.estimate + 1, found.low + 1, found.high + 1]
    np.testing.assert_allclose(ours, [peer.relative_risk, limits.low, limits.high], rtol=1e-10)


def test_rule_takes_the_score_interval_below_ten_successes():
    control, treatment = Counts([100, 100], [9, 10]), Counts(100, 20)
    found = proportion_lift(control, treatment)
    assert list(found.method) == [Method.KOOPMAN, Method.LOG_RATIO]
    expected = [koopman_lift(control, treatment).low[0], katz_lift(control, treatment).low[1]]
    np.testing.assert_array_equal(found.low, expected)


def test_no_control_success_leaves_the_lift_undefined():
    found = proportion_lift(Counts([100, 100], [0, 20]), Counts([100, 0], [5, 0]))
    assert list(found.status) == [Status.RELATIVE_UNDEFINED, Status.EMPTY_ARM]
    assert np.isnan([found.estimate, found.low, found.high]).all()


def test_no_treatment_success_is_a_lift_of_minus_one_with_an_upper_limit():
    found = proportion_lift(Counts(100, 30), Counts(100, 0))
    assert (float(found.estimate), float(found.low), found.status.item()) == (-1.0, -1.0, Status.APPROXIMATION_WEAK)
    assert -1 < float(found.high) < -0.5


def test_wider_score_interval_holds_the_narrower_one():
    sides = Counts(90, 13), Counts(80, 10)
    narrow, wide = koopman_lift(*sides), miettinen_nurminen_lift(*sides)
    assert float(wide.low) < float(narrow.low) < float(narrow.high) < float(wide.high)


@pytest.mark.parametrize("method", [katz_lift, koopman_lift, proportion_lift])
def test_one_sided_lift_is_open_on_the_other_side(method):
    sides = Counts(200, 30), Counts(150, 40)
    both = method(*sides, alpha=0.1)
    less, greater = (method(*sides, alternative=side) for side in ("less", "greater"))
    assert (float(less.low), float(greater.high)) == (-1.0, np.inf)
    np.testing.assert_allclose([greater.low, less.high], [both.low, both.high], rtol=1e-12)


COUNTS = st.integers(2, 500).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))


@given(COUNTS, COUNTS)
def test_swapping_sides_inverts_the_ratio(one, two):
    for method in (katz_lift, koopman_lift):
        found, swapped = method(Counts(*one), Counts(*two)), method(Counts(*two), Counts(*one))
        np.testing.assert_allclose(
            [1 + found.estimate, 1 + found.low, 1 + found.high],
            1 / (1 + np.array([swapped.estimate, swapped.high, swapped.low])),
            rtol=1e-6,
        )
