"""What was known of customers before exposure: putting it together, and checking that it was really before."""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.cross_moments import CrossMoments
from experiments.stats.estimate import Estimate
from experiments.stats.means import welch
from experiments.stats.moments import Moments
from experiments.stats.validation import FloatArray

# A covariate that differs between variants at this level was not measured before exposure, or the split is broken.
IMBALANCE_ALPHA = 0.001


def with_missing(known: CrossMoments, missing: Moments) -> CrossMoments:
    """Customers with and without values of the covariates as one group: one more column tells who had none.

    known:   outcome and covariates of those who were there before. missing: the outcome of those who were not; their
             covariates count as 0 and the indicator lets the regression find their own level.
    Columns: those of `known`, then the indicator. Edge: where nobody misses any, the indicator is constant and unused.
    """
    outcome = CrossMoments(missing.n, missing.mean[..., None], missing.m2[..., None, None])
    empty = np.zeros(known.columns - 1)
    return known.with_constants([0.0]).merge(outcome.with_constants([*empty, 1.0]))


def with_strata(strata: CrossMoments, *, axis: int = -1) -> CrossMoments:
    """All strata as one group, with an indicator column for each stratum but the first: strata as covariates.

    strata: cells of disjoint customers along `axis`, which goes.
    """
    place = axis % len(strata.shape)
    count = strata.shape[place]
    indicators = np.eye(count)[:, 1:].reshape(count, *[1] * (len(strata.shape) - 1 - place), count - 1)
    whole = strata.with_constants(indicators).pooled(axis=place)
    return whole[(slice(None),) * place + (0,)]


def covariate_balance(control: CrossMoments, treatment: CrossMoments) -> Estimate:
    """Welch's test of each covariate between the variants, shape (..., covariate): an alarm at p < 0.001.

    Covariates are measured before exposure, so a difference has the same causes as a sample ratio mismatch.
    """
    sides = (Moments(side.n[..., None], side.mean[..., 1:], spread(side)) for side in (control, treatment))
    return welch(*sides, alpha=IMBALANCE_ALPHA)


def refuse_late_covariates(covariate_window_end: ArrayLike, exposed_at: ArrayLike) -> None:
    """Raise `ValueError` if a covariate was still being measured at exposure; both in the same unit of time."""
    end = validation.finite("covariate_window_end", covariate_window_end)
    end, start = validation.broadcast(covariate_window_end=end, exposed_at=validation.finite("exposed_at", exposed_at))
    validation.refuse("covariate_window_end", end, end > start, "must not lie after exposure")


def spread(side: CrossMoments) -> FloatArray:
    """Centred sum of squares of each covariate, shape (..., covariate)."""
    return np.asarray(np.maximum(np.einsum("...ii->...i", side.m)[..., 1:], 0.0))
