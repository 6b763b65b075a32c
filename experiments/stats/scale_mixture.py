"""Priors with heavy tails: most experiments do little, a few do a lot.

Both kinds, Student t and two normals, are normals about one centre with different variances, so the belief after an
estimate is a mixture of normals with closed answers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from experiments.stats import validation
from experiments.stats.learned_prior import DEFAULT_TAU, FEWEST_EXPERIMENTS
from experiments.stats.normal_mixture import NormalMixture
from experiments.stats.random_effects import Estimates, random_effects
from experiments.stats.validation import FloatArray

# Nodes over the log of the precision, where the trapezoid rule converges geometrically.
T_NODES = 256
# Precisions that are exp(40) times less likely than the best are left out, low ones only much later: an estimate
# far out in the tail makes them likely again.
TAIL_LOG = 40.0
LOWEST_LOG_PRECISION = 60.0
EM_STEPS = 5000
EM_TOLERANCE = 1e-9
# Narrower than this share of the mean sampling variance, a component would hold EM forever.
NARROWEST = 1e-8


@dataclass(frozen=True, eq=False)
class ScaleMixture:
    """True effects are normal about `location` with one of `variance`, with probability `weight`; both (component,)."""

    location: float
    weight: FloatArray
    variance: FloatArray

    def posterior(self, estimates: ArrayLike, se: ArrayLike) -> NormalMixture:
        """The belief about each effect after an estimate of it with a known standard error; NaN stays NaN."""
        value, error = _checked(estimates, se)
        weight = np.exp(self._log_parts(value, error))
        total = weight.sum(axis=-1, keepdims=True)
        trust = self.variance / (self.variance + error[..., None] ** 2)
        mean = self.location + trust * (value[..., None] - self.location)
        return NormalMixture(weight / total, mean, np.sqrt(trust) * error[..., None])

    def log_likelihood(self, estimates: ArrayLike, se: ArrayLike) -> FloatArray:
        """Log density of each estimate before it was seen: compares priors with each other. Shape of the estimates."""
        parts = self._log_parts(*_checked(estimates, se))
        return np.asarray(np.logaddexp.reduce(parts, axis=-1))

    def _log_parts(self, value: FloatArray, error: FloatArray) -> FloatArray:
        total = self.variance + error[..., None] ** 2
        distance = (value[..., None] - self.location) ** 2 / total
        with np.errstate(divide="ignore"):
            return np.log(self.weight) - (np.log(2.0 * np.pi * total) + distance) / 2.0


def student_prior(df: float, location: float, scale: float) -> ScaleMixture:
    """A Student t prior for effects, as a mixture of 256 normals. All three in the unit of the effect but `df`.

    Source: a t is a normal whose precision is gamma(df/2, df/2) / scale^2; trapezoid rule over its logarithm.
    """
    shape = float(validation.positive("df", df)) / 2.0
    unit = float(validation.positive("scale", scale)) ** 2
    ease = np.sqrt(2.0 * TAIL_LOG / shape)
    lowest = -min(3.0 * TAIL_LOG / shape, LOWEST_LOG_PRECISION) - ease
    log_precision = np.linspace(lowest, np.log1p(TAIL_LOG / shape + ease), T_NODES)
    log_density = shape * (log_precision - np.exp(log_precision))
    weight = np.exp(log_density - log_density.max())
    return ScaleMixture(float(location), weight / weight.sum(), unit * np.exp(-log_precision))


def fitted_student_prior(estimates: ArrayLike, se: ArrayLike, *, df: float = 3.0) -> ScaleMixture:
    """The Student t prior under which `estimates[experiment]` with errors `se` are most likely; NaN is left out.

    Fewer than 8 experiments give a t about 0 with scale 0.05 (log lift).
    Source: maximum likelihood over location and scale.
    """
    data = _experiments(estimates, se)
    if data.count < FEWEST_EXPERIMENTS:
        return student_prior(df, 0.0, DEFAULT_TAU)
    location, tau2 = _start(data)
    unit, error = student_prior(df, 0.0, 1.0), np.sqrt(data.variance)
    noise = float(np.sqrt(data.variance.mean()))

    def prior(parameters: FloatArray) -> ScaleMixture:
        return ScaleMixture(parameters[0] * noise, unit.weight, np.exp(2.0 * parameters[1]) * noise**2 * unit.variance)

    def depth(parameters: FloatArray) -> float:
        return -float(prior(parameters).log_likelihood(data.value, error).sum())

    start = np.array([location / noise, np.log(tau2) / 2.0 - np.log(noise)])
    narrowest = float(np.log(NARROWEST)) / 2.0
    found = minimize(depth, start, method="Nelder-Mead", bounds=[(None, None), (narrowest, None)], tol=1e-6)
    return prior(found.x)


def fitted_two_normals(estimates: ArrayLike, se: ArrayLike) -> ScaleMixture:
    """The two-normal prior under which `estimates[experiment]` with errors `se` are most likely; NaN is left out.

    Fewer than 8 experiments give N(0, 0.05^2) (log lift).
    Source: expectation maximisation; Azevedo et al. (2020) on why tails are heavy, Deng (2015) on learned priors.
    """
    data = _experiments(estimates, se)
    if data.count < FEWEST_EXPERIMENTS:
        return ScaleMixture(0.0, np.ones(1), np.full(1, DEFAULT_TAU**2))
    location, tau2 = _start(data)
    weight, tau2s = np.array([0.8, 0.2]), tau2 * np.array([0.25, 4.0])
    for _ in range(EM_STEPS):
        previous = tau2s
        share, mean, variance = _expected(data, ScaleMixture(location, weight, tau2s))
        location = float((share * mean / tau2s).sum() / (share / tau2s).sum())
        held = share.sum(axis=0)
        weight = held / held.sum()
        tau2s = (share * (variance + (mean - location) ** 2)).sum(axis=0) / np.maximum(held, 1e-300)
        tau2s = np.maximum(tau2s, _narrowest(data))
        if (np.abs(tau2s - previous) <= EM_TOLERANCE * previous).all():
            break
    return ScaleMixture(location, weight, tau2s)


def _expected(data: Estimates, prior: ScaleMixture) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Share, mean and variance of each experiment's effect in each component, all (experiment, component)."""
    belief = prior.posterior(data.value, np.sqrt(data.variance))
    return belief.weight, belief.mean_of, belief.sd_of**2


def _start(data: Estimates) -> tuple[float, float]:
    fitted = random_effects(data.value, data.variance)
    return float(fitted.mean), max(float(fitted.tau2), 0.01 * float(data.variance.mean()))


def _narrowest(data: Estimates) -> float:
    return NARROWEST * float(data.variance.mean())


def _experiments(estimates: ArrayLike, se: ArrayLike) -> Estimates:
    """The experiments that have an estimate, one row of them."""
    value, error = _checked(estimates, se)
    if value.ndim != 1:
        raise ValueError(f"estimates must be one row of experiments, got shape {value.shape}")
    is_known = np.isfinite(value) & np.isfinite(error)
    return Estimates.checked(value[is_known], error[is_known] ** 2)


def _checked(estimates: ArrayLike, se: ArrayLike) -> tuple[FloatArray, FloatArray]:
    value, error = validation.numbers("estimates", estimates), validation.numbers("se", se)
    validation.refuse("se", error, error <= 0, "must be above 0")
    value, error = validation.broadcast(estimates=value, se=error)
    return value, error
