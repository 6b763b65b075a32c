"""Chance that each arm is the best, by integration: no draws, no noise, the same answer every time.

With F the product of all arms' distribution functions, arm k is best with probability `integral f_k F / F_k`. The
line is cut at fixed places of every arm, so that the narrowest posterior is resolved as well as the widest, and on
each piece densities are integrated by Gauss-Legendre up to the end and up to every node: distribution functions
come from the same densities, special functions are needed at the first edge only.
"""

from typing import Protocol

import numpy as np

from experiments.stats.validation import FloatArray

NODES = 8
SMALLEST = np.finfo(np.float64).tiny


class Marginals(Protocol):
    """Independent posteriors of the arms (last axis), each with a smooth density on one line common to all arms."""

    def cuts(self) -> FloatArray:
        """Increasing points from end to end of each arm's mass, all but 1e-12 of it; shape (..., arm, cut)."""
        ...

    def density(self, points: FloatArray) -> FloatArray:
        """Density of each arm at `points[..., point]`, shape (..., point, arm)."""
        ...

    def below(self, points: FloatArray) -> FloatArray:
        """Probability of each arm lying below `points[..., point]`, shape (..., point, arm)."""
        ...


def chance_of_being_highest(arms: Marginals) -> FloatArray:
    """Probability of each arm being the highest, shape (..., arm), summing to 1.

    The error is below 1e-9, with tails as heavy as two degrees of freedom below 1e-7.
    """
    edges = _edges(arms.cuts())
    lengths = np.diff(edges, axis=-1)
    points, weights = pieces(edges)
    density = arms.density(points.reshape(*edges.shape[:-1], -1)).reshape(*points.shape, -1)
    below = np.maximum(_distribution(density, lengths, arms.below(edges[..., :1])[..., 0, :]), SMALLEST)
    others = np.prod(below, axis=-1, keepdims=True) / below
    chance = np.einsum("...pn,...pna->...a", weights, density * others)
    return np.asarray(chance / chance.sum(axis=-1, keepdims=True))


def pieces(edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Nodes and weights, each (..., piece, node), of an integral over the pieces between `edges[..., edge]`."""
    lengths = np.diff(edges, axis=-1)[..., None]
    return edges[..., :-1, None] + lengths * _UNIT_NODES, lengths * _UNIT_WEIGHTS


def _edges(cuts: FloatArray) -> FloatArray:
    """All arms' cuts in order, drawn in to where the highest arm can lie."""
    # Below the highest of all low ends some arm is never found, so no arm found there is the best.
    lowest, highest = cuts[..., 0].max(axis=-1), cuts[..., -1].max(axis=-1)
    every = np.sort(cuts.reshape(*cuts.shape[:-2], -1), axis=-1)
    return np.clip(every, lowest[..., None], highest[..., None])


def _distribution(density: FloatArray, lengths: FloatArray, start: FloatArray) -> FloatArray:
    """Distribution functions at all nodes, from densities (..., piece, node, arm) and the values at the first edge."""
    within = np.einsum("mn,...pna->...pma", _UNIT_INTEGRALS, density) * lengths[..., None, None]
    whole = np.einsum("n,...pna->...pa", _UNIT_WEIGHTS, density) * lengths[..., None]
    before = np.cumsum(whole, axis=-2) - whole
    return np.asarray(within + (before + start[..., None, :])[..., None, :])


def _unit_rule(nodes: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Gauss-Legendre on [0, 1], and the matrix that integrates a function's values at the nodes from 0 to each node.

    A polynomial through values f has the Legendre coefficients `(2j+1)/2 sum w P_j f`, and P_j integrates to
    `(P_{j+1} - P_{j-1}) / (2j+1)`.
    """
    x, w = np.polynomial.legendre.leggauss(nodes)
    p = np.polynomial.legendre.legvander(x, nodes)
    degree = np.arange(nodes)
    integrals = np.column_stack([x + 1.0, (p[:, 2:] - p[:, :-2]) / (2.0 * degree[1:] + 1.0)])
    coefficients = ((2.0 * degree + 1.0) / 2.0 * p[:, :nodes]).T * w
    return (x + 1.0) / 2.0, w / 2.0, integrals @ coefficients / 2.0


_UNIT_NODES, _UNIT_WEIGHTS, _UNIT_INTEGRALS = _unit_rule(NODES)
