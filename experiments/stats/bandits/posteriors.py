"""What is believed of each arm after the data: Beta for rates, Student's t for means."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import student, validation
from experiments.stats.bandits.quadrature import Marginals, chance_of_being_highest
from experiments.stats.moments import Totals
from experiments.stats.normal_inverse_gamma import NormalInverseGamma
from experiments.stats.validation import FloatArray
from experiments.stats.verdict import Direction

# Cuts of a density with Gaussian tails as normal scores, and of one with exponential tails in standard deviations.
GAUSSIAN_CUTS = np.array([0.0, 0.75, 1.5, 2.25, 3.0, 3.8, 4.7, 5.7, 7.4])
EXPONENTIAL_CUTS = np.array([0.0, 0.75, 1.5, 2.25, 3.0, 4.0, 5.5, 7.5, 10.0, 14.0, 20.0, 32.0])
LOG_TAIL = np.log(1e-13)
# From here up the tail of the logarithm of a gamma variable is left behind within 9.5 standard deviations.
LARGE_SHAPE = 50.0


class Posterior(Marginals, Protocol):
    """Independent posteriors of the arms along the last axis, on a line of their own."""

    def mirrored(self) -> "Posterior":
        """The posterior of the opposite (1 minus a rate, minus a mean): where lower was better, higher is."""
        ...

    def value(self, points: FloatArray) -> FloatArray:
        """The rate or mean at points of the line."""
        ...

    def point(self, values: FloatArray) -> FloatArray:
        """The place on the line of a rate or mean."""
        ...


@dataclass(frozen=True, eq=False)
class BetaPosterior:
    """Rates with Beta(a, b) posteriors, arms along the last axis; a and b are above 0.

    The line is the log odds: there the density is smooth and has no poles, however small a and b are.
    """

    a: FloatArray
    b: FloatArray

    def __post_init__(self) -> None:
        a, b = validation.broadcast(a=validation.positive("a", self.a), b=validation.positive("b", self.b))
        object.__setattr__(self, "a", _with_arms("a", a))
        object.__setattr__(self, "b", b)

    @classmethod
    def from_counts(
        cls, successes: ArrayLike, failures: ArrayLike, *, prior: tuple[ArrayLike, ArrayLike] = (1.0, 1.0)
    ) -> Self:
        """The prior Beta plus what was seen; fractions are legal (discounted or surrogate counts)."""
        s, f = validation.finite("successes", successes), validation.finite("failures", failures)
        for name, values in {"successes": s, "failures": f}.items():
            validation.refuse(name, values, values < 0, "must be 0 or more")
        s, f = validation.broadcast(successes=s, failures=f)
        return cls(validation.positive("prior", prior[0]) + s, validation.positive("prior", prior[1]) + f)

    def mirrored(self) -> "BetaPosterior":
        """The posterior of the failure rates."""
        return BetaPosterior(self.b, self.a)

    def value(self, points: FloatArray) -> FloatArray:
        """The rate at log odds `points`."""
        return np.asarray(special.expit(points))

    def point(self, values: FloatArray) -> FloatArray:
        """The log odds of rates; minus or plus infinity outside (0, 1)."""
        return np.asarray(special.logit(np.clip(values, 0.0, 1.0)))

    def cuts(self) -> FloatArray:
        """Places in log odds from end to end of each arm's mass, shape (..., arm, cut)."""
        centre = special.psi(self.a) - special.psi(self.b)
        spread = np.sqrt(special.zeta(2.0, self.a) + special.zeta(2.0, self.b))
        low = np.where(self.a < LARGE_SHAPE, self._tail(self.a), centre - 9.5 * spread)
        high = np.where(self.b < LARGE_SHAPE, -self._tail(self.b), centre + 9.5 * spread)
        steps = centre[..., None] + spread[..., None] * _both_sides(EXPONENTIAL_CUTS)
        return np.clip(steps, low[..., None], high[..., None])

    def _tail(self, shape: FloatArray) -> FloatArray:
        # The distribution function rises no faster than x^a / (a B(a, b)).
        return np.asarray((LOG_TAIL + np.log(shape) + special.betaln(self.a, self.b)) / shape)

    def density(self, points: FloatArray) -> FloatArray:
        """Density of the log odds at `points[..., point]`, shape (..., point, arm)."""
        toward_one = np.logaddexp(0.0, -points)
        toward_zero = toward_one + points
        a, b = self.a[..., None, :], self.b[..., None, :]
        logarithm = -a * toward_one[..., None] - b * toward_zero[..., None] - special.betaln(a, b)
        return np.asarray(np.exp(logarithm))

    def below(self, points: FloatArray) -> FloatArray:
        """Probability of log odds below `points[..., point]`, shape (..., point, arm)."""
        return np.asarray(special.betainc(self.a[..., None, :], self.b[..., None, :], special.expit(points)[..., None]))


@dataclass(frozen=True, eq=False)
class MeanPosterior:
    """Means with shifted and scaled Student's t posteriors, arms along the last axis.

    mean, scale: in the metric's unit, scale above 0. df: degrees of freedom, infinite for a normal posterior (good
    enough for a winsorised mean of 200 customers or more, with its standard error as scale).
    """

    mean: FloatArray
    scale: FloatArray
    df: FloatArray | float = np.inf

    def __post_init__(self) -> None:
        mean, scale = validation.finite("mean", self.mean), validation.positive("scale", self.scale)
        df = validation.numbers("df", self.df)
        validation.refuse("df", df, ~(df > 0), "must be above 0")
        mean, scale, df = validation.broadcast(mean=mean, scale=scale, df=df)
        for name, value in {"mean": _with_arms("mean", mean), "scale": scale, "df": df}.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_moments(cls, arms: Totals, *, pseudo_customers: float = 2.0) -> Self:
        """Normal-inverse-gamma posterior of each arm's mean, arms along the last axis.

        The prior is worth `pseudo_customers` at the mean and variance of all arms together: an arm that happens to
        have sold nothing keeps a variance, and with it its chance. Where no arm varies at all, every arm gets the
        same posterior. Source: Murphy (2007), section 6.
        """
        weight = validation.positive("pseudo_customers", pseudo_customers)
        total = np.maximum(arms.n.sum(axis=-1, keepdims=True), 1.0)
        mean = np.where(arms.n > 0, arms.mean, 0.0)
        centre = (arms.n * mean).sum(axis=-1, keepdims=True) / total
        variance = (arms.m2 + arms.n * (mean - centre) ** 2).sum(axis=-1, keepdims=True) / total
        is_flat = variance == 0
        belief = NormalInverseGamma(centre, weight, weight / 2.0, weight / 2.0 * np.where(is_flat, 1.0, variance))
        after = belief.updated(arms)
        return cls(after.m, np.where(is_flat, 1.0, after.scale), np.where(is_flat, np.inf, after.df))

    def mirrored(self) -> "MeanPosterior":
        """The posterior of the means with the sign turned."""
        return MeanPosterior(-self.mean, self.scale, self.df)

    def value(self, points: FloatArray) -> FloatArray:
        """The mean itself: its line is its own scale."""
        return points

    def point(self, values: FloatArray) -> FloatArray:
        """The mean itself: its line is its own scale."""
        return values

    def cuts(self) -> FloatArray:
        """Places from end to end of each arm's mass, shape (..., arm, cut)."""
        far = -student.quantile(np.asarray(self.df)[..., None], special.ndtr(-GAUSSIAN_CUTS))
        far = np.concatenate([-far[..., :0:-1], far], axis=-1)
        return np.asarray(self.mean[..., None] + self.scale[..., None] * far)

    def density(self, points: FloatArray) -> FloatArray:
        """Density at `points[..., point]`, shape (..., point, arm)."""
        scale, df = self.scale[..., None, :], np.asarray(self.df)[..., None, :]
        squares = ((points[..., None] - self.mean[..., None, :]) / scale) ** 2
        if np.isinf(df).all():
            return np.asarray(np.exp(-squares / 2.0) / (scale * np.sqrt(2.0 * np.pi)))
        freedom = np.minimum(df, 1e12)
        peak = np.exp(-special.betaln(freedom / 2.0, 0.5)) / (scale * np.sqrt(freedom))
        return np.asarray(peak * np.exp(-(freedom + 1.0) / 2.0 * np.log1p(squares / freedom)))

    def below(self, points: FloatArray) -> FloatArray:
        """Probability of a mean below `points[..., point]`, shape (..., point, arm)."""
        distance = (points[..., None] - self.mean[..., None, :]) / self.scale[..., None, :]
        return np.asarray(special.stdtr(np.asarray(self.df)[..., None, :], distance))


def probability_best(posterior: Posterior, *, direction: str = Direction.UP) -> FloatArray:
    """Posterior probability that each arm is the best of them, shape (..., arm), summing to 1.

    `direction` says which way of the metric is good. Computed by quadrature, without draws: the same data give the
    same shares on every machine. Source: Thompson (1933); Scott (2010) for the batch.
    """
    is_up = Direction(direction) is Direction.UP
    return chance_of_being_highest(posterior if is_up else posterior.mirrored())


def _both_sides(scores: FloatArray) -> FloatArray:
    """Scores and their mirror images, increasing."""
    return np.concatenate([-scores[:0:-1], scores])


def _with_arms(name: str, values: FloatArray) -> FloatArray:
    if values.ndim == 0:
        raise ValueError(f"{name} needs an axis of arms, got one number")
    return values
