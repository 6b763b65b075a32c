import numpy as np
import pytest
from scipy import linalg

from experiments.stats import (
    CrossMoments,
    Method,
    Status,
    ancova,
    covariate_balance,
    lin,
    lin_lift,
    relative_lift,
    welch,
)
from tests.experiments.stats.builders import table


def rows(size: int, *, seed: int, effect: float = 0.0, slope: float = 0.8, covariates: int = 2) -> np.ndarray:
    """Outcome and covariates of `size` customers; the outcome's noise grows with nothing, its slope is `slope`."""
    rng = np.random.default_rng(seed)
    x = rng.normal(10.0, 2.0, size=(size, covariates))
    return np.column_stack([effect + slope * x.sum(axis=1) + rng.normal(size=size) * 1.5, x])


def sides(**changes) -> tuple[np.ndarray, np.ndarray]:
    return rows(140, seed=1), rows(90, seed=2, effect=0.5, slope=1.1, **changes)


def least_squares(design: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    return linalg.lstsq(design, outcome)[0]


def test_lin_is_the_treatment_coefficient_of_the_interacted_regression():
    control, treatment = sides()
    values = np.concatenate([control, treatment])
    arm = np.repeat([0.0, 1.0], [len(control), len(treatment)])
    centred = values[:, 1:] - values[:, 1:].mean(axis=0)
    design = np.column_stack([np.ones(len(values)), arm, centred, centred * arm[:, None]])
    coefficients = least_squares(design, values[:, 0])

    found = lin(CrossMoments.from_values(control), CrossMoments.from_values(treatment))

    residual = values[:, 0] - design @ coefficients
    gap, spread = coefficients[4:], np.cov(values[:, 1:], rowvar=False)
    terms = [(residual[arm == g] ** 2).sum() / ((arm == g).sum() - 3) / (arm == g).sum() for g in (0, 1)]
    variance = sum(terms) + gap @ spread @ gap / len(values)
    assert float(found.estimate) == pytest.approx(coefficients[1], rel=1e-10)
    assert float(found.se) == pytest.approx(np.sqrt(variance), rel=1e-10)


def test_lin_for_these_customers_only_leaves_out_who_was_drawn():
    control, treatment = (CrossMoments.from_values(side) for side in sides())
    narrow, wide = lin(control, treatment, finite_population=True), lin(control, treatment)
    assert float(narrow.estimate) == float(wide.estimate)
    assert float(narrow.se) < float(wide.se)


def test_lin_without_covariates_is_welch():
    control, treatment = (CrossMoments.from_values(side[:, :1]) for side in sides())
    found, plain = lin(control, treatment), welch(control.column(0), treatment.column(0))
    for name in ("estimate", "se", "df", "low", "high", "p"):
        assert float(getattr(found, name)) == pytest.approx(float(getattr(plain, name)), rel=1e-12)


def test_several_treatments_share_the_covariate_means_of_everyone():
    parts = [rows(size, seed=size, effect=size / 100) for size in (150, 120, 90)]
    cross = [CrossMoments.from_values(part) for part in parts]
    stacked = CrossMoments(*(np.stack([getattr(one, name) for one in cross]) for name in ("n", "mean", "m")))

    found = lin(*stacked.split(), everyone=stacked.pooled())

    whole = CrossMoments.from_values(np.concatenate(parts))
    alone = [lin(cross[0], one, everyone=whole) for one in cross[1:]]
    np.testing.assert_allclose(found.estimate, [float(one.estimate) for one in alone], rtol=1e-12)
    np.testing.assert_allclose(found.low, [float(one.low) for one in alone], rtol=1e-12)


def test_collinear_and_half_constant_covariates_are_left_out_of_both_sides_and_noted():
    control, treatment = sides()
    twice = [
        np.column_stack([side, side[:, 1] * 3 - side[:, 2], np.arange(len(side))]) for side in (control, treatment)
    ]
    twice[0][:, 4] = 7.0

    found = lin(*(CrossMoments.from_values(side) for side in twice), names=["a", "b", "c", "d"])

    plain = lin(*(CrossMoments.from_values(side) for side in (control, treatment)))
    left_out = [text for text in found.texts() if "left out" in text]
    assert float(found.estimate) == pytest.approx(float(plain.estimate), rel=1e-9)
    assert float(found.se) == pytest.approx(float(plain.se), rel=1e-9)
    assert len(left_out) == 2
    assert "Covariate d was left out" in left_out[1]


def test_units_of_the_covariates_do_not_matter():
    control, treatment = (CrossMoments.from_values(side) for side in sides())
    scaled = (CrossMoments.from_values(side * [1.0, 1e-9, 1e9]) for side in sides())
    assert float(lin(*scaled).high) == pytest.approx(float(lin(control, treatment).high), rel=1e-9)


def test_covariate_that_differs_between_the_sides_is_noted():
    control, treatment = sides()
    treatment[:, 1] += 3.0
    found = lin(CrossMoments.from_values(control), CrossMoments.from_values(treatment), names=["visits", "spend"])
    assert [text.split()[:2] for text in found.texts()] == [["covariate_imbalance:", "visits"]]


def test_cells_that_cannot_be_answered_leave_the_others_alone():
    good = CrossMoments.from_values(rows(50, seed=3))
    n, flat = np.array([50, 0, 1, 3, 50]), good.m * [[[1]], [[0]], [[0]], [[1]], [[0]]]
    cells = CrossMoments(n, good.mean, flat)

    found = lin(cells, cells)

    words = [Status.OK, Status.EMPTY_ARM, Status.TOO_FEW, Status.TOO_FEW, Status.ZERO_VARIANCE]
    assert list(found.status) == words
    np.testing.assert_array_equal(np.isnan(found.p), [False, True, True, True, True])
    np.testing.assert_array_equal(np.isnan(found.estimate), [False, True, False, False, False])
    assert float(found.high[0]) == float(lin(good, good).high)


def test_outcome_that_the_covariates_explain_wholly_has_no_noise_to_judge_by():
    side = rows(60, seed=4)
    side[:, 0] = side[:, 1] * 2.0
    moved = side + np.array([1.0, 0.0, 0.0])
    found = lin(CrossMoments.from_values(side), CrossMoments.from_values(moved))
    assert found.status.item() == Status.ZERO_VARIANCE
    assert float(found.estimate) == pytest.approx(1.0)


def test_lift_without_covariates_is_the_lift_of_the_plain_means():
    control, treatment = (CrossMoments.from_values(side[:, :1]) for side in sides())
    found, plain = lin_lift(control, treatment), relative_lift(control.column(0), treatment.column(0))
    # The delta variance is the same on both scales; only the degrees of freedom differ a little.
    np.testing.assert_allclose([found.estimate, found.se, found.p], [plain.estimate, plain.se, plain.p], rtol=1e-10)
    np.testing.assert_allclose([found.low, found.high], [plain.low, plain.high], rtol=1e-3)


def test_lift_variance_is_that_of_a_bootstrap_of_the_customers():
    rng = np.random.default_rng(5)
    control, treatment = rows(400, seed=6), rows(300, seed=7, effect=3.0)

    def estimate(one: np.ndarray, two: np.ndarray) -> float:
        return float(lin_lift(CrossMoments.from_values(one), CrossMoments.from_values(two)).estimate)

    draws = [
        estimate(*(side[rng.integers(0, len(side), len(side))] for side in (control, treatment))) for _ in range(600)
    ]
    found = lin_lift(CrossMoments.from_values(control), CrossMoments.from_values(treatment))
    assert float(found.se) == pytest.approx(np.std(draws), rel=0.1)
    assert found.method.item() == Method.LOG_RATIO


def test_lift_near_zero_or_with_refunds_is_fieller_and_may_be_undefined():
    # Column 0 is the outcome, the covariate explains half of it.
    m = np.array([[400.0, 200.0], [200.0, 200.0]])
    means = np.array([[5.0, 1.0], [0.6, 1.0], [0.1, 1.0], [-3.0, 1.0]])
    control, treatment = CrossMoments(100, means, m), CrossMoments(100, means + np.array([1.0, 0.0]), m)

    found = lin_lift(control, treatment)

    assert list(found.method) == [Method.LOG_RATIO] + [Method.FIELLER] * 3
    assert list(found.status) == [Status.OK, Status.OK, Status.RELATIVE_UNDEFINED, Status.RELATIVE_SIGN]
    refunds = lin_lift(control, treatment, can_be_negative=True)
    assert refunds.method[0] == Method.FIELLER


def test_fieller_of_an_adjusted_lift_solves_its_pivot():
    m = np.array([[400.0, 200.0], [200.0, 200.0]])
    control, treatment = CrossMoments(100, [1.0, 1.0], m), CrossMoments(80, [1.6, 1.1], m)
    absolute, found = lin(control, treatment), lin_lift(control, treatment, can_be_negative=True)

    variance = 400.0 / 99 / 100
    covariance = -(400.0 - 200.0) / 99 / 100
    for limit in (float(found.low), float(found.high)):
        distance = float(absolute.estimate) - limit * 1.0
        spread = float(absolute.se) ** 2 - 2 * limit * covariance + limit**2 * variance
        assert distance**2 / spread == pytest.approx(1.959963984540054**2, rel=1e-9)


def test_ancova_is_the_treatment_coefficient_of_the_common_regression():
    control, treatment = sides()
    values = np.concatenate([control, treatment])
    arm = np.repeat([0.0, 1.0], [len(control), len(treatment)])
    design = np.column_stack([np.ones(len(values)), arm, values[:, 1:]])
    coefficients = least_squares(design, values[:, 0])
    variance = ((values[:, 0] - design @ coefficients) ** 2).sum() / (len(values) - 4)

    found = ancova(CrossMoments.from_values(control), CrossMoments.from_values(treatment))

    se = np.sqrt(variance * np.linalg.inv(design.T @ design)[1, 1])
    np.testing.assert_allclose([found.estimate, found.se, found.df], [coefficients[1], se, len(values) - 4], rtol=1e-9)


def test_swapping_sides_flips_the_sign():
    control, treatment = (CrossMoments.from_values(side) for side in sides())
    found, swapped = lin(control, treatment), lin(treatment, control)
    np.testing.assert_allclose([swapped.low, swapped.high], [-found.high, -found.low], rtol=1e-10)


def test_sides_with_different_columns_are_refused():
    with pytest.raises(ValueError, match="control has 3, treatment 2"):
        lin(CrossMoments.from_values(rows(9, seed=1)), CrossMoments.from_values(rows(9, seed=1)[:, :2]))
    side = CrossMoments.from_values(rows(9, seed=1))
    with pytest.raises(ValueError, match="everyone has 2, control 3"):
        lin(side, side, everyone=side.take([0, 1]))


def test_spend_of_hillstrom_adjusted_for_what_customers_spent_before():
    data = table("hillstrom.csv.gz")
    columns = np.column_stack([data[name].astype(float) for name in ("spend", "history", "recency")])
    control, mens = (CrossMoments.from_values(columns[data["segment"] == name]) for name in NAMES)

    found, plain = lin(control, mens), welch(control.column(0), mens.column(0))

    # Randomisation was sound, and past spending hardly foretells two weeks: nearly the same answer, hardly narrower.
    assert (covariate_balance(control, mens).p > 0.001).all()
    assert abs(float(found.estimate - plain.estimate)) < 0.1 * float(plain.se)
    assert 0.99 < float(found.se / plain.se) < 1.0


NAMES = ("No E-Mail", "Mens E-Mail")
