import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import (
    CrossMoments,
    Moments,
    covariate_balance,
    lin,
    post_stratify,
    refuse_late_covariates,
    with_missing,
    with_strata,
)


def stacked(parts: list[CrossMoments]) -> CrossMoments:
    return CrossMoments(*(np.stack([getattr(part, name) for part in parts]) for name in ("n", "mean", "m")))


def test_customers_without_a_covariate_get_zero_and_an_indicator():
    rng = np.random.default_rng(1)
    known, missing = rng.normal(5.0, 1.0, size=(80, 3)), rng.normal(2.0, 1.0, size=30)

    found = with_missing(CrossMoments.from_values(known), Moments.from_values(missing))

    padded = np.column_stack([missing, np.zeros((30, 2)), np.ones(30)])
    whole = CrossMoments.from_values(np.concatenate([np.column_stack([known, np.zeros(80)]), padded]))
    np.testing.assert_allclose(found.mean, whole.mean, rtol=1e-12)
    np.testing.assert_allclose(found.m, whole.m, rtol=1e-10, atol=1e-9)


def test_indicator_that_nobody_needs_changes_nothing_and_is_not_noted():
    rng = np.random.default_rng(2)
    sides = [CrossMoments.from_values(rng.normal(size=(60, 2))) for _ in range(2)]
    padded = [with_missing(side, Moments(0, np.nan, 0.0)) for side in sides]
    found, plain = lin(*padded), lin(*sides)
    assert (float(found.se), found.texts()) == (pytest.approx(float(plain.se)), plain.texts())


def test_strata_as_indicators_give_the_post_stratified_difference():
    # With nothing but strata in it, the interacted regression is saturated: the same point estimate.
    rng = np.random.default_rng(3)
    values = [[rng.normal(level, 1.0, size) for level, size in ((0, 40), (5, 70), (9, 25))] for _ in range(2)]
    cross = [stacked([CrossMoments.from_values(part[:, None]) for part in side]) for side in values]
    moments = [Moments(side.n, side.mean[:, 0], side.m[:, 0, 0]) for side in cross]

    regression, within = lin(*(with_strata(side) for side in cross)), post_stratify(*moments)

    assert with_strata(cross[0]).columns == 3
    assert float(regression.estimate) == pytest.approx(float(within.estimate), rel=1e-10)


def test_balance_is_welch_on_each_covariate():
    rng = np.random.default_rng(4)
    control, treatment = rng.normal(size=(80, 3)), rng.normal(size=(90, 3)) + np.array([0.0, 0.0, 0.9])
    peers = [scipy_stats.ttest_ind(treatment[:, i], control[:, i], equal_var=False).pvalue for i in (1, 2)]
    found = covariate_balance(CrossMoments.from_values(control), CrossMoments.from_values(treatment))
    np.testing.assert_allclose(found.p, peers, rtol=1e-9)
    np.testing.assert_array_equal(found.excludes_zero, [False, True])


def test_covariate_measured_into_the_experiment_is_refused():
    refuse_late_covariates([10.0, 12.0], 12.0)
    with pytest.raises(ValueError, match=r"covariate_window_end\[1\] is 13.0: must not lie after exposure"):
        refuse_late_covariates([10.0, 13.0], 12.0)
