import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import Cap, Moments, cap_report, pre_period_cap, quantile_cap, welch
from tests.experiments.stats.builders import buyers


def test_cap_is_the_interpolated_quantile_of_those_who_bought_before():
    totals = np.array([0.0, 0.0, 10.0, 20.0, 30.0, 40.0, 0.0])
    assert pre_period_cap(totals, 0.9) == Cap(37.0)


def test_refunds_bring_a_lower_cap_at_the_mirrored_quantile():
    totals = np.arange(-10.0, 91.0)
    found = pre_period_cap(totals, 0.9)
    known = totals[totals != 0]
    peers = scipy_stats.mstats.mquantiles(known, [0.1, 0.9], alphap=1, betap=1)
    assert (found.lower, found.upper) == pytest.approx(tuple(peers))


def test_nobody_bought_before_means_no_cap():
    assert pre_period_cap([0.0, 0.0]) is None
    with pytest.raises(ValueError, match="nobody's totals"):
        quantile_cap([])


def test_capped_values_stay_within_the_limits():
    np.testing.assert_array_equal(Cap(5.0, -1.0).applied([-3.0, 0.0, 9.0]), [-1.0, 0.0, 5.0])


def test_report_tells_customers_and_money_cut():
    values = np.array([0.0, 5.0, 10.0, 85.0])
    capped, uncapped = (Moments.from_values(side) for side in (np.minimum(values, 20.0), values))
    found = cap_report(capped, uncapped, 1)
    assert (float(found.mean), float(found.uncapped_mean)) == (8.75, 25.0)
    assert (float(found.customers), float(found.money)) == pytest.approx((0.25, 0.65))


def test_report_of_nobody_and_of_no_money_is_unknown():
    nobody = Moments([0, 5], [np.nan, 0.0], 0.0)
    found = cap_report(nobody, nobody, 0)
    np.testing.assert_array_equal(found.money, [np.nan, np.nan])
    np.testing.assert_array_equal(found.customers, [np.nan, 0.0])


def test_caps_of_each_variant_by_itself_hide_an_effect_that_sits_in_the_tail():
    # The naive way, kept failing: the better variant is cut at a higher amount, or the worse one at a lower, so that
    # the difference of capped means no longer compares the same thing. Here the treatment only lifts large totals.
    rng = np.random.default_rng(1)
    control, treatment = (np.where(rng.random(4000) < 0.2, rng.lognormal(3.0, 1.0, 4000), 0.0) for _ in range(2))
    treatment = np.where(treatment > np.quantile(treatment, 0.98), treatment * 3.0, treatment)
    common = quantile_cap(np.concatenate([control, treatment]), 0.99)

    one = welch(*(Moments.from_values(common.applied(side)) for side in (control, treatment)))
    own = welch(*(Moments.from_values(quantile_cap(side, 0.99).applied(side)) for side in (control, treatment)))

    assert float(own.estimate) > 1.5 * float(one.estimate)


@pytest.mark.parametrize(("upper", "lower"), [(np.inf, 0.0), (1.0, 1.0), (np.nan, 0.0)])
def test_cap_without_room_is_refused(upper, lower):
    with pytest.raises(ValueError, match="finite upper limit above its lower one"):
        Cap(upper, lower)


def test_capping_equals_scipy_on_capped_rows():
    control, treatment = buyers(500, seed=2), buyers(400, seed=3)
    cap = quantile_cap(np.concatenate([control, treatment]), 0.99)
    peer = scipy_stats.ttest_ind(np.minimum(treatment, cap.upper), np.minimum(control, cap.upper), equal_var=False)
    found = welch(*(Moments.from_values(cap.applied(side)) for side in (control, treatment)))
    assert float(found.p) == pytest.approx(peer.pvalue, rel=1e-10)
