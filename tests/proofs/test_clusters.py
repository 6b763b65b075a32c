"""§3.6: whole groups randomised together."""

import numpy as np

from experiments.stats import CrossMoments, Moments, clustered, welch
from tests.proofs.ledger import runs

FULL = 20_000
ICC = 0.3


def clusters(count: int, made: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sizes, sums and sums of squares of `count` clusters, `made` times; members vary by 1, a share of it between."""
    size = rng.integers(5, 16, (made, count)).astype(float)
    level = rng.normal(0.0, np.sqrt(ICC), (made, count))
    mean = level + rng.normal(size=(made, count)) * np.sqrt((1 - ICC) / size)
    within = (1 - ICC) * rng.chisquare(size - 1)
    return size, size * mean, within + size * mean**2


def as_rows(size: np.ndarray, total: np.ndarray) -> CrossMoments:
    return CrossMoments.from_values(np.stack([total, size], axis=-1))


def as_members(size: np.ndarray, total: np.ndarray, squares: np.ndarray) -> Moments:
    return Moments.from_sums(size.sum(-1), total.sum(-1), squares.sum(-1))


def test_effect_on_clusters_is_covered_and_members_taken_one_by_one_are_not(ledger):
    made, rng = runs(FULL), np.random.default_rng(40)
    sides = [clusters(30, made, rng) for _ in range(2)]
    found = clustered(*(as_rows(size, total) for size, total, _ in sides))
    naive = welch(*(as_members(*side) for side in sides))
    covered, wrong = (((answer.low <= 0) & (answer.high >= 0)).mean() for answer in (found, naive))
    ledger.share("3.6", "60 clusters, correlation 0.3: coverage", covered, low=0.935, high=0.965, made=made)
    ledger.share("3.6", "negative: members as if independent: coverage", wrong, high=0.85, made=made)
