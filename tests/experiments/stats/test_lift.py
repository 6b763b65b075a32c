import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from experiments.stats import Method, Moments, Status, delta_lift, fieller_lift, log_ratio_lift, relative_lift, welch
from tests.experiments.stats.builders import buyers, table


def sides(*, seed: int = 1) -> tuple[Moments, Moments]:
    return Moments.from_values(buyers(3000, seed=seed)), Moments.from_values(buyers(2800, seed=seed + 1) * 1.1)


def test_lift_on_hillstrom_is_the_published_one():
    data = table("hillstrom.csv.gz")
    spend = data["spend"].astype(float)
    control, mens = (Moments.from_values(spend[data["segment"] == name]) for name in ("No E-Mail", "Mens E-Mail"))
    assert float(relative_lift(control, mens).estimate) == pytest.approx(1.17928877, rel=1e-8)


def test_log_interval_is_the_t_interval_of_the_difference_of_logs():
    control, treatment = sides()
    # Katz (1978) and the delta method, written out on raw numbers as a second pair of eyes.
    term_0 = control.variance / control.n / control.mean**2
    term_1 = treatment.variance / treatment.n / treatment.mean**2
    df = (term_0 + term_1) ** 2 / (term_0**2 / (control.n - 1) + term_1**2 / (treatment.n - 1))
    reach = special.stdtrit(df, 0.975) * np.sqrt(term_0 + term_1)
    middle = np.log(treatment.mean / control.mean)

    found = log_ratio_lift(control, treatment)

    np.testing.assert_allclose([found.low, found.high], np.exp([middle - reach, middle + reach]) - 1, rtol=1e-8)
    assert float(found.p) == float(welch(control, treatment).p)


def test_fieller_ends_solve_the_pivot():
    control, treatment = Moments(60, 3.0, 3000.0), Moments(80, 4.0, 5000.0)
    v0, v1 = control.variance / control.n, treatment.variance / treatment.n

    def pivot(ratio: float) -> float:
        return float((treatment.mean - ratio * control.mean) ** 2 / (v1 + ratio**2 * v0) - special.ndtri(0.975) ** 2)

    found = fieller_lift(control, treatment)

    ends = [optimize.brentq(pivot, -50, 4 / 3), optimize.brentq(pivot, 4 / 3, 50)]
    np.testing.assert_allclose([found.low + 1, found.high + 1], ends, rtol=1e-8)


def test_rule_takes_fieller_near_zero_for_refunds_and_for_negative_treatment_means():
    control = Moments(100, np.array([10.0, 0.4, 10.0, 10.0]), 100.0)
    treatment = Moments(100, np.array([11.0, 0.5, 11.0, -1.0]), 100.0)

    found = relative_lift(control, treatment, can_be_negative=np.array([False, False, True, False]))

    assert list(found.method) == [Method.LOG_RATIO, Method.FIELLER, Method.FIELLER, Method.FIELLER]
    np.testing.assert_array_equal(found.notes[0].where, [False, True, True, True])
    np.testing.assert_allclose(found.low[1:], fieller_lift(control, treatment).low[1:])
    assert float(found.low[0]) == float(log_ratio_lift(control, treatment).low[0])


def test_lift_without_a_meaning_is_nan_with_the_reason():
    control = Moments(50, np.array([0.0, 0.0, -2.0, 0.1]), np.array([0.0, 30.0, 100.0, 300.0]))
    treatment = Moments(50, 2.2, 158.0)

    found = relative_lift(control, treatment)

    assert list(found.status) == [
        Status.RELATIVE_UNDEFINED,
        Status.RELATIVE_UNDEFINED,
        Status.RELATIVE_SIGN,
        Status.RELATIVE_UNDEFINED,
    ]
    assert np.isnan([found.estimate, found.low, found.high, found.p]).all()
    assert np.isfinite(welch(control, treatment).p).all()


def test_lift_against_a_negative_control_when_asked_for_is_relative_to_its_size():
    control, treatment = Moments(50, -10.0, 100.0), Moments(50, -8.0, 100.0)

    found = relative_lift(control, treatment, allow_negative_control=True)

    # Mirrored, the same data are a drop from 10 to 8: the lift is the mirror image.
    mirrored = fieller_lift(Moments(50, 10.0, 100.0), Moments(50, 8.0, 100.0))
    np.testing.assert_allclose(
        [found.estimate, found.low, found.high], [0.2, -float(mirrored.high), -float(mirrored.low)], rtol=1e-12
    )


def test_note_tells_where_interval_and_test_disagree():
    # The difference is just significant on one scale and just not on the other.
    means = np.linspace(1.2, 2.2, 400)
    control, treatment = Moments(30, 1.0, 60.0), Moments(30, means, 60.0)
    found = log_ratio_lift(control, treatment)
    disagree = found.excludes_zero != (found.p <= 0.05)
    assert disagree.any()
    np.testing.assert_array_equal(found.notes[0].where, disagree)


@pytest.mark.parametrize("method", [log_ratio_lift, delta_lift, fieller_lift, relative_lift])
def test_one_sided_lift_is_open_on_the_other_side_and_matches_twice_the_alpha(method):
    control, treatment = sides()
    both = method(control, treatment, alpha=0.1)
    less, greater = (method(control, treatment, alpha=0.05, alternative=side) for side in ("less", "greater"))
    assert float(less.high) == pytest.approx(float(both.high), rel=1e-12)
    assert float(greater.low) == pytest.approx(float(both.low), rel=1e-12)
    assert float(less.low) in (-1.0, -np.inf)
    assert float(greater.high) == np.inf


@given(st.floats(0.001, 1000))
def test_lift_does_not_depend_on_the_unit(factor):
    control, treatment = sides()
    scaled = [
        Moments(side.n, side.mean * factor, side.m2 * factor**2, side.m3 * factor**3) for side in (control, treatment)
    ]
    for method in (log_ratio_lift, delta_lift, fieller_lift):
        one, two = method(control, treatment), method(*scaled)
        np.testing.assert_allclose([one.estimate, one.low, one.high], [two.estimate, two.low, two.high], rtol=1e-9)
