"""Two independent quantities, one a variant: which is larger, and by how much, by quadrature.

The nodes run over the narrower of the two: where it has its mass, the distribution of the other is smooth.
"""

from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats.bisection import boundary
from experiments.stats.validation import BoolArray, FloatArray

Rule: TypeAlias = tuple[FloatArray, FloatArray]
RULE: Rule = np.polynomial.legendre.leggauss(200)
# Limits are shown to a few digits and cost many evaluations: fewer nodes do, within 0.001 of a standard deviation.
COARSE_RULE: Rule = np.polynomial.legendre.leggauss(48)
STEPS = 20
# What the nodes leave out at each end.
TAIL = 1e-10


class Quantity(Protocol):
    """What is believed of one variant; `x` has an axis more than the quantity, for the nodes."""

    @property
    def mean(self) -> FloatArray:
        """Where it is expected, shape (...)."""

    @property
    def width(self) -> FloatArray:
        """Its standard deviation or something like it, shape (...)."""

    def where(self, condition: BoolArray, other: Self) -> Self:
        """This one where the condition holds, the other elsewhere."""

    def nodes(self, rule: Rule) -> tuple[FloatArray, FloatArray]:
        """Values over its range and weights that sum to 1, shape (..., node)."""

    def quantile(self, probability: FloatArray) -> FloatArray:
        """The value below which `probability` lies, shape (...)."""

    def below(self, x: FloatArray) -> FloatArray:
        """Probability of lying below `x`."""

    def above(self, x: FloatArray) -> FloatArray:
        """Probability of lying above `x`."""

    def shortfall(self, x: FloatArray) -> FloatArray:
        """Mean of `max(x - quantity, 0)`."""

    def excess(self, x: FloatArray) -> FloatArray:
        """Mean of `max(quantity - x, 0)`."""


Q = TypeVar("Q", bound=Quantity)


@dataclass(frozen=True)
class IndependentPair(Generic[Q]):
    """Control and treatment, of one shape, with the nodes over the narrower of them."""

    control: Q
    treatment: Q
    wide: Q
    treatment_is_narrow: BoolArray
    node: FloatArray
    weight: FloatArray

    @classmethod
    def of(cls, control: Q, treatment: Q, rule: Rule = RULE) -> "IndependentPair[Q]":
        """The pair of two quantities of the same kind and shape."""
        is_narrow = np.asarray(treatment.width < control.width)
        node, weight = treatment.where(is_narrow, control).nodes(rule)
        return cls(control, treatment, control.where(is_narrow, treatment), is_narrow, node, weight)

    @property
    def mean(self) -> FloatArray:
        """Treatment minus control, as expected."""
        return self.treatment.mean - self.control.mean

    @property
    def width(self) -> FloatArray:
        """Standard deviation of treatment minus control."""
        return np.hypot(self.control.width, self.treatment.width)

    def chance_below(self, difference: ArrayLike = 0.0) -> FloatArray:
        """Probability that treatment minus control lies below `difference`."""
        narrow, gap = self.treatment_is_narrow[..., None], np.asarray(difference)[..., None]
        tail = np.where(narrow, self.wide.above(self.node - gap), self.wide.below(self.node + gap))
        return np.asarray((self.weight * tail).sum(axis=-1))

    def chance_above(self, difference: ArrayLike = 0.0) -> FloatArray:
        """Probability that treatment minus control lies above `difference`."""
        narrow, gap = self.treatment_is_narrow[..., None], np.asarray(difference)[..., None]
        tail = np.where(narrow, self.wide.below(self.node - gap), self.wide.above(self.node + gap))
        return np.asarray((self.weight * tail).sum(axis=-1))

    def mean_gain(self) -> FloatArray:
        """Mean of what the treatment lies above control, 0 where it does not."""
        excess = np.where(
            self.treatment_is_narrow[..., None], self.wide.shortfall(self.node), self.wide.excess(self.node)
        )
        return np.asarray((self.weight * excess).sum(axis=-1))

    def mean_loss(self) -> FloatArray:
        """Mean of what the treatment lies below control, 0 where it does not."""
        excess = np.where(
            self.treatment_is_narrow[..., None], self.wide.excess(self.node), self.wide.shortfall(self.node)
        )
        return np.asarray((self.weight * excess).sum(axis=-1))

    def quantile(self, probability: FloatArray) -> FloatArray:
        """The difference below which `probability` lies."""
        pair = IndependentPair.of(self.control, self.treatment, COARSE_RULE)
        # Where either side is past such a quantile of its own, the difference may be too; elsewhere it is not.
        below, above = probability / 2.0, (1.0 - probability) / 2.0
        lowest = self.treatment.quantile(below) - self.control.quantile(1.0 - below)
        highest = self.treatment.quantile(1.0 - above) - self.control.quantile(above)
        return boundary(lambda gap: pair.chance_below(gap) <= probability, lowest, highest, steps=STEPS)
