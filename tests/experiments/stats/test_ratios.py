import numpy as np
import pytest

from experiments.stats import (
    CrossMoments,
    Method,
    Moments,
    Status,
    log_ratio_lift,
    ratio,
    ratio_lift,
    ratio_mean,
    welch,
)


def orders(size: int, *, seed: int, value: float = 30.0, rate: float = 2.0) -> np.ndarray:
    """Revenue and orders of each customer."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(rate, size)
    return np.column_stack([count * rng.gamma(4.0, value / 4.0, size), count])


def test_ratio_is_welch_on_the_linearised_customers():
    # The delta variance is that of (y - R x) / mean(x), customer by customer.
    rows = [orders(400, seed=1), orders(300, seed=2, value=33.0)]
    ratios = [side[:, 0].sum() / side[:, 1].sum() for side in rows]
    lines = [r + (side[:, 0] - r * side[:, 1]) / side[:, 1].mean() for r, side in zip(ratios, rows, strict=True)]
    plain = welch(*(Moments.from_values(line) for line in lines))

    found = ratio(*(CrossMoments.from_values(side) for side in rows))

    for name in ("estimate", "se", "df", "low", "high", "p"):
        assert float(getattr(found, name)) == pytest.approx(float(getattr(plain, name)), rel=1e-9), name
    assert (found.method.item(), found.texts()) == (Method.DELTA, [])


def test_ratio_over_a_constant_denominator_is_the_mean():
    values = orders(200, seed=3)[:, 0]
    found = ratio_mean(CrossMoments.from_values(np.column_stack([values, np.full(200, 2.0)])))
    np.testing.assert_allclose([found.mean, found.squared_error], [values.mean() / 2, values.var(ddof=1) / 800])


def test_lift_of_a_ratio_is_on_the_log_scale():
    sides = [CrossMoments.from_values(orders(300, seed=seed)) for seed in (4, 5)]
    found, log = ratio_lift(*sides), log_ratio_lift(*(ratio_mean(side) for side in sides))
    assert (float(found.low), float(found.high)) == (float(log.low), float(log.high))


def test_treatment_that_moves_the_denominator_is_noted():
    sides = [CrossMoments.from_values(orders(400, seed=seed, rate=rate)) for seed, rate in ((6, 2.0), (7, 3.0))]
    sentence = "The treatment moves the denominator: read numerator and denominator beside the ratio."
    assert ratio(*sides).texts() == [sentence]
    assert sentence in ratio_lift(*sides).texts()


def test_denominators_at_and_near_zero_are_named():
    control = CrossMoments.from_values(orders(100, seed=8))
    nothing = CrossMoments(100, [1.0, 0.0], [[50.0, 0.0], [0.0, 0.0]])
    rare = CrossMoments(100, [1.0, 0.1], [[50.0, 2.0], [2.0, 9.0]])
    assert ratio(control, nothing).status.item() == Status.RELATIVE_UNDEFINED
    assert np.isnan(ratio(control, nothing).estimate)
    assert ratio_lift(nothing, control).status.item() == Status.RELATIVE_UNDEFINED
    assert ratio(control, rare).status.item() == Status.APPROXIMATION_WEAK
    assert np.isfinite(ratio(control, rare).p)


def test_more_than_two_columns_are_refused():
    with pytest.raises(ValueError, match="got 3 columns"):
        ratio_mean(CrossMoments(5, np.ones(3), np.eye(3)))
