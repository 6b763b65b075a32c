"""What a bandit leaves behind: rewards and propensities of every arm in every batch."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.counts import Counts
from experiments.stats.moments import Moments
from experiments.stats.sample_mean import CUSTOMERS_PER_SQUARED_SKEWNESS
from experiments.stats.validation import SUM_TOLERANCE, BoolArray, FloatArray

# Below this many effective customers an inverse-propensity average rests on a handful of them.
FEWEST_EFFECTIVE = 100.0
# Fewest customers with an event.
FEWEST_EVENTS = 5.0


@dataclass(frozen=True, eq=False)
class BatchLog:
    """Matured batches of a bandit, oldest first; all arrays are (..., batch, arm).

    rewards:      moments of the rewards of the customers who got the arm in the batch.
    propensities: share of the arm in the batch, logged before it; sums to 1 over the arms.
    plug_in:      a guess at each arm's mean made before the batch was seen. It costs no bias whatever it is, and saves
                  variance if it is good.
    events:       customers with a reward other than 0, of a rate those with or without it, whichever are fewer; None
                  if unknown.
    is_rate:      rewards are 0 or 1, so that few events, not skewness, put the normal approximation in doubt.

    Single decisions are batches of one. An arm with propensity 0 is legal, and `not_identified` later on; somebody
    with an arm of propensity 0 is not.
    """

    rewards: Moments
    propensities: FloatArray
    plug_in: FloatArray
    events: FloatArray | None = None
    is_rate: bool = False

    @classmethod
    def of(
        cls,
        rewards: Moments | Counts,
        propensities: ArrayLike,
        *,
        plug_in: ArrayLike | None = None,
        events: ArrayLike | None = None,
    ) -> Self:
        """The log of `rewards[..., batch, arm]` under `propensities`; by default plug-ins are the earlier means.

        `events` are counted by themselves where the rewards are `Counts`.
        """
        is_rate = isinstance(rewards, Counts)
        known = rewards.rarer if isinstance(rewards, Counts) else events
        moments = rewards.moments() if isinstance(rewards, Counts) else rewards
        shares = _shares(propensities, moments)
        guess = earlier_means(moments) if plug_in is None else validation.finite("plug_in", plug_in)
        shares, guess, n = validation.broadcast(propensities=shares, plug_in=guess, rewards=moments.n)
        validation.refuse("rewards", n, (n > 0) & (shares == 0), "has customers under propensity 0")
        return cls(moments, shares, guess, None if known is None else validation.whole_counts("events", known), is_rate)

    @classmethod
    def from_rows(cls, *, action: ArrayLike, reward: ArrayLike, propensities: ArrayLike, plug_in: ArrayLike) -> Self:
        """The log of single decisions: `action[row]`, `reward[row]`, `propensities[row, arm]`, `plug_in[row, arm]`."""
        shares = validation.finite("propensities", propensities)
        played = np.asarray(action)[..., None] == np.arange(shares.shape[-1])
        mean = np.where(played, validation.finite("reward", reward)[..., None], 0.0)
        return cls.of(Moments(played.astype(np.float64), mean, np.zeros_like(mean)), shares, plug_in=plug_in)

    def __getitem__(self, index: Any) -> "BatchLog":
        """The part at `index` of the common shape."""
        events = None if self.events is None else self.events[index]
        return BatchLog(self.rewards[index], self.propensities[index], self.plug_in[index], events, self.is_rate)

    @property
    def decisions(self) -> FloatArray:
        """Customers per batch, shape (..., batch)."""
        return np.asarray(self.rewards.n.sum(axis=-1))

    @property
    def totals(self) -> Moments:
        """Moments of each arm over all batches, shape (..., arm): what a naive reading would use."""
        return merged_batches(self.rewards)

    @property
    def effective_customers(self) -> FloatArray:
        """How many evenly drawn customers each arm's weighted average is worth, shape (..., arm)."""
        weight = _inverse(self.propensities)
        total, squares = ((self.rewards.n * part).sum(axis=-2) for part in (weight, weight**2))
        return np.asarray(total**2 / np.maximum(squares, np.finfo(np.float64).tiny))

    @property
    def is_unidentified(self) -> BoolArray:
        """Arms that could not be met in some batch with customers, shape (..., arm)."""
        return np.asarray(((self.propensities == 0) & (self.decisions > 0)[..., None]).any(axis=-2))

    @property
    def is_weak(self) -> BoolArray:
        """Arms for which the approximation is in doubt, shape (..., arm).

        Fewer than 100 effective customers; fewer than 5 events; for means with third sums fewer customers than 355
        skewness^2 of their rewards.
        """
        totals = self.totals
        weak = self.effective_customers < FEWEST_EFFECTIVE
        if not self.is_rate:
            weak |= CUSTOMERS_PER_SQUARED_SKEWNESS * totals.skewness**2 > totals.n
        return weak if self.events is None else weak | (self.events.sum(axis=-2) < FEWEST_EVENTS)

    def variance_df(self, weights: FloatArray) -> FloatArray:
        """Degrees of freedom of the variance of each arm's average under `weights` (..., batch, arm); (..., arm).

        That variance is a sum of squared residuals, each worth `(h / e)^2`: a few customers of a starved arm carry it,
        and of rare or skewed rewards a few of those. With kurtosis k of one reward the sum's own variance is
        `k sum n (h/e)^4`, and Satterthwaite's degrees of freedom `2/k (sum n (h/e)^2)^2 / sum n (h/e)^4`. A rate has
        `k = 1 + skewness^2`; of other rewards we take `3 + 1.5 skewness^2`, that of every gamma distribution and of
        the normal. Infinite without third sums.
        """
        square = (weights * _inverse(self.propensities)) ** 2
        total, squares = ((self.rewards.n * part).sum(axis=-2) for part in (square, square**2))
        skewness = self.totals.skewness
        kurtosis = 1.0 + skewness**2 if self.is_rate else 3.0 + 1.5 * skewness**2
        df = 2.0 * total**2 / np.maximum(kurtosis * squares, np.finfo(np.float64).tiny)
        return np.where(np.isnan(kurtosis) | (total == 0), np.inf, np.maximum(df, 1.0))

    def residuals(self) -> tuple[FloatArray, FloatArray]:
        """Sums over the customers of each batch and arm of `(y - plug_in) / e` and of its square."""
        weight = _inverse(self.propensities)
        gap = np.nan_to_num(self.rewards.mean) - self.plug_in
        return weight * self.rewards.n * gap, weight**2 * (self.rewards.m2 + self.rewards.n * gap**2)


def merged_batches(moments: Moments) -> Moments:
    """Moments over the batch axis, the last but one."""
    n, mean = moments.n, np.nan_to_num(moments.mean)
    size = n.sum(axis=-2)
    centre = (n * mean).sum(axis=-2) / np.maximum(size, 1.0)
    gap = mean - centre[..., None, :]
    m2 = (moments.m2 + n * gap**2).sum(axis=-2)
    if moments.m3 is None:
        return Moments(size, centre, m2)
    return Moments(size, centre, m2, (moments.m3 + 3.0 * gap * moments.m2 + n * gap**3).sum(axis=-2))


def earlier_means(moments: Moments) -> FloatArray:
    """Mean of each arm over the batches before each batch, shape (..., batch, arm).

    An arm without customers yet takes the mean of all arms together, the first batch takes 0.
    """
    sums = moments.n * np.nan_to_num(moments.mean)
    n_before, before = (np.cumsum(part, axis=-2) - part for part in (moments.n, sums))
    n_all, all_arms = n_before.sum(axis=-1, keepdims=True), before.sum(axis=-1, keepdims=True)
    common = all_arms / np.maximum(n_all, 1.0)
    return np.where(n_before > 0, before / np.maximum(n_before, 1.0), common)


def _inverse(propensities: FloatArray) -> FloatArray:
    """One over the propensity; 0 where it is 0: nobody is there to be weighted."""
    return np.where(propensities > 0, 1.0 / np.where(propensities > 0, propensities, 1.0), 0.0)


def _shares(propensities: ArrayLike, moments: Moments) -> FloatArray:
    array = validation.finite("propensities", propensities)
    validation.refuse("propensities", array, (array < 0) | (array > 1), "must lie in [0, 1]")
    total = array.sum(axis=-1)
    validation.refuse("the sum of propensities", total, np.abs(total - 1.0) > SUM_TOLERANCE, "must be 1 within 1e-9")
    if len(moments.shape) < 2:
        raise ValueError(f"rewards need axes of batches and arms, got shape {moments.shape}")
    return array
