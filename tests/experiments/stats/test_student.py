import numpy as np
import pytest
from scipy import special

from experiments.stats import student
from experiments.stats.validation import Alternative


@pytest.mark.parametrize("tail", [0.25, 0.025, 1e-3, 1e-6])
def test_quantile_for_many_degrees_of_freedom_undoes_the_tail(tail):
    df = np.array([0.7, 3.0, 40.0, 1999.0, 2000.0, 5e4, 1e9, np.inf])
    np.testing.assert_allclose(special.stdtr(df, student.quantile(df, tail)), tail, rtol=1e-9)


@pytest.mark.parametrize("df", [2000.0, 2001.5, 1e4, 1e6, 1e9])
def test_tail_for_many_degrees_of_freedom_is_the_exact_one(df):
    t = np.array([0.0, 1e-9, 0.3, 1.0, 1.96, 4.0, 8.0, 12.0])
    for side in (-t, t):
        np.testing.assert_allclose(student.lower_tail(side, df), special.stdtr(df, side), rtol=2e-13)
    assert float(student.lower_tail(-36.0, df)) == pytest.approx(float(special.stdtr(df, -36.0)), rel=3e-9)


def test_tail_at_the_ends_of_what_it_takes():
    t, df = np.meshgrid([-np.inf, 0.0, np.inf, np.nan], [3.0, 5e3, np.inf])
    expected = np.broadcast_to([0.0, 0.5, 1.0, np.nan], t.shape)
    np.testing.assert_array_equal(student.lower_tail(t, df), expected)
    assert np.isnan(student.lower_tail(np.array(1.0), np.array([0.0, np.nan]))).all()


def test_p_value_far_out_keeps_its_digits():
    p = student.p_value(np.array(36.0), np.array(np.inf), Alternative.TWO_SIDED)
    assert float(p) == pytest.approx(2 * np.exp(special.log_ndtr(-36.0)), rel=1e-10)
    assert 0 < float(p) < 1e-280


def test_one_sided_p_values_add_to_one():
    t, df = np.array([-2.0, 0.3]), np.array(12.0)
    less, greater = (student.p_value(t, df, side) for side in (Alternative.LESS, Alternative.GREATER))
    np.testing.assert_allclose(less + greater, 1.0)
