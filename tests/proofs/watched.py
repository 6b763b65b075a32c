"""Variants that are looked at while they fill: cumulative moments or counts at every look, for many runs at once."""

import numpy as np

from experiments.stats import Counts, Estimate, Moments, cumulative_looks
from tests.proofs.draws import BATCH, spending

FIELDS = ("n", "mean", "m2", "m3")


def watched_spending(
    looks: int, new_customers: int, made: int, rng: np.random.Generator, *, lift: float = 0.0
) -> Moments:
    """Revenue at each look, shape (run, look): a fifth of the customers buys for a log-normal(3, 1) amount."""
    parts = []
    for start in range(0, made, BATCH):
        shape = (min(BATCH, made - start), looks)
        new = spending(np.full(shape[0] * looks, new_customers), rng)
        s1 = new.n * new.mean
        sums = (s1, new.m2 + s1 * new.mean, new.m3 + 3.0 * new.mean * new.m2 + s1 * new.mean**2)
        scaled = (total * (1.0 + lift) ** power for power, total in enumerate(sums, start=1))
        parts.append(cumulative_looks(new.n.reshape(shape), *(total.reshape(shape) for total in scaled)))
    return Moments(*(np.concatenate([getattr(part, name) for part in parts]) for name in FIELDS))


def watched_counts(looks: int, new_customers: int, rate: float, made: int, rng: np.random.Generator) -> Counts:
    """Conversions at each look, shape (run, look)."""
    successes = np.cumsum(rng.binomial(new_customers, rate, (made, looks)), axis=-1)
    return Counts(new_customers * np.arange(1.0, looks + 1.0), successes)


def ever_excludes_zero(watched: Estimate) -> float:
    """Share of runs in which some look's interval lies wholly on one side of zero."""
    return float(watched.excludes_zero.any(axis=-1).mean())
