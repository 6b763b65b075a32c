"""What a bandit loses while it learns, on the reference problem of five arms."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from experiments.stats.bandits import FLOOR, BetaPosterior, probability_best, probability_matching
from tests.benchmarks.lines import measured

RATES = np.array([0.05, 0.055, 0.06, 0.045, 0.05])
GAPS = RATES.max() - RATES
BATCHES, BATCH = 100, 500
REPLICATIONS, AT_ONCE = 400, 50
BARS = {0.0: 127, FLOOR: 190}


def lines() -> Iterator[str]:
    """Mean pseudo-regret without and with the exploration floor, beside even shares."""
    yield f"regret: {BATCHES * BATCH:,} customers in batches of {BATCH}, mean of {REPLICATIONS} replications"
    for floor, bar in BARS.items():
        lost = regrets(floor)
        label = f"experiments.stats: Thompson sampling, floor {floor:.0%}"
        unit = f"conversions, standard error {lost.std(ddof=1) / np.sqrt(REPLICATIONS):.1f}"
        yield measured(label, lost.mean(), unit, at_most=bar)
    yield measured("even shares", BATCHES * BATCH * GAPS.mean(), "conversions")


def regrets(floor: float) -> NDArray[np.float64]:
    """Conversions lost against the best arm, expected from the arms played, for each replication."""
    rng = np.random.default_rng(101)
    return np.concatenate([_regrets(floor, rng) for _ in range(REPLICATIONS // AT_ONCE)])


def _regrets(floor: float, rng: np.random.Generator) -> NDArray[np.float64]:
    played, won = (np.zeros((AT_ONCE, len(RATES)), dtype=np.int64) for _ in range(2))
    for _ in range(BATCHES):
        chance = probability_best(BetaPosterior.from_counts(won, played - won))
        batch = rng.multinomial(BATCH, probability_matching(chance, floor=floor))
        played, won = played + batch, won + rng.binomial(batch, RATES)
    return np.asarray(played @ GAPS)
