import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats as scipy_stats

from experiments.stats import (
    Correction,
    Moments,
    adjusted_p,
    benjamini_hochberg,
    benjamini_yekutieli,
    hochberg,
    holm,
    matching_alpha,
    welch,
)

FAMILIES = arrays(np.float64, st.integers(1, 12), elements=st.floats(1e-6, 1.0))


@given(FAMILIES)
def test_benjamini_rules_agree_with_scipy(p):
    np.testing.assert_allclose(benjamini_hochberg(p), scipy_stats.false_discovery_control(p, method="bh"), rtol=1e-12)
    np.testing.assert_allclose(benjamini_yekutieli(p), scipy_stats.false_discovery_control(p, method="by"), rtol=1e-12)


def test_holm_and_hochberg_reject_as_in_the_published_examples():
    # Holm (1979) steps down from the smallest p, Hochberg (1988) up from the largest, on the same thresholds.
    p = [0.01, 0.02, 0.03, 0.049]
    np.testing.assert_allclose(holm(p), [0.04, 0.06, 0.06, 0.06])
    np.testing.assert_allclose(hochberg(p), [0.04, 0.049, 0.049, 0.049])


@given(FAMILIES)
def test_rules_are_ordered_by_strength(p):
    by_rule = {rule: adjusted_p(p, rule) for rule in Correction}
    ladder = [Correction.BONFERRONI, Correction.HOLM, Correction.HOCHBERG, Correction.HOMMEL]
    for weaker, stronger in zip(ladder, [*ladder[1:], Correction.BENJAMINI_HOCHBERG], strict=True):
        assert (by_rule[weaker] >= by_rule[stronger] - 1e-12).all()
    assert (by_rule[Correction.BENJAMINI_HOCHBERG] >= p - 1e-12).all()


def closed_simes(p: np.ndarray) -> np.ndarray:
    """Hommel's procedure by its definition: every subset is tested by Simes."""
    subsets = [[i for i in range(len(p)) if mask >> i & 1] for mask in range(1, 1 << len(p))]
    simes = [np.min(len(s) * np.sort(p[s]) / np.arange(1, len(s) + 1)) for s in subsets]
    return np.array([max(v for s, v in zip(subsets, simes, strict=True) if i in s) for i in range(len(p))])


@given(arrays(np.float64, st.integers(1, 7), elements=st.floats(1e-4, 1.0)))
def test_hommel_is_closed_testing_with_simes(p):
    np.testing.assert_allclose(adjusted_p(p, Correction.HOMMEL), closed_simes(p), rtol=1e-12)


@pytest.mark.parametrize("rule", list(Correction))
def test_tests_that_could_not_be_made_are_left_out_and_stay_unknown(rule):
    p = np.array([0.03, np.nan, 0.2, 0.001, np.nan])
    found = adjusted_p(p, rule)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(p))
    np.testing.assert_allclose(found[[0, 2, 3]], adjusted_p(p[[0, 2, 3]], rule))


@pytest.mark.parametrize("rule", list(Correction))
def test_family_may_run_over_any_axes(rule):
    p = np.random.default_rng(1).random((3, 4, 5))
    together = adjusted_p(p, rule, axis=(0, 2))
    for j in range(4):
        np.testing.assert_allclose(together[:, j], adjusted_p(p[:, j].ravel(), rule).reshape(3, 5))
    np.testing.assert_allclose(adjusted_p(p, rule, axis=None).ravel(), adjusted_p(p.ravel(), rule))


def test_family_without_any_test_stays_unknown():
    assert np.isnan(holm([np.nan, np.nan])).all()
    assert float(matching_alpha([np.nan, np.nan])[0]) == 0.05


@given(arrays(np.float64, st.integers(1, 10), elements=st.floats(0.0, 12.0)))
def test_intervals_at_the_matching_level_exclude_zero_just_for_the_rejected(means):
    control, treatments = Moments(500, 0.0, 20_000.0), Moments(400, means, 16_000.0)
    p = welch(control, treatments).p

    found = welch(control, treatments, alpha=matching_alpha(p))

    np.testing.assert_array_equal(found.excludes_zero, benjamini_hochberg(p) <= 0.05)


@pytest.mark.parametrize("p", [[0.5, 1.2], [-0.1], [np.inf]])
def test_p_values_out_of_range_are_refused(p):
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        holm(p)
