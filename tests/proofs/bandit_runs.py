"""Many bandits at once: what they did and what they earned, for the proofs of policies and of inference."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.stats import Counts, Moments
from experiments.stats.bandits import BetaPosterior, MeanPosterior, probability_best, probability_matching

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, Array], Array]


@dataclass(frozen=True)
class Play:
    """A bandit's setting: batches of `size` customers, floor per arm."""

    batches: int
    size: int
    floor: float


def play_rates(rates: Array, play: Play, runs: int, rng: np.random.Generator) -> tuple[Counts, Array]:
    """Counts and propensities (run, batch, arm) of Thompson bandits on arms with these rates."""
    n, x, shares = (np.zeros((runs, play.batches, len(rates))) for _ in range(3))
    met, won = np.zeros_like(n[:, 0]), np.zeros_like(n[:, 0])
    for batch in range(play.batches):
        chance = probability_best(BetaPosterior.from_counts(won, met - won))
        shares[:, batch] = probability_matching(chance, floor=play.floor)
        n[:, batch] = rng.multinomial(play.size, shares[:, batch])
        x[:, batch] = rng.binomial(n[:, batch].astype(np.int64), rates)
        met, won = met + n[:, batch], won + x[:, batch]
    return Counts(n, x), shares


def play_revenue(shares_buying: Array, play: Play, runs: int, rng: np.random.Generator) -> tuple[Moments, Array, Array]:
    """Moments, propensities and buyers (run, batch, arm): buyers spend log-normal(3, 1) amounts, the others nothing."""
    buyers, shares = (np.zeros((runs, play.batches, len(shares_buying))) for _ in range(2))
    sums = np.zeros((4, runs, play.batches, len(shares_buying)))
    so_far = np.zeros_like(sums[:, :, 0])
    for batch in range(play.batches):
        chance = probability_best(MeanPosterior.from_moments(Moments.from_sums(*so_far[:3])))
        shares[:, batch] = probability_matching(chance, floor=play.floor)
        n = rng.multinomial(play.size, shares[:, batch])
        buyers[:, batch] = rng.binomial(n, shares_buying)
        sums[:, :, batch] = n, *_spending(buyers[:, batch], rng)
        so_far += sums[:, :, batch]
    return Moments.from_sums(*sums), shares, buyers


def _spending(buyers: Array, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Sums of what each arm's buyers spend, of its squares and of its cubes."""
    last = np.cumsum(buyers, axis=-1).astype(np.int64)
    spent = rng.lognormal(3.0, 1.0, size=(len(buyers), max(1, int(last[:, -1].max()))))
    sums = []
    for power in (spent, spent**2, spent**3):
        upto = np.concatenate([np.zeros((len(buyers), 1)), np.cumsum(power, axis=-1)], axis=-1)
        sums.append(np.diff(np.take_along_axis(upto, last, axis=-1), axis=-1, prepend=0.0))
    return sums[0], sums[1], sums[2]
