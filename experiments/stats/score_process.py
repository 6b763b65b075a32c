"""Where a running test statistic can be after several looks at which it was not stopped.

The statistic is kept as the score `S = z sqrt(t)` at information t, which moves between looks by independent normal
steps of mean `drift x dt` and variance dt; `drift` is the expected z at t = 1. Only the paths without drift are
followed: the others have density `exp(drift S - drift^2 t / 2)` against them, whatever the boundaries were, so
that one pass answers for every drift.
Source: Armitage, McPherson & Rowe (1969); Jennison & Turnbull (2000), chapter 19.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats.validation import FloatArray

# Eight Gauss-Legendre nodes over 2.5 steps: doubling them moves no boundary by 1e-9.
NODES_PER_PANEL = 8
STEPS_PER_PANEL = 2.5
NODE, WEIGHT = np.polynomial.legendre.leggauss(NODES_PER_PANEL)
# Beyond this many standard errors a tail probability is no longer a normal float.
FARTHEST_Z = 37.5
NEWTON_STEPS = 50


@dataclass(frozen=True, eq=False)
class Unstopped:
    """The paths still going just after a look: `mass` without drift at the scores `node`, at information `time`."""

    time: float
    node: FloatArray
    mass: FloatArray

    @classmethod
    def at_start(cls) -> "Unstopped":
        """All paths, before any look."""
        return cls(0.0, np.zeros(1), np.ones(1))

    def above(self, score: ArrayLike, time: float, drift: ArrayLike = 0.0) -> FloatArray:
        """Probability to get here and lie above `score` at the look at `time`; score and drift broadcast."""
        return self._beyond(score, time, drift, 1.0)

    def below(self, score: ArrayLike, time: float, drift: ArrayLike = 0.0) -> FloatArray:
        """Probability to get here and lie below `score` at the look at `time`."""
        return self._beyond(score, time, drift, -1.0)

    def _beyond(self, score: ArrayLike, time: float, drift: ArrayLike, side: float) -> FloatArray:
        score_, theta = np.asarray(score)[..., None], np.asarray(drift)[..., None]
        step = time - self.time
        mass = self.mass * np.exp(theta * self.node - theta**2 * self.time / 2.0)
        return np.asarray(
            (mass * special.ndtr(side * (self.node + theta * step - score_) / np.sqrt(step))).sum(axis=-1)
        )

    def onward(self, low: float, high: float, time: float, *, resolution: float) -> "Unstopped":
        """The paths that lie between `low` and `high` at the look at `time`.

        `resolution` is the information step to the following look, if that is smaller than the one to this look.
        """
        step = time - self.time
        node, weight = _grid(low, high, np.sqrt(min(step, resolution)))
        density = np.exp(-((node[:, None] - self.node) ** 2) / (2.0 * step)) @ self.mass
        return Unstopped(time, node, weight * density / np.sqrt(2.0 * np.pi * step))

    def bound(self, probability: float, time: float) -> float:
        """The score above which exactly `probability` lies at the look at `time`, paths without drift.

        Newton's method on the logarithm, which is concave: from the bound without earlier stopping, which lies
        too far out, every step lands short of the answer and nearer.
        """
        farthest = FARTHEST_Z * np.sqrt(time)
        if probability <= special.ndtr(-FARTHEST_Z):
            return float(farthest)
        step = np.sqrt(time - self.time)
        score = -special.ndtri(probability) * np.sqrt(time)
        for _ in range(NEWTON_STEPS):
            x = (score - self.node) / step
            beyond = self.mass @ special.ndtr(-x)
            density = self.mass @ np.exp(-x * x / 2.0) / (np.sqrt(2.0 * np.pi) * step)
            move = step if beyond <= 0 else np.log(probability / beyond) * beyond / density
            score -= move
            if abs(move) < 1e-12 * step:
                break
        return float(np.clip(score, 0.0, farthest))


def _grid(low: float, high: float, scale: float) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights between two scores, fine enough for densities that vary over `scale`."""
    panels = max(int(np.ceil((high - low) / (STEPS_PER_PANEL * scale))), 1)
    half = (high - low) / (2.0 * panels)
    centre = low + half * (2.0 * np.arange(panels) + 1.0)
    return (centre[:, None] + half * NODE).ravel(), np.tile(half * WEIGHT, panels)
