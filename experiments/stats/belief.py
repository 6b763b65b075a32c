"""The answers a Bayesian reading gives of one effect."""

from dataclasses import dataclass

import numpy as np

from experiments.stats.validation import FloatArray
from experiments.stats.verdict import Direction

CHANCE_NOTE = "The chance to beat control bounds no error when someone stops by it; check the confidence sequence."
FLAT_NOTE = "Flat prior: the belief rests on these data alone."


@dataclass(frozen=True, eq=False, kw_only=True)
class Belief:
    """What the data and the prior say of one effect; all arrays have one shape, NaN where nothing can be said.

    mean, sd:           of the posterior, in the unit of the effect.
    low, high:          central credible interval at `level`.
    chance_to_beat:     posterior probability that the treatment is better than control.
    expected_loss_ship: mean loss, in the unit of the effect, if the treatment is shipped (0 where it is better).
    expected_loss_keep: mean loss if control is kept.
    """

    mean: FloatArray
    sd: FloatArray
    low: FloatArray
    high: FloatArray
    chance_to_beat: FloatArray
    expected_loss_ship: FloatArray
    expected_loss_keep: FloatArray
    level: FloatArray
    notes: tuple[str, ...] = ()

    @classmethod
    def stated(
        cls,
        direction: str,
        *,
        above: FloatArray,
        gain: FloatArray,
        loss: FloatArray,
        notes: tuple[str, ...] = (),
        **numbers: FloatArray,
    ) -> "Belief":
        """The belief in the words of its reader: `above`, `gain` and `loss` count upwards, `direction` is good."""
        is_up = Direction(direction) is Direction.UP
        numbers["chance_to_beat"] = above if is_up else 1.0 - above
        numbers["expected_loss_ship"], numbers["expected_loss_keep"] = (loss, gain) if is_up else (gain, loss)
        shape = np.broadcast_shapes(*(np.shape(value) for value in numbers.values()))
        same = {name: np.broadcast_to(value, shape) for name, value in numbers.items()}
        return cls(**same, notes=(*notes, CHANCE_NOTE))
