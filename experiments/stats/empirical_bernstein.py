"""A lower limit for the mean of bounded outcomes that holds at every look and assumes nothing else.

For rare events and off-policy values, where limit theorems come late.
"""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.validation import FloatArray

PRIOR_MEAN = 0.5
PRIOR_VARIANCE = 0.25


def empirical_bernstein_lower(values: ArrayLike, *, alpha: ArrayLike = 0.05, truncation: float = 0.5) -> FloatArray:
    """One-sided lower limits of the mean after each of `values[..., time]`, at all times together; same shape.

    values:     outcomes in [0, 1], in the order they came; scale others by their bound first. For an upper limit of
                y take one minus the lower limit of 1 - y.
    alpha:      one-sided, without the time axis.
    truncation: largest bet, in (0, 1); smaller suits outcomes of larger variance.
    Never below 0. The limits may be replaced by their running maximum.
    Errors: `ValueError` for values outside [0, 1].
    Source: Waudby-Smith & Ramdas (2024), Theorem 2 (predictable plug-in).
    """
    x = validation.finite("values", values)
    validation.refuse("values", x, (x < 0) | (x > 1), "must lie in [0, 1]")
    threshold = -np.log(validation.significance(alpha))[..., None]
    bet_limit = float(validation.open_share("truncation", truncation))
    count = np.arange(1.0, x.shape[-1] + 1.0)
    mean = (PRIOR_MEAN + np.cumsum(x, axis=-1)) / (count + 1.0)
    variance = (PRIOR_VARIANCE + np.cumsum((x - mean) ** 2, axis=-1)) / (count + 1.0)
    # Bet and guess may use only what came before the outcome they are made on.
    expected, spread = _before(np.cumsum(x, axis=-1) / count, 0.0), _before(variance, PRIOR_VARIANCE)
    bet = np.minimum(np.sqrt(2.0 * threshold / (spread * count * np.log1p(count))), bet_limit)
    cost = (x - expected) ** 2 * (-np.log1p(-bet) - bet)
    staked = np.cumsum(bet, axis=-1)
    lower = (np.cumsum(bet * x, axis=-1) - threshold - np.cumsum(cost, axis=-1)) / staked
    return np.asarray(np.maximum(lower, 0.0))


def _before(running: FloatArray, first: float) -> FloatArray:
    """The running figure as it stood one step earlier."""
    start = np.full((*running.shape[:-1], 1), first)
    return np.concatenate([start, running[..., :-1]], axis=-1)
