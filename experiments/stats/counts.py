"""Successes out of customers: the data of a proportion."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.stats import validation
from experiments.stats.moments import Moments
from experiments.stats.validation import FloatArray


@dataclass(frozen=True, eq=False)
class Counts:
    """`successes` among `n` customers, one cell per variant, metric, segment and so on.

    Both broadcast to one shape. Raises `ValueError` for NaN, fractions, negatives and more successes than customers.
    """

    n: FloatArray
    successes: FloatArray

    def __post_init__(self) -> None:
        n, successes = validation.whole_counts("n", self.n), validation.whole_counts("successes", self.successes)
        n, successes = validation.broadcast(n=n, successes=successes)
        validation.at_most("successes", successes, "n", n)
        object.__setattr__(self, "n", n)
        object.__setattr__(self, "successes", successes)

    @property
    def shape(self) -> tuple[int, ...]:
        """The common shape of both fields."""
        return self.n.shape

    @property
    def rate(self) -> FloatArray:
        """Successes per customer, NaN where there is nobody."""
        return np.where(self.n > 0, self.successes / np.maximum(self.n, 1.0), np.nan)

    @property
    def squared_error(self) -> FloatArray:
        """Binomial variance of the rate, `p (1 - p) / n`."""
        return self.rate * (1.0 - self.rate) / np.maximum(self.n, 1.0)

    @property
    def rarer(self) -> FloatArray:
        """Successes or failures, whichever are fewer: what the normal approximation hangs on."""
        return np.minimum(self.successes, self.n - self.successes)

    def moments(self) -> Moments:
        """The same data as a mean of zeros and ones, third sum included."""
        rate = np.nan_to_num(self.rate)
        m2 = self.successes * (1.0 - rate)
        return Moments(self.n, rate, m2, m2 * (1.0 - 2.0 * rate))

    def merge(self, other: "Counts") -> "Counts":
        """Counts of two parts that share no customer."""
        return Counts(self.n + other.n, self.successes + other.successes)

    def split(self, *, axis: int = -1, control: int = 0) -> tuple["Counts", "Counts"]:
        """Control (its axis kept, 1 long) and all other variants, ready to broadcast against each other."""
        others = [i for i in range(self.shape[axis]) if i != control % self.shape[axis]]
        rest = (slice(None),) * (axis % len(self.shape))
        return self[(*rest, [control])], self[(*rest, others)]

    def __getitem__(self, index: Any) -> "Counts":
        """The cells at `index`, as for an array of the common shape."""
        return Counts(self.n[index], self.successes[index])
