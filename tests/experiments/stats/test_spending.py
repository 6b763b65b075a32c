import numpy as np
import pytest

from experiments.stats import spent_alpha


def test_both_shapes_spend_nothing_at_the_start_and_all_at_the_end():
    for spending in ("obf", "pocock"):
        np.testing.assert_array_equal(spent_alpha([0.0, 1.0, 1.3], alpha=0.04, spending=spending), [0.0, 0.04, 0.04])


def test_obrien_fleming_type_spends_the_published_share():
    # Lan & DeMets (1983), one-sided 0.025 at a fifth of the information: 5.4e-7 a side.
    assert float(spent_alpha(0.2)) == pytest.approx(2 * 5.4e-7, rel=0.01)


def test_pocock_type_is_the_logarithm():
    np.testing.assert_allclose(
        spent_alpha([0.25, 0.5], alpha=0.1, spending="pocock"), 0.1 * np.log(1 + (np.e - 1) * np.array([0.25, 0.5]))
    )


def test_a_negative_share_and_an_unknown_shape_are_refused():
    with pytest.raises(ValueError, match=r"information is -0\.1"):
        spent_alpha(-0.1)
    with pytest.raises(ValueError, match="linear"):
        spent_alpha(0.5, spending="linear")
