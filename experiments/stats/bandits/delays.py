"""Rewards that take days to ripen: only what is ripe teaches, or an early signal stands in for the rest."""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.counts import Counts
from experiments.stats.validation import BoolArray, FloatArray


def matured_batches(closed_on: ArrayLike, *, window_days: ArrayLike, as_of: ArrayLike) -> BoolArray:
    """Which batches have all their rewards: the window of the last customer, let in on day `closed_on`, has passed.

    Days are whole numbers on one calendar. A batch counts whole or not at all: the early part of an open one is its
    quick converters. Source: Joulani, Gyorgy & Szepesvari (2013) on learning with delay.
    """
    closed, window = validation.finite("closed_on", closed_on), validation.finite("window_days", window_days)
    validation.refuse("window_days", window, window < 0, "must be 0 or more")
    return np.asarray(closed + window <= validation.finite("as_of", as_of))


def surrogate_counts(waiting: Counts, *, signalled: Counts, silent: Counts) -> tuple[FloatArray, FloatArray]:
    """What an early signal says of customers still waiting for their reward, as successes and failures to be added.

    waiting:   per arm, the customers whose reward is still out (n) and those of them who gave the signal (successes).
    signalled: ripe customers who gave the signal, all arms together: how many (n), how many earned the reward.
    silent:    the same of ripe customers who did not.

    With s the share that signals, p1 and p0 the reward rates after a signal and without, the expected rate is
    `r = s p1 + (1-s) p0`. n customers count as `n / (1 + n v / (r (1-r)))` of them, where v is the variance of r from
    the estimates p1 and p0: never more than as many ripe ones. Rests on the signal carrying the whole effect, so it
    may steer the shares, and no readout uses it. Source: Vernade, Cappe & Perchet (2017) for the setting; the
    variances of p1 and p0 are those of Beta posteriors with uniform priors.
    """
    share = np.nan_to_num(waiting.rate)
    after, after_variance = _fitted(signalled)
    without, without_variance = _fitted(silent)
    rate = share * after + (1.0 - share) * without
    variance = share**2 * after_variance + (1.0 - share) ** 2 * without_variance
    size = waiting.n / (1.0 + waiting.n * variance / (rate * (1.0 - rate)))
    return size * rate, size * (1.0 - rate)


def _fitted(ripe: Counts) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of a Beta posterior with uniform prior."""
    rate = (ripe.successes + 1.0) / (ripe.n + 2.0)
    return rate, rate * (1.0 - rate) / (ripe.n + 3.0)
