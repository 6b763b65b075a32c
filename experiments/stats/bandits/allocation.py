"""From the chance of being best to the shares of the next batch."""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.validation import FloatArray

# Exploration share of each arm; every later interval lives on it.
FLOOR = 0.05


def probability_matching(chance: ArrayLike, *, floor: float = FLOOR) -> FloatArray:
    """Shares `floor + (1 - K floor) chance[..., arm]`: each arm gets its chance of being best, and at least the floor.

    `floor` is 0 or more and is held to at most half of an even share, `0.5 / K`. The floor is mixed in: cutting at it
    and dividing by the sum would leave arms below it. Source: Thompson (1933) in batches, as in Scott (2010).
    """
    return with_floor(_chances(chance), floor=floor)


def top_two(chance: ArrayLike, *, beta: float = 0.5, floor: float = 0.0) -> FloatArray:
    """Shares of top-two Thompson sampling, for finding the best arm rather than earning: `chance[..., arm]` to shares.

    The best of a draw is played with probability `beta`; otherwise draws are repeated until another arm is best, and
    that arm is played. `beta` lies in (0, 1]; `floor` as in `probability_matching`. Where one arm is surely the best,
    all others share what is left evenly. Source: Russo (2020), section 3.
    """
    best = _chances(chance)
    if not 0.0 < beta <= 1.0:
        raise ValueError(f"beta is {beta}: must lie in (0, 1]")
    arms = best.shape[-1]
    if arms == 1:
        return np.ones_like(best)
    # The sum of the others, not one minus the arm: near certainty the difference has no digits left.
    others = best @ (1.0 - np.eye(arms))
    is_sure = others == 0
    odds = np.where(is_sure, 0.0, best / np.where(is_sure, 1.0, others))
    second = best * (odds.sum(axis=-1, keepdims=True) - odds)
    second = second + np.where(~is_sure, is_sure.any(axis=-1, keepdims=True) / (arms - 1.0), 0.0)
    return with_floor(beta * best + (1.0 - beta) * second, floor=floor)


def with_floor(shares: ArrayLike, *, floor: float = FLOOR) -> FloatArray:
    """Shares of any policy with the exploration share mixed in, held to at most `0.5 / K`."""
    played = _chances(shares)
    if not 0.0 <= floor < 1.0:
        raise ValueError(f"floor is {floor}: must lie in [0, 1)")
    arms = played.shape[-1]
    kept = min(floor, 0.5 / arms)
    return np.asarray(kept + (1.0 - arms * kept) * played)


def _chances(values: ArrayLike) -> FloatArray:
    array = validation.finite("chance", values)
    if array.ndim == 0:
        raise ValueError("chance needs an axis of arms, got one number")
    validation.refuse("chance", array, (array < 0) | (array > 1), "must lie in [0, 1]")
    total = array.sum(axis=-1, keepdims=True)
    validation.refuse("the sum of chance", total[..., 0], np.abs(total[..., 0] - 1.0) > 1e-9, "must be 1 within 1e-9")
    return np.asarray(array / total)
