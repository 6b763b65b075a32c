"""What an experiment is worth before it is run: the money that knowing better would bring."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.validation import FloatArray


def value_of_information(
    *,
    prior_mean: ArrayLike,
    prior_sd: ArrayLike,
    predicted_se: ArrayLike,
    value_per_lift: ArrayLike,
    ship_cost: ArrayLike = 0.0,
) -> FloatArray:
    """Expected gain of deciding after the experiment over deciding now, in the unit of `value_per_lift`; 0 or more.

    prior_mean, prior_sd: of the idea's true lift. predicted_se: of the experiment's estimate, above 0.
    value_per_lift: money a lift of 1 brings over the horizon. ship_cost: the lift at which shipping pays for itself.
    Shipping follows if the posterior mean exceeds `ship_cost`. The cost of the experiment itself is not taken off.
    Shape: whatever the arguments broadcast to. A prior without spread gives 0: nothing can be learned.
    Source: Raiffa & Schlaifer (1961), chapter 5; Azevedo, Deng, Montiel Olea, Rao & Weyl (2020).
    """
    sd, money = validation.finite("prior_sd", prior_sd), validation.finite("value_per_lift", value_per_lift)
    for name, values in {"prior_sd": sd, "value_per_lift": money}.items():
        validation.refuse(name, values, values < 0, "must be 0 or more")
    mean, cost = validation.finite("prior_mean", prior_mean), validation.finite("ship_cost", ship_cost)
    error = validation.positive("predicted_se", predicted_se)
    mean, sd, error, money, cost = validation.broadcast(
        prior_mean=mean, prior_sd=sd, predicted_se=error, value_per_lift=money, ship_cost=cost
    )
    # Sd of the posterior mean, seen from before the data.
    moves = sd**2 / np.hypot(sd, error)
    u = np.abs(mean - cost) / np.where(moves > 0, moves, 1.0)
    # The source's form less its own starting point, written so that far from the limit no digits are lost.
    gain = np.exp(-(u**2) / 2.0) / np.sqrt(2.0 * np.pi) - u * special.ndtr(-u)
    return np.asarray(money * moves * np.maximum(gain, 0.0))
