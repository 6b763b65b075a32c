"""How much of alpha may be used up by a share of the planned information."""

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.validation import FloatArray


class Spending(StrEnum):
    """Shapes of spending: nearly nothing early, or about the same at every look."""

    OBRIEN_FLEMING = "obf"
    POCOCK = "pocock"


def spent_alpha(
    information: ArrayLike, *, alpha: ArrayLike = 0.05, spending: str = Spending.OBRIEN_FLEMING
) -> FloatArray:
    """Two-sided alpha used up by each share of the planned information; all of it from 1 on.

    Each side spends `f(t; alpha / 2)`: `2 - 2 Phi(z_{1 - a/2} / sqrt(t))` of O'Brien-Fleming type or
    `a log(1 + (e - 1) t)` of Pocock type. Some authors put the two-sided alpha into the former and halve the result,
    which gives 4.38 in place of the published 4.877 at t = 0.2.
    Source: Lan & DeMets (1983).
    """
    t = validation.finite("information", information)
    validation.refuse("information", t, t < 0, "must be 0 or more")
    return 2.0 * side_spent(np.minimum(t, 1.0), validation.significance(alpha) / 2.0, Spending(spending))


def side_spent(t: FloatArray, alpha: ArrayLike, spending: Spending) -> FloatArray:
    """What one side with `alpha` of its own has spent by t in [0, 1]: at 1 all of it, to the last digit."""
    side = np.asarray(alpha)
    if spending is Spending.POCOCK:
        return np.where(t < 1.0, side * np.log1p((np.e - 1.0) * t), side)
    with np.errstate(divide="ignore"):
        return np.where(t < 1.0, 2.0 * special.ndtr(special.ndtri(side / 2.0) / np.sqrt(t)), side)
