"""What is believed of an effect after the data: a mixture of normals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.belief import Belief
from experiments.stats.bisection import boundary
from experiments.stats.validation import FloatArray
from experiments.stats.verdict import Direction


@dataclass(frozen=True, eq=False)
class NormalMixture:
    """Normals of `mean` and `sd` with `weight`, all of shape (..., component); a single component is a normal.

    Weights sum to 1 over the components. An sd of 0 is a certainty.
    """

    weight: FloatArray
    mean_of: FloatArray
    sd_of: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Mean of the whole, shape (...)."""
        return np.asarray((self.weight * self.mean_of).sum(axis=-1))

    @property
    def sd(self) -> FloatArray:
        """Standard deviation of the whole, shape (...)."""
        gap = self.mean_of - self.mean[..., None]
        return np.asarray(np.sqrt((self.weight * (self.sd_of**2 + gap**2)).sum(axis=-1)))

    def chance_above(self, value: ArrayLike = 0.0) -> FloatArray:
        """Probability of lying above `value`."""
        return np.asarray((self.weight * special.ndtr(self._distance(value))).sum(axis=-1))

    def mean_excess(self, value: ArrayLike = 0.0) -> FloatArray:
        """Mean of what lies above `value`, counted from it: `E max(x - value, 0)`."""
        z, gap = self._distance(value), self.mean_of - np.asarray(value)[..., None]
        density = np.exp(-(z**2) / 2.0) / np.sqrt(2.0 * np.pi)
        return np.asarray((self.weight * (self.sd_of * density + gap * special.ndtr(z))).sum(axis=-1))

    def mean_shortfall(self, value: ArrayLike = 0.0) -> FloatArray:
        """Mean of what lies below `value`, counted down from it."""
        z, gap = self._distance(value), self.mean_of - np.asarray(value)[..., None]
        density = np.exp(-(z**2) / 2.0) / np.sqrt(2.0 * np.pi)
        return np.asarray((self.weight * (self.sd_of * density - gap * special.ndtr(-z))).sum(axis=-1))

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """The value below which `probability` lies, to about 1e-15 of the spread."""
        share = validation.open_share("probability", probability)[..., None]
        each = self.mean_of + special.ndtri(share) * self.sd_of
        lowest, highest = each.min(axis=-1), each.max(axis=-1)
        return boundary(lambda value: 1.0 - self.chance_above(value) <= share[..., 0], lowest, highest)

    def belief(self, *, alpha: ArrayLike = 0.05, direction: str = Direction.UP, notes: tuple[str, ...] = ()) -> Belief:
        """The answers for an effect of treatment over control; `direction` is the good one."""
        level = validation.significance(alpha)
        return Belief.stated(
            direction,
            above=self.chance_above(),
            gain=self.mean_excess(),
            loss=self.mean_shortfall(),
            mean=self.mean,
            sd=self.sd,
            low=self.quantile(level / 2.0),
            high=self.quantile(1.0 - level / 2.0),
            level=1.0 - level,
            notes=notes,
        )

    def draws(self, size: int, rng: np.random.Generator) -> FloatArray:
        """`size` independent draws, shape (size, ...)."""
        edges = np.cumsum(self.weight, axis=-1)
        uniform = rng.random((size, *edges.shape[:-1]))[..., None]
        pick = np.minimum((uniform > edges / edges[..., -1:]).sum(axis=-1), edges.shape[-1] - 1)
        mean, sd = (
            np.take_along_axis(np.broadcast_to(values, (size, *edges.shape)), pick[..., None], axis=-1)[..., 0]
            for values in (self.mean_of, self.sd_of)
        )
        return np.asarray(mean + sd * rng.standard_normal(mean.shape))

    def _distance(self, value: ArrayLike) -> FloatArray:
        """How many standard deviations each component's mean lies above `value`; 0 for a certainty at it."""
        gap = self.mean_of - np.asarray(value)[..., None]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(gap == 0, 0.0, gap / self.sd_of)
