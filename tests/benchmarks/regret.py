"""What a bandit loses while it learns, on the reference problem of five arms."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from experiments.stats.bandits import FLOOR
from tests.benchmarks.lines import measured
from tests.proofs.bandit_runs import Play, play_rates

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
    rng, play = np.random.default_rng(101), Play(BATCHES, BATCH, floor)
    runs = (play_rates(RATES, play, AT_ONCE, rng)[0] for _ in range(REPLICATIONS // AT_ONCE))
    return np.concatenate([counts.n.sum(axis=1) @ GAPS for counts in runs])
