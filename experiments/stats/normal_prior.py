"""An effect with a normal error and a normal prior: precisions add."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.belief import FLAT_NOTE, Belief
from experiments.stats.estimate import Estimate
from experiments.stats.normal_mixture import NormalMixture
from experiments.stats.validation import FloatArray
from experiments.stats.verdict import Direction


@dataclass(frozen=True, eq=False)
class NormalPrior:
    """Effects are believed to be N(mean, variance) before the data, in the unit of the effect.

    An infinite variance is the flat (improper) prior; 0 is a certainty.
    """

    mean: FloatArray
    variance: FloatArray

    def __post_init__(self) -> None:
        variance = validation.numbers("variance", self.variance)
        validation.refuse("variance", variance, ~(variance >= 0), "must be 0 or more")
        object.__setattr__(self, "mean", validation.finite("mean", self.mean))
        object.__setattr__(self, "variance", variance)

    @classmethod
    def flat(cls) -> "NormalPrior":
        """No prior opinion at all."""
        return cls(np.asarray(0.0), np.asarray(np.inf))

    def posterior(self, estimates: ArrayLike, se: ArrayLike) -> NormalMixture:
        """The belief about each effect after an estimate of it with a known standard error; NaN stays NaN."""
        value, error = validation.numbers("estimates", estimates), validation.numbers("se", se)
        validation.refuse("se", error, error <= 0, "must be above 0")
        value, error, mean, variance = validation.broadcast(
            estimates=value, se=error, mean=self.mean, variance=self.variance
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            # Weight of the data. Written so that neither a flat prior nor a certain one needs a case of its own.
            trust = 1.0 / (1.0 + error**2 / variance)
        centre = mean + trust * (value - mean)
        return NormalMixture(np.ones((*value.shape, 1)), centre[..., None], (np.sqrt(trust) * error)[..., None])


def normal_belief(
    effect: Estimate, prior: NormalPrior, *, alpha: ArrayLike = 0.05, direction: str = Direction.UP
) -> Belief:
    """The belief about a comparison: a difference, or a lift, as long as the prior is in the same unit.

    Cells without a standard error give NaN. A flat prior is allowed and says so in the notes.
    """
    se = np.where(effect.se > 0, effect.se, np.nan)
    notes = (FLAT_NOTE,) if np.isinf(prior.variance).any() else ()
    return prior.posterior(effect.estimate, se).belief(alpha=alpha, direction=direction, notes=notes)
