import numpy as np
import pytest
from scipy import special

from experiments.stats import student
from experiments.stats.validation import Alternative


@pytest.mark.parametrize("tail", [0.25, 0.025, 1e-3, 1e-6])
def test_quantile_for_many_degrees_of_freedom_undoes_the_tail(tail):
    df = np.array([0.7, 3.0, 40.0, 1999.0, 2000.0, 5e4, 1e9, np.inf])
    np.testing.assert_allclose(special.stdtr(df, student.quantile(df, tail)), tail, rtol=1e-9)


def test_p_value_far_out_keeps_its_digits():
    p = student.p_value(np.array(36.0), np.array(np.inf), Alternative.TWO_SIDED)
    assert float(p) == pytest.approx(2 * np.exp(special.log_ndtr(-36.0)), rel=1e-10)
    assert 0 < float(p) < 1e-280


def test_one_sided_p_values_add_to_one():
    t, df = np.array([-2.0, 0.3]), np.array(12.0)
    less, greater = (student.p_value(t, df, side) for side in (Alternative.LESS, Alternative.GREATER))
    np.testing.assert_allclose(less + greater, 1.0)
