"""A world that changes: forgetting old batches, and an alarm when an arm is no longer what it was."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.confidence_sequence import confidence_sequence
from experiments.stats.e_values import e_mean
from experiments.stats.means import welch
from experiments.stats.moments import Moments
from experiments.stats.validation import FloatArray


@dataclass(frozen=True, eq=False)
class DiscountedMoments:
    """Size, mean and centred second sum of each arm after forgetting; sizes need not be whole."""

    n: FloatArray
    mean: FloatArray
    m2: FloatArray


def discounted_sums(per_batch: ArrayLike, *, gamma: float = 1.0, axis: int = -2) -> FloatArray:
    """Sums over the batches along `axis`, oldest first, each worth `gamma` times the next.

    For successes and failures, to be added to the prior: with time all goes back to the prior. `gamma` lies in (0, 1];
    1 forgets nothing. Source: Raj & Kalyani (2017).
    """
    values = np.moveaxis(validation.finite("per_batch", per_batch), axis, 0)
    return np.tensordot(_weights(len(values), gamma), values, axes=1)


def discounted_moments(per_batch: Moments, *, gamma: float = 1.0, axis: int = -2) -> DiscountedMoments:
    """Moments over the batches along `axis`, oldest first, each customer worth `gamma` times one of the next batch.

    An arm never played has size 0 and mean 0.
    """
    n, mean, m2 = (np.moveaxis(part, axis, 0) for part in (per_batch.n, np.nan_to_num(per_batch.mean), per_batch.m2))
    weights = _weights(len(n), gamma).reshape(-1, *([1] * (n.ndim - 1)))
    size = (weights * n).sum(axis=0)
    centre = (weights * n * mean).sum(axis=0) / np.where(size > 0, size, 1.0)
    return DiscountedMoments(size, centre, (weights * (m2 + n * (mean - centre) ** 2)).sum(axis=0))


def change_e_value(per_batch: Moments) -> FloatArray:
    """Evidence that some arm is no longer what it was: its first against its second half of the matured batches.

    per_batch: moments (..., batch, arm), oldest first. Shape: (...). The mean over the arms of the e-values of
    `confidence_sequence`; arms without 100 customers in both halves have no say, and if none has any, NaN.
    An e-value for one look: of worlds that stand still at most one in 100 reaches 100. The halves move from look to
    look, so a look after every batch multiplies that by no more than the number of looks.
    """
    middle = per_batch.shape[-2] // 2
    halves = welch(_merged(per_batch[..., :middle, :]), _merged(per_batch[..., middle:, :]))
    customers = np.maximum(halves.n_control + halves.n_treatment, 1.0)
    found = confidence_sequence(halves, planned_customers=customers).e_value
    return e_mean(np.full(halves.shape, np.nan) if found is None else found)


def _merged(per_batch: Moments) -> Moments:
    sums = discounted_moments(per_batch)
    return Moments(sums.n, sums.mean, sums.m2)


def _weights(batches: int, gamma: float) -> FloatArray:
    if not 0.0 < gamma <= 1.0:
        raise ValueError(f"gamma is {gamma}: must lie in (0, 1]")
    return np.asarray(gamma ** np.arange(batches - 1.0, -1.0, -1.0))
