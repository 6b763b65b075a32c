"""When a bandit may stop looking: the best arm is known, or what is left to win is not worth the wait."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.bandits.posteriors import MeanPosterior, Posterior, probability_best
from experiments.stats.bandits.quadrature import pieces
from experiments.stats.bisection import boundary
from experiments.stats.counts import Counts
from experiments.stats.moments import Totals
from experiments.stats.validation import BoolArray, FloatArray, IntArray
from experiments.stats.verdict import Direction

# No bandit has more than this to win, as a multiple of its leader.
MOST_TO_WIN = 1e6


@dataclass(frozen=True, eq=False)
class BestArm:
    """Whether the data single out one arm; shape: that of the arms without their axis.

    leader:      index of the arm with the best mean so far, the first of equals.
    statistic:   evidence of the leader against its closest rival, as a log-likelihood ratio.
    threshold:   what the statistic must exceed, at every look alike.
    """

    leader: IntArray
    statistic: FloatArray
    threshold: FloatArray

    @property
    def is_found(self) -> BoolArray:
        """Cells where the leader may be called the best, wrongly with probability at most `delta`."""
        return np.asarray(self.statistic > self.threshold)


def best_rate(arms: Counts, *, delta: ArrayLike = 0.05, direction: str = Direction.UP) -> BestArm:
    """Best-arm test of rates, arms along the last axis; `delta` is the chance of a wrong call over all looks.

    Edge: an arm nobody has met keeps the statistic at 0. Source: Garivier & Kaufmann (2016), section 3, with their
    threshold log((1 + log t) / delta) for t customers.
    """
    leader = _leader(arms.rate, direction)
    rate, n = np.nan_to_num(arms.rate), arms.n
    own_rate, own_n = _at(rate, leader), _at(n, leader)
    common = (own_n * own_rate + n * rate) / np.maximum(own_n + n, 1.0)
    evidence = own_n * _divergence(own_rate, common) + n * _divergence(rate, common)
    return _against_rivals(evidence, leader, n, delta)


def best_mean(arms: Totals, *, delta: ArrayLike = 0.05, direction: str = Direction.UP) -> BestArm:
    """Best-arm test of means, arms along the last axis; variances are those of `MeanPosterior.from_moments`.

    With them an arm that has sold nothing yet is not taken for one without noise. Edge and source as `best_rate`,
    with the Gaussian form `(difference)^2 / (2 (v_a + v_b))`.
    """
    posterior = MeanPosterior.from_moments(arms)
    leader = _leader(arms.mean, direction)
    gap = _at(np.nan_to_num(arms.mean), leader) - np.nan_to_num(arms.mean)
    evidence = gap**2 / (2.0 * (_at(posterior.scale, leader) ** 2 + posterior.scale**2))
    return _against_rivals(evidence, leader, arms.n, delta)


def value_remaining(
    posterior: Posterior, *, probability: float = 0.95, direction: str = Direction.UP
) -> tuple[IntArray, FloatArray]:
    """The arm most likely best, and how much better than it some other arm may still be, as a share of its mean.

    The share is the `probability` quantile of `(best - leader) / leader` (where lower is better: of the reduction);
    stop below 0.01, say. Found by quadrature. A leader whose mean may be 0 or below with more than
    `1 - probability` gives the largest share there is, 1e6. Shapes: those of the arms without their axis.
    Source: Scott (2015), section 3.
    """
    chance = float(validation.open_share("probability", probability))
    is_up = Direction(direction) is Direction.UP
    leader = np.argmax(probability_best(posterior, direction=direction), axis=-1)
    zero = np.zeros(leader.shape)

    def falls_short(share: FloatArray) -> BoolArray:
        return np.asarray(_within(posterior, leader, 1.0 + share if is_up else 1.0 - share, is_up) < chance)

    return leader, boundary(falls_short, zero, zero + (MOST_TO_WIN if is_up else 1.0))


def _within(posterior: Posterior, leader: IntArray, factor: FloatArray, is_up: bool) -> FloatArray:
    """Probability that no arm is better than `factor` times the leader, and the leader above 0."""
    cuts = posterior.cuts()
    own = np.take_along_axis(cuts, leader[..., None, None], axis=-2)
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = posterior.point(posterior.value(cuts) / factor[..., None, None])
    low = np.maximum(own[..., 0, 0], posterior.point(np.zeros(leader.shape)))
    high = np.maximum(own[..., 0, -1], low)
    every = np.concatenate([own, np.nan_to_num(moved)], axis=-2).reshape(*leader.shape, -1)
    points, weights = pieces(np.clip(np.sort(every, axis=-1), low[..., None], high[..., None]))
    points, weights = points.reshape(*leader.shape, -1), weights.reshape(*leader.shape, -1)
    density = np.take_along_axis(posterior.density(points), leader[..., None, None], axis=-1)[..., 0]
    below = posterior.below(posterior.point(posterior.value(points) * factor[..., None]))
    not_better = below if is_up else 1.0 - below
    is_leader = np.arange(cuts.shape[-2]) == leader[..., None, None]
    return np.asarray((weights * density * np.prod(np.where(is_leader, 1.0, not_better), axis=-1)).sum(axis=-1))


def _leader(means: FloatArray, direction: str) -> IntArray:
    is_up = Direction(direction) is Direction.UP
    signed = np.where(np.isnan(means), -np.inf, means if is_up else -means)
    return np.asarray(np.argmax(signed, axis=-1))


def _at(values: FloatArray, arm: IntArray) -> FloatArray:
    return np.take_along_axis(values, arm[..., None], axis=-1)


def _divergence(rate: FloatArray, other: FloatArray) -> FloatArray:
    """Kullback-Leibler divergence of two Bernoulli distributions."""
    return np.asarray(special.rel_entr(rate, other) + special.rel_entr(1.0 - rate, 1.0 - other))


def _against_rivals(evidence: FloatArray, leader: IntArray, n: FloatArray, delta: ArrayLike) -> BestArm:
    risk = validation.significance(delta)
    is_rival = np.arange(n.shape[-1]) != leader[..., None]
    statistic = np.where(is_rival, evidence, np.inf).min(axis=-1)
    threshold = np.log((1.0 + np.log(np.maximum(n.sum(axis=-1), 1.0))) / risk)
    return BestArm(leader, np.where((n == 0).any(axis=-1), 0.0, statistic), threshold)
