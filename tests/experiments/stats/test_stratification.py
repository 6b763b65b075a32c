import numpy as np
import pytest

from experiments.stats import Moments, Status, post_stratified_lift, post_stratify, welch

N = np.array([[40, 60, 30], [50, 30, 45]])
MEANS = np.array([[1.0, 3.0, 6.0], [1.5, 3.2, 6.9]])
SQUARES = np.array([[39.0, 236.0, 58.0], [98.0, 58.0, 44.0]])


def sides(n: np.ndarray = N) -> tuple[Moments, Moments]:
    one, two = (Moments(*cells) for cells in zip(n, MEANS, np.where(n > 1, SQUARES, 0.0), strict=True))
    return one, two


def test_difference_is_the_share_weighted_mean_of_those_within_strata():
    share = N.sum(axis=0) / N.sum()
    variance = (SQUARES / (N - 1) / N).sum(axis=0)

    found = post_stratify(*sides())

    assert float(found.estimate) == pytest.approx((share * (MEANS[1] - MEANS[0])).sum())
    assert float(found.se) == pytest.approx(np.sqrt((share**2 * variance).sum()))
    assert float(found.n_control) == 130.0


def test_one_stratum_is_welch():
    control, treatment = (side[:1] for side in sides())
    found, plain = post_stratify(control, treatment), welch(control[0], treatment[0])
    assert (float(found.low), float(found.p)) == pytest.approx((float(plain.low), float(plain.p)), rel=1e-12)


def test_thin_stratum_is_merged_with_the_smallest_other_and_noted():
    n = N.copy()
    n[1, 1] = 1
    control, treatment = sides(n)

    found = post_stratify(control, treatment)

    # The stratum with 61 customers joins the one with 75, not the one with 90.
    joined = [
        Moments(*(np.array([getattr(side[0], name), getattr(side[1].merge(side[2]), name)]) for name in FIELDS))
        for side in (control, treatment)
    ]
    by_hand = post_stratify(*joined)
    np.testing.assert_allclose([found.estimate, found.se], [by_hand.estimate, by_hand.se], rtol=1e-12)
    assert (len(found.texts()), by_hand.texts()) == (1, [])


FIELDS = ("n", "mean", "m2")


def test_strata_in_a_batch_are_merged_cell_by_cell():
    thin = N.copy()
    thin[0, 0] = 0
    n = np.stack([N, thin])
    control, treatment = (Moments(n[:, i], MEANS[i], np.where(n[:, i] > 1, SQUARES[i], 0.0)) for i in range(2))

    found = post_stratify(control, treatment)

    np.testing.assert_allclose(found.estimate[0], post_stratify(*sides()).estimate)
    np.testing.assert_allclose(found.estimate[1], post_stratify(*sides(thin)).estimate)
    np.testing.assert_array_equal(found.notes[0].where, [False, True])


def test_too_few_customers_altogether_are_named():
    control = Moments([1, 0], [2.0, np.nan], 0.0)
    found = post_stratify(control, sides()[1][:2])
    assert found.status.item() == Status.TOO_FEW


def test_strata_without_customers_or_share_do_not_count():
    control, treatment = (Moments(*(np.append(getattr(s, f), 0.0) for f in FIELDS)) for s in sides())
    found, plain = post_stratify(control, treatment), post_stratify(*sides())
    assert (float(found.se), found.texts()) == (pytest.approx(float(plain.se)), [])


def test_strata_on_another_axis_and_shares_of_all_variants():
    control, treatment = sides()
    stacked = [Moments(*(getattr(s, f)[:, None] + np.zeros(2) for f in FIELDS)) for s in (control, treatment)]
    found = post_stratify(*stacked, axis=0, shares=[0.2, 0.3, 0.5])
    assert found.shape == (2,)
    np.testing.assert_allclose(found.estimate, 0.2 * 0.5 + 0.3 * 0.2 + 0.5 * 0.9)


def test_lift_is_relative_to_the_control_mean_at_the_same_shares():
    share = N.sum(axis=0) / N.sum()
    found = post_stratified_lift(*sides())
    assert float(found.estimate) == pytest.approx((share * MEANS[1]).sum() / (share * MEANS[0]).sum() - 1)
    assert float(found.low) < float(found.estimate) < float(found.high)
