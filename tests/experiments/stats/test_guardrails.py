import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import (
    Counts,
    Moments,
    log_ratio_lift,
    miettinen_nurminen,
    non_inferiority,
    proportion_lift,
    rate_non_inferiority,
    welch,
)
from tests.experiments.stats.builders import buyers


def both(shift: float = 0.0):
    control, treatment = buyers(900, seed=1) + 5.0, buyers(800, seed=2) + 5.0 + shift
    return control, treatment


def moments(rows):
    return tuple(Moments.from_values(row) for row in rows)


@pytest.mark.parametrize("shift", [-2.0, 0.0, 1.0])
def test_absolute_margin_agrees_with_scipy_on_shifted_rows(shift):
    control, treatment = both(shift)
    peer = scipy_stats.ttest_ind(treatment + 1.2, control, equal_var=False, alternative="greater")

    found = non_inferiority(welch(*moments(both(shift))), margin=1.2)

    np.testing.assert_allclose([found.statistic, found.p, found.df], [peer.statistic, peer.pvalue, peer.df], rtol=1e-9)
    assert float(found.limit) == pytest.approx(peer.confidence_interval(0.95).low - 1.2, rel=1e-9)
    assert (float(found.bound), bool(found.passed)) == (-1.2, peer.pvalue < 0.05)


def test_where_down_is_good_the_upper_limit_counts():
    control, treatment = moments(both())
    found = non_inferiority(welch(control, treatment), margin=1.5, direction="down")
    mirrored = non_inferiority(welch(treatment, control), margin=1.5)
    np.testing.assert_allclose(
        [found.bound, found.limit, found.statistic, found.p, found.passed, found.power],
        [-mirrored.bound, -mirrored.limit, mirrored.statistic, mirrored.p, mirrored.passed, mirrored.power],
        rtol=1e-12,
    )


@pytest.mark.parametrize(("direction", "side"), [("up", "greater"), ("down", "less")])
def test_relative_margin_is_that_of_the_log_interval(direction, side):
    control, treatment = moments(both())
    lift = log_ratio_lift(control, treatment, alpha=0.05, alternative=side)
    limit = lift.low if side == "greater" else lift.high

    found = non_inferiority(log_ratio_lift(control, treatment), margin=0.1, is_relative=True, direction=direction)

    assert float(found.limit) == pytest.approx(float(limit), rel=1e-12)
    assert float(found.bound) == (-0.1 if side == "greater" else 0.1)
    assert bool(found.passed) == bool(limit > -0.1 if side == "greater" else limit < 0.1)


@pytest.mark.parametrize("is_relative", [False, True])
def test_p_is_below_alpha_just_where_the_guardrail_passes(is_relative):
    n, shifts = 2000, np.linspace(-1.0, 1.0, 401)
    control, treatment = Moments(n, 10.0, n * 25.0), Moments(n, 10.0 + shifts, n * 25.0)
    effect = (log_ratio_lift if is_relative else welch)(control, treatment)
    found = non_inferiority(effect, margin=0.05 if is_relative else 0.5, is_relative=is_relative)
    np.testing.assert_array_equal(found.p < 0.05, found.passed)
    assert 0 < found.passed.sum() < 401


def test_a_guardrail_that_hardly_anything_could_pass_is_not_tested():
    n = np.array([50, 1083, 20_000])
    effect = welch(Moments(n, 10.0, n * 25.0), Moments(n, 10.0, n * 25.0))
    found = non_inferiority(effect, margin=0.5)
    expected = scipy_stats.norm.cdf(0.5 / effect.se - scipy_stats.norm.ppf(0.95))
    np.testing.assert_allclose(found.power, expected, atol=0.01)
    np.testing.assert_array_equal(found.is_tested, [False, True, True])


def test_what_cannot_be_judged_does_not_pass():
    effect = welch(Moments([0, 40], [np.nan, 2.0], [0.0, 90.0]), Moments([50, 50], 2.2, 90.0))
    found = non_inferiority(effect, margin=5.0)
    assert list(found.passed) == [False, True]
    assert np.isnan([found.limit[0], found.p[0], found.power[0]]).all()
    assert found.status[0] == "empty_arm"


def test_rates_use_the_score_test_at_the_margin():
    control, treatment = Counts(2000, 30), Counts(2100, 38)
    found = rate_non_inferiority(control, treatment, margin=0.01, direction="down")
    one_sided = miettinen_nurminen(control, treatment, alternative="less")
    at_margin = miettinen_nurminen(control, treatment, null_difference=0.01, alternative="less")
    assert (float(found.limit), float(found.p)) == (float(one_sided.high), pytest.approx(float(at_margin.p)))
    assert (float(found.bound), bool(found.passed)) == (0.01, bool(one_sided.high < 0.01))


@pytest.mark.parametrize("successes", [3, 8, 40])
@pytest.mark.parametrize("direction", ["up", "down"])
def test_limits_and_p_of_rates_agree_on_every_margin(successes, direction):
    control, treatment = Counts(400, successes), Counts(380, successes + 2)
    for is_relative, margins in ((False, np.linspace(0.001, 0.2, 60)), (True, np.linspace(0.01, 0.99, 60))):
        found = rate_non_inferiority(control, treatment, margin=margins, is_relative=is_relative, direction=direction)
        np.testing.assert_array_equal(found.p < 0.05, found.passed)


def test_relative_margin_of_a_common_rate_is_close_to_the_log_interval():
    control, treatment = Counts(20_000, 9000), Counts(20_000, 9100)
    found = rate_non_inferiority(control, treatment, margin=0.05, is_relative=True)
    low = proportion_lift(control, treatment, alternative="greater").low
    assert float(found.limit) == pytest.approx(float(low), abs=1e-4)


def test_a_control_without_events_has_no_relative_margin():
    found = rate_non_inferiority(Counts(500, 0), Counts(500, 3), margin=0.5, is_relative=True, direction="down")
    assert (bool(found.passed), str(found.status)) == (False, "relative_undefined")


@pytest.mark.parametrize(
    ("margin", "options"),
    [(0.0, {}), (-0.1, {}), (1.0, {"is_relative": True}), (np.nan, {})],
)
def test_margins_of_the_wrong_sign_or_size_are_refused(margin, options):
    with pytest.raises(ValueError, match="margin"):
        non_inferiority(welch(*moments(both())), margin=margin, **options)


def test_a_margin_of_a_whole_rate_is_refused():
    with pytest.raises(ValueError, match="below 1 for a rate"):
        rate_non_inferiority(Counts(50, 5), Counts(50, 5), margin=1.0)
