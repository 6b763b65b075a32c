"""Score statistics of two rates under a fixed difference or a fixed ratio.

Both need the most likely pair of rates that obeys the constraint. It has a closed form, and the tests hold it
against the score equation it must solve: a widely used library carries a wrong coefficient here (statsmodels
issue 10269) that shows only in the third decimal.
"""

import numpy as np

from experiments.stats.counts import Counts
from experiments.stats.validation import FloatArray


def constrained_by_difference(control: Counts, treatment: Counts, delta: FloatArray) -> FloatArray:
    """The most likely control rate if the treatment rate is `delta` higher.

    The score equation is a cubic in the control rate; the root in range is the middle one, by Vieta's cosine.
    Source: Miettinen & Nurminen (1985), appendix I.
    """
    total, successes = control.n + treatment.n, control.successes + treatment.successes
    square = (treatment.n + 2.0 * control.n) * delta - total - successes
    linear = (control.n * delta - total - 2.0 * control.successes) * delta + successes
    constant = control.successes * delta * (1.0 - delta)
    shift = square / (3.0 * total)
    q = shift**3 - square * linear / (6.0 * total**2) + constant / (2.0 * total)
    p = np.where(q < 0, -1.0, 1.0) * np.sqrt(np.maximum(shift**2 - linear / (3.0 * total), 0.0))
    cosine = np.where(p == 0, 1.0, q / np.where(p == 0, 1.0, p**3))
    rate = 2.0 * p * np.cos((np.pi + np.arccos(np.clip(cosine, -1.0, 1.0))) / 3.0) - shift
    return np.asarray(np.clip(rate, np.maximum(0.0, -delta), np.minimum(1.0, 1.0 - delta)))


def difference_score(control: Counts, treatment: Counts, delta: FloatArray) -> FloatArray:
    """Standardised distance of the observed difference from `delta`, variance under the constraint times N/(N-1)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = constrained_by_difference(control, treatment, delta)
        other = np.clip(rate + delta, 0.0, 1.0)
        total = control.n + treatment.n
        variance = (rate * (1 - rate) / control.n + other * (1 - other) / treatment.n) * total / (total - 1.0)
        return _standardised(treatment.rate - control.rate - delta, variance)


def ratio_score(control: Counts, treatment: Counts, ratio: FloatArray, *, is_unbiased: bool = False) -> FloatArray:
    """Standardised distance of the observed rates from `ratio`, variance under the constraint.

    The constrained control rate solves a quadratic. Source: Koopman (1984); with `is_unbiased` the variance is
    multiplied by N/(N-1) as in Miettinen & Nurminen (1985).
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        total, successes = control.n + treatment.n, control.successes + treatment.successes
        linear = control.n + treatment.successes + ratio * (treatment.n + control.successes)
        root = np.sqrt(np.maximum(linear**2 - 4.0 * total * ratio * successes, 0.0))
        rate = np.clip(2.0 * successes / (linear + root), 0.0, np.minimum(1.0, 1.0 / ratio))
        other = np.clip(ratio * rate, 0.0, 1.0)
        variance = other * (1 - other) / treatment.n + ratio**2 * rate * (1 - rate) / control.n
        variance = variance * total / (total - 1.0) if is_unbiased else variance
        return _standardised(treatment.rate - ratio * control.rate, variance)


def _standardised(distance: FloatArray, variance: FloatArray) -> FloatArray:
    """`distance` in standard errors: 0 for no distance at all, infinite where the constraint leaves no noise."""
    score = distance / np.sqrt(variance)
    return np.asarray(np.where(distance == 0, 0.0, score))
