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
    arms = len(rates)
    n, x, shares = (np.zeros((runs, play.batches, arms)) for _ in range(3))
    for batch in range(play.batches):
        seen, met = x[:, :batch].sum(axis=1), n[:, :batch].sum(axis=1)
        chance = probability_best(BetaPosterior.from_counts(seen, met - seen))
        shares[:, batch] = probability_matching(chance, floor=play.floor)
        n[:, batch] = rng.multinomial(play.size, shares[:, batch])
        x[:, batch] = rng.binomial(n[:, batch].astype(np.int64), rates)
    return Counts(n, x), shares


def play_revenue(shares_buying: Array, play: Play, runs: int, rng: np.random.Generator) -> tuple[Moments, Array, Array]:
    """Moments, propensities and buyers (run, batch, arm): buyers spend log-normal(3, 1) amounts, the others nothing."""
    arms = len(shares_buying)
    n, buyers, s1, s2, s3, shares = (np.zeros((runs, play.batches, arms)) for _ in range(6))
    for batch in range(play.batches):
        before = Moments.from_sums(*(part[:, :batch].sum(axis=1) for part in (n, s1, s2)))
        chance = probability_best(MeanPosterior.from_moments(before))
        shares[:, batch] = probability_matching(chance, floor=play.floor)
        n[:, batch] = rng.multinomial(play.size, shares[:, batch])
        buyers[:, batch] = rng.binomial(n[:, batch].astype(np.int64), shares_buying)
        s1[:, batch], s2[:, batch], s3[:, batch] = _spending(buyers[:, batch], rng)
    return Moments.from_sums(n, s1, s2, s3), shares, buyers


def _spending(buyers: Array, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    """Sums of what each arm's buyers spend, of its squares and of its cubes."""
    last = np.cumsum(buyers, axis=-1).astype(np.int64)
    spent = rng.lognormal(3.0, 1.0, size=(len(buyers), max(1, int(last[:, -1].max()))))
    sums = []
    for power in (spent, spent**2, spent**3):
        upto = np.concatenate([np.zeros((len(buyers), 1)), np.cumsum(power, axis=-1)], axis=-1)
        sums.append(np.diff(np.take_along_axis(upto, last, axis=-1), axis=-1, prepend=0.0))
    return sums[0], sums[1], sums[2]
