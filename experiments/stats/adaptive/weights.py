"""How much each batch counts in an average over adaptively collected batches."""

from enum import StrEnum

import numpy as np

from experiments.stats.adaptive.batches import BatchLog
from experiments.stats.validation import FloatArray

# How fast the two-point rule expects the share of a losing arm to fall with the number of decisions.
DECAY = 0.5


class Weights(StrEnum):
    """Evaluation weights, in the words of the readout."""

    UNIFORM = "uniform"
    CONSTANT_ALLOCATION = "constant-allocation"
    TWO_POINT = "two-point"


def evaluation_weights(log: BatchLog, weights: str, *, decay: float = DECAY) -> FloatArray:
    """Weight h of one decision in each batch for each arm, shape (..., batch, arm).

    uniform: 1. Right as long as every arm keeps a floor of 1%.
    constant-allocation: sqrt(e). two-point: sqrt(e x share of a stick), of which each batch breaks off what an arm
    would take that keeps its share to the end (with chance e), or whose share falls as t^-decay (otherwise).
    All depend only on what was known before the batch, which the interval needs.
    Source: Hadad, Hirshberg, Zhan, Wager & Athey (2021), sections 2.2 and 3.
    """
    match Weights(weights):
        case Weights.UNIFORM:
            return np.ones_like(log.propensities)
        case Weights.CONSTANT_ALLOCATION:
            return np.sqrt(log.propensities)
        case Weights.TWO_POINT:
            return np.sqrt(log.propensities * _stick(log, decay))


def _stick(log: BatchLog, decay: float) -> FloatArray:
    """Share of the stick for one decision of each batch."""
    if not 0.0 < decay < 1.0:
        raise ValueError(f"decay is {decay}: must lie strictly between 0 and 1")
    size = log.decisions[..., None]
    end = np.cumsum(size, axis=-2)
    total = end[..., -1:, :]
    kept = size / np.maximum(total - end + size, 1.0)
    # A batch stands for its middle decision: with one decision each this is the published rule.
    taken = size * np.maximum(end - (size - 1.0) / 2.0, 1.0) ** -decay
    left = (total ** (1.0 - decay) - end ** (1.0 - decay)) / (1.0 - decay)
    fading = np.where(size > 0, taken / np.where(size > 0, taken + left, 1.0), 0.0)
    broken = np.clip(log.propensities * kept + (1.0 - log.propensities) * fading, 0.0, 1.0)
    rest = np.cumprod(1.0 - broken, axis=-2)
    before = np.concatenate([np.ones_like(rest[..., :1, :]), rest[..., :-1, :]], axis=-2)
    return np.asarray(broken * before / np.maximum(size, 1.0))
