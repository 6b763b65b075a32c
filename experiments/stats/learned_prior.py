"""A prior learned from past experiments, with what is not known about it carried along."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.bisection import boundary
from experiments.stats.normal_mixture import NormalMixture
from experiments.stats.random_effects import Estimates
from experiments.stats.validation import FloatArray

# With fewer experiments than this the spread cannot be learned.
FEWEST_EXPERIMENTS = 8
# The prior then: lifts of more than 10% either way are rare.
DEFAULT_TAU = 0.05
GRID = 40
# The grid spans the values of tau whose likelihood is within this many logs of the best.
LOG_DROP = 8.0
SCAN = np.concatenate([[0.0], np.logspace(-4.0, 1.5, 200)])

DEFAULT_NOTE = "Fewer than 8 closed experiments: the prior is the weakly informative N(0, 0.05^2) on log lift."


@dataclass(frozen=True, eq=False)
class LearnedPrior:
    """True effects are N(mu, tau^2) with mu and tau uncertain; all arrays of shape (tau,).

    tau, weight:       values on a grid and their probabilities.
    mu, mu_se:         of mu for each tau.
    is_default:        too few experiments; `notes` say so.
    """

    tau: FloatArray
    weight: FloatArray
    mu: FloatArray
    mu_se: FloatArray
    is_default: bool = False
    notes: tuple[str, ...] = ()

    @property
    def effects(self) -> NormalMixture:
        """What is believed of the next experiment's true effect before its data."""
        return NormalMixture(self.weight, self.mu, np.hypot(self.tau, self.mu_se))

    def shrunk(self, estimates: ArrayLike, se: ArrayLike) -> NormalMixture:
        """The belief about each of the effects that the prior was learned from; shape of the estimates.

        They have had their say in mu and tau already, so the weights of the grid stay as they are. NaN stays NaN.
        """
        value, error, tau, weight = self._columns(estimates, se)
        trust = tau**2 / (tau**2 + error**2)
        mean = self.mu + trust * (value - self.mu)
        return NormalMixture(weight, mean, np.hypot(np.sqrt(trust) * error, (1.0 - trust) * self.mu_se))

    def posterior(self, estimates: ArrayLike, se: ArrayLike) -> NormalMixture:
        """The belief about the effect of a new experiment, one that the prior was not learned from."""
        value, error, tau, weight = self._columns(estimates, se)
        spread2 = tau**2 + self.mu_se**2
        total = spread2 + error**2
        log_height = -(np.log(total) + (value - self.mu) ** 2 / total) / 2.0
        weight = weight * np.exp(log_height - log_height.max(axis=-1, keepdims=True))
        trust = spread2 / total
        return NormalMixture(
            weight / weight.sum(axis=-1, keepdims=True),
            self.mu + trust * (value - self.mu),
            np.sqrt(trust) * error,
        )

    def draws(self, size: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """`size` joint draws of mu and tau, each of shape (size,)."""
        pick = rng.choice(self.tau.size, size=size, p=self.weight)
        return self.mu[pick] + self.mu_se[pick] * rng.standard_normal(size), self.tau[pick]

    def _columns(self, estimates: ArrayLike, se: ArrayLike) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        value, error = validation.numbers("estimates", estimates), validation.numbers("se", se)
        validation.refuse("se", error, error <= 0, "must be above 0")
        value, error = validation.broadcast(estimates=value, se=error)
        shape = (*value.shape, self.tau.size)
        return value[..., None], error[..., None], np.broadcast_to(self.tau, shape), np.broadcast_to(self.weight, shape)


def learned_prior(estimates: ArrayLike, se: ArrayLike) -> LearnedPrior:
    """The prior behind `estimates[experiment]` with standard errors `se`, on the log-lift scale.

    Every closed experiment of the metric belongs in, shipped or not, or the prior is biased. NaN is left out.
    Fewer than 8 experiments give N(0, 0.05^2) and a note.
    Source: normal-normal model; tau on a grid of 40 weighted by its likelihood with mu integrated out, flat in tau
    beforehand (Gelman 2006, section 5), and mu given tau flat. Under the profile likelihood, which takes mu at its
    best, spreads come out too small: flat in tau 90% intervals cover 87%, and flat in tau^2, which makes up for that,
    brings a quarter's total 5.5% too high.
    """
    error = validation.numbers("se", se)
    validation.refuse("se", error, error <= 0, "must be above 0")
    data = Estimates.checked(estimates, error**2)
    if data.value.ndim != 1:
        raise ValueError(f"estimates must be one row of experiments, got shape {data.value.shape}")
    if data.count < FEWEST_EXPERIMENTS:
        one = np.ones(1)
        return LearnedPrior(DEFAULT_TAU * one, one, 0.0 * one, 0.0 * one, is_default=True, notes=(DEFAULT_NOTE,))
    tau, step = _grid(data)
    height = marginal_log_likelihood(data, tau)
    weight = step * np.exp(height - height.max())
    return LearnedPrior(tau, weight / weight.sum(), data.mean(tau**2), 1.0 / np.sqrt(data.precision(tau**2)))


def marginal_log_likelihood(data: Estimates, tau: FloatArray) -> FloatArray:
    """Log likelihood of each tau with mu integrated out under a flat prior, up to a constant; shape of `tau`."""
    weight = data.weight(tau**2)
    fit = np.where(data.is_known, np.log(np.where(data.is_known, weight, 1.0)), 0.0).sum(axis=-1)
    return np.asarray((fit - np.log(data.precision(tau**2)) - data.q(tau**2)) / 2.0)


def _grid(data: Estimates) -> tuple[FloatArray, FloatArray]:
    """Evenly spaced tau over all that the data leave possible, with the weights of the trapezoid rule."""
    value = data.value[data.is_known]
    # Three times the span of the estimates: no spread of true effects could hide so much of itself.
    scan = SCAN * max(float(np.ptp(value)), float(np.sqrt(data.variance[data.is_known].max()))) / 10.0
    height = marginal_log_likelihood(data, scan)
    best, floor = scan[height.argmax()], height.max() - LOG_DROP
    ends = np.array([0.0, scan[-1]])
    low, high = boundary(lambda tau: marginal_log_likelihood(data, tau) >= floor, np.full(2, best), ends)
    tau = np.linspace(low, high, GRID)
    step = np.ones(GRID)
    step[[0, -1]] = 0.5
    return tau, step
