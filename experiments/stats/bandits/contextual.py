"""Linear Thompson sampling: each arm's reward a linear function of what is known of the customer."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.bandits.allocation import with_floor
from experiments.stats.bandits.posteriors import MeanPosterior, probability_best
from experiments.stats.validation import FloatArray, IntArray
from experiments.stats.verdict import Direction

# Contexts integrated at once; the arrays of a piece stay within some tens of megabytes.
CHUNK = 500
# A context of zeros says nothing of any arm; this width keeps their tie a tie.
NARROWEST = 1e-9


@dataclass(frozen=True, eq=False)
class ContextualDecisions:
    """One arm per customer and the full vector of propensities it was drawn with, `propensities[customer, arm]`."""

    arm: IntArray
    propensities: FloatArray


@dataclass(frozen=True, eq=False)
class LinearThompson:
    """Ridge regressions of the reward, one per arm, as the posterior of a contextual bandit.

    precision[arm, feature, feature] = ridge I + sum x x'; response[arm, feature] = sum x y; noise: standard deviation
    v of the reward about its line, the width of the posterior N(A^-1 b, v^2 A^-1).
    Source: Agrawal & Goyal (2013).
    """

    precision: FloatArray
    response: FloatArray
    noise: float

    def __post_init__(self) -> None:
        precision, response = (
            validation.finite("precision", self.precision),
            validation.finite("response", self.response),
        )
        if precision.shape != (*response.shape, response.shape[-1]) or response.ndim != 2:
            raise ValueError(f"arms do not match: precision {precision.shape}, response {response.shape}")
        validation.positive("noise", self.noise)
        object.__setattr__(self, "precision", precision)
        object.__setattr__(self, "response", response)

    @classmethod
    def prior(cls, *, arms: int, features: int, noise: float, ridge: float = 1.0) -> Self:
        """Nothing seen yet: every coefficient is N(0, noise^2 / ridge)."""
        validation.positive("ridge", ridge)
        return cls(np.tile(ridge * np.eye(features), (arms, 1, 1)), np.zeros((arms, features)), noise)

    def updated(self, contexts: ArrayLike, arm: ArrayLike, reward: ArrayLike) -> "LinearThompson":
        """The posterior after a batch of matured rewards: `contexts[customer, feature]`, its arm, its reward."""
        x, y = self._contexts(contexts), validation.finite("reward", reward)
        played = np.asarray(arm)[:, None] == np.arange(len(self.response))
        xx = np.einsum("ca,ci,cj->aij", played.astype(np.float64), x, x)
        xy = np.einsum("ca,ci,c->ai", played.astype(np.float64), x, y)
        return LinearThompson(self.precision + xx, self.response + xy, self.noise)

    def scores(self, contexts: ArrayLike) -> MeanPosterior:
        """The expected reward of each customer under each arm, shape (customer, arm), as a normal posterior."""
        x = self._contexts(contexts)
        root = np.linalg.cholesky(self.precision)
        white = np.linalg.solve(root, np.broadcast_to(x.T, (len(root), *x.T.shape)))
        target = np.linalg.solve(root, self.response[..., None])[..., 0]
        spread = self.noise * np.sqrt((white**2).sum(axis=1)).T
        return MeanPosterior(np.einsum("aic,ai->ca", white, target), np.maximum(spread, NARROWEST * self.noise))

    def propensities(self, contexts: ArrayLike, *, floor: float = 0.0, direction: str = Direction.UP) -> FloatArray:
        """Probability of each arm for each customer, shape (customer, arm), by quadrature; `floor` mixed in.

        Equal contexts are integrated once.
        """
        distinct, place = np.unique(self._contexts(contexts), axis=0, return_inverse=True)
        parts = np.array_split(distinct, max(1, -(-len(distinct) // CHUNK)))
        chance = np.concatenate([probability_best(self.scores(part), direction=direction) for part in parts])
        return np.asarray(with_floor(chance, floor=floor)[place.reshape(-1)])

    def decide(
        self, contexts: ArrayLike, *, rng: np.random.Generator, floor: float = 0.0, direction: str = Direction.UP
    ) -> ContextualDecisions:
        """An arm for each customer by one draw per customer and arm, with the propensities of all arms.

        The same generator in the same state gives the same decisions.
        """
        belief = self.scores(contexts)
        customers, arms = belief.mean.shape
        drawn = belief.mean + belief.scale * rng.standard_normal(belief.mean.shape)
        best = np.argmax(drawn if Direction(direction) is Direction.UP else -drawn, axis=-1)
        shares = self.propensities(contexts, floor=floor, direction=direction)
        explores = rng.random(customers) < arms * min(floor, 0.5 / arms)
        arm = np.where(explores, rng.integers(arms, size=customers), best)
        return ContextualDecisions(arm=np.asarray(arm, dtype=np.intp), propensities=shares)

    def _contexts(self, contexts: ArrayLike) -> FloatArray:
        x = validation.finite("contexts", contexts)
        if x.ndim != 2 or x.shape[1] != self.response.shape[1]:
            raise ValueError(f"contexts must be (customer, {self.response.shape[1]}), got {x.shape}")
        return x
