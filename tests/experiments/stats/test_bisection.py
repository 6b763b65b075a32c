import numpy as np

from experiments.stats.bisection import boundary


def test_boundary_is_found_cell_by_cell_in_either_direction():
    targets = np.array([2.0, 9.0])
    up = boundary(lambda x: x**2 < targets, np.zeros(2), np.full(2, 10.0))
    down = boundary(lambda x: x > -targets, np.array(0.0), np.full(2, -10.0))
    np.testing.assert_allclose(up, [np.sqrt(2.0), 3.0], rtol=1e-15)
    np.testing.assert_allclose(down, [-2.0, -9.0], rtol=1e-15)


def test_boundary_of_a_claim_that_always_holds_is_the_far_end():
    np.testing.assert_allclose(boundary(lambda x: x == x, np.zeros(1), np.ones(1)), 1.0)
