import numpy as np
from scipy import optimize

from experiments.stats import Counts
from experiments.stats.score import constrained_by_difference, ratio_score


def log_likelihood(x: float, n: float, rate: np.ndarray) -> np.ndarray:
    return x * np.log(rate) + (n - x) * np.log1p(-rate)


def test_constrained_rate_solves_its_score_equation():
    # Statsmodels issue 10269: a wrong cubic coefficient shows only in the third decimal, so the equation is the judge.
    rng = np.random.default_rng(1)
    n0, n1 = rng.integers(5, 400, size=(2, 300)).astype(float)
    x0, x1 = rng.integers(1, n0), rng.integers(1, n1)
    delta = rng.uniform(-0.9, 0.9, size=300)

    rate = constrained_by_difference(Counts(n0, x0), Counts(n1, x1), delta)

    other = rate + delta
    score = x0 / rate - (n0 - x0) / (1 - rate) + x1 / other - (n1 - x1) / (1 - other)
    curvature = x0 / rate**2 + (n0 - x0) / (1 - rate) ** 2 + x1 / other**2 + (n1 - x1) / (1 - other) ** 2
    np.testing.assert_allclose(score / curvature, 0.0, atol=1e-9)


def test_constrained_rate_when_counts_are_at_the_edge_is_the_most_likely_one():
    for (n0, x0), (n1, x1), delta in [((25, 0), (30, 1), 0.1), ((25, 0), (30, 0), -0.2), ((9, 9), (12, 12), 0.3)]:
        low, high = max(0.0, -delta), min(1.0, 1.0 - delta)
        grid = np.linspace(low, high, 200_003)[1:-1]
        best = grid[np.argmax(log_likelihood(x0, n0, grid) + log_likelihood(x1, n1, grid + delta))]
        found = constrained_by_difference(Counts(n0, x0), Counts(n1, x1), np.array(delta))
        assert abs(float(found) - best) < 2e-5


def test_ratio_score_uses_the_most_likely_pair_of_rates():
    n0, x0, n1, x1, ratio = 80, 16, 40, 36, 3.0

    def loss(rate: float) -> float:
        return -float(log_likelihood(x0, n0, np.array(rate)) + log_likelihood(x1, n1, np.array(ratio * rate)))

    rate = optimize.minimize_scalar(loss, bounds=(1e-9, 1 / ratio - 1e-9), method="bounded", options={"xatol": 1e-12}).x
    variance = ratio * rate * (1 - ratio * rate) / n1 + ratio**2 * rate * (1 - rate) / n0
    expected = (x1 / n1 - ratio * x0 / n0) / np.sqrt(variance)

    assert abs(float(ratio_score(Counts(n0, x0), Counts(n1, x1), np.array(ratio))) - expected) < 1e-6
