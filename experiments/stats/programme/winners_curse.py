"""Why the sum of shipped effects overstates: those shipped were picked for looking good."""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.validation import FloatArray


def winners_curse_terms(estimates: ArrayLike, se: ArrayLike, *, critical_z: ArrayLike = 1.96) -> FloatArray:
    """What each experiment adds to the bias of the sum of shipped estimates, shipped or not; shape as the estimates.

    critical_z: an experiment is shipped if `estimate / se` exceeds it; one for all, or each its own.
    The bias is the sum over ALL experiments of `s phi(critical_z - a / s)`, a the true effect, for which the estimate
    stands in: near the limit that is itself noisy, so prefer shrinkage.
    NaN estimates add nothing. Errors: `ValueError` for standard errors of 0 or less.
    Source: Lee & Shen (2018), section 3.
    """
    value, error = validation.numbers("estimates", estimates), validation.positive("se", se)
    limit = validation.finite("critical_z", critical_z)
    value, error, limit = validation.broadcast(estimates=value, se=error, critical_z=limit)
    distance = limit - value / error
    return np.asarray(np.nan_to_num(error * np.exp(-(distance**2) / 2.0) / np.sqrt(2.0 * np.pi)))
