import numpy as np
import pytest

from experiments.stats import e_benjamini_hochberg, e_mean, e_product, p_from_e


def test_product_and_mean_leave_missing_values_out():
    e = np.array([[2.0, np.nan, 5.0], [np.nan, np.nan, np.nan], [np.inf, 0.0, 1.0]])
    np.testing.assert_allclose(e_product(e), [10.0, 1.0, 0.0])
    np.testing.assert_allclose(e_mean(e[:2]), [3.5, np.nan])
    assert e_mean(e[2]) == np.inf


def test_product_of_a_thousand_large_values_is_infinite_and_not_an_error():
    assert e_product(np.full(1000, 1e9)) == np.inf


def test_p_is_one_over_e_capped():
    np.testing.assert_allclose(p_from_e([0.0, 0.5, 20.0, np.inf, np.nan]), [1.0, 1.0, 0.05, 0.0, np.nan])


def test_finds_are_those_of_the_published_rule():
    # Wang & Ramdas (2022): reject the k largest for the largest k with k e_(k) / K >= 1 / alpha.
    rng = np.random.default_rng(3)
    for _ in range(200):
        e, alpha = rng.lognormal(1.0, 2.0, 9), 0.2
        ordered = np.sort(e)[::-1]
        passing = [k for k in range(1, 10) if ordered[k - 1] >= 9 / (alpha * k)]
        expected = e >= ordered[max(passing) - 1] if passing else np.zeros(9, bool)
        np.testing.assert_array_equal(e_benjamini_hochberg(e) <= alpha, expected)


def test_missing_tests_do_not_enlarge_the_family():
    np.testing.assert_allclose(e_benjamini_hochberg([40.0, np.nan, 30.0]), [1 / 30, np.nan, 1 / 30])


def test_negative_evidence_is_refused():
    with pytest.raises(ValueError, match=r"e\[1\] is -1.0"):
        e_mean([1.0, -1.0])
