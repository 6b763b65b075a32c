"""Bandit logs for tests: the same data as rows and as batches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.stats import BatchLog, Moments

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    """One row per customer; propensities and plug-ins are those of the row's batch."""

    batch: NDArray[np.intp]
    arm: NDArray[np.intp]
    reward: Array
    propensities: Array
    plug_in: Array

    def moments(self) -> Moments:
        """Moments (batch, arm) of the rows."""
        batches, arms = self.batch.max() + 1, self.propensities.shape[1]
        played = [(self.batch == b) & (self.arm == k) for b in range(batches) for k in range(arms)]
        each = [Moments.from_values(self.reward[mask]) for mask in played]
        shape = (batches, arms)
        parts = (np.array([float(getattr(m, name)) for m in each]) for name in ("n", "mean", "m2", "m3"))
        return Moments(*(part.reshape(shape) for part in parts))

    def log(self) -> BatchLog:
        """The rows as a log of batches."""
        first = [int(np.argmax(self.batch == b)) for b in range(self.batch.max() + 1)]
        return BatchLog.of(self.moments(), self.propensities[first], plug_in=self.plug_in[first])

    def scores(self) -> Array:
        """Score of each row for each arm, straight from the definition."""
        played = self.arm[:, None] == np.arange(self.propensities.shape[1])
        return self.plug_in + played * (self.reward[:, None] - self.plug_in) / self.propensities


def rows(*, sizes=(300, 250, 400, 350), seed: int = 1, level: float = 5.0) -> Rows:
    """Three arms with shifting shares, rewards about `level`."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(3), len(sizes)) * 0.85 + 0.05
    guesses = level + rng.normal(0, 0.5, (len(sizes), 3))
    batch = np.repeat(np.arange(len(sizes)), sizes)
    arm = np.array([rng.choice(3, p=shares[b]) for b in batch])
    return Rows(batch, arm, level + 0.2 * arm + rng.normal(0, 2, len(batch)), shares[batch], guesses[batch])
