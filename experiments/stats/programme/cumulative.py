"""What a quarter's shipped experiments are worth together: four readings of one sum."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.estimate import Estimate
from experiments.stats.learned_prior import LearnedPrior, learned_prior
from experiments.stats.programme.winners_curse import winners_curse_terms
from experiments.stats.scale_mixture import fitted_student_prior
from experiments.stats.validation import BoolArray, FloatArray

DRAWS = 1000


@dataclass(frozen=True, eq=False)
class ClosedExperiments:
    """Every experiment of one metric with a closed readout in the quarter; all fields of shape (experiment,).

    estimates, se: log lift and its standard error. shipped: whether the treatment went live.
    reach:         share of the whole audience the change reached, 0 to 1.
    overlap:       factor in (0, 1] for experiments on one audience whose effects do not simply add; 1 where they ran
                   apart or no interaction was seen.
    Leave none out: a set of shipped experiments only teaches a prior that is too good, and all shrunk sums with it.
    """

    estimates: FloatArray
    se: FloatArray
    shipped: BoolArray
    reach: FloatArray | float = 1.0
    overlap: FloatArray | float = 1.0

    def __post_init__(self) -> None:
        estimates, se = validation.finite("estimates", self.estimates), validation.positive("se", self.se)
        reach, overlap = validation.finite("reach", self.reach), validation.finite("overlap", self.overlap)
        validation.refuse("reach", reach, (reach < 0) | (reach > 1), "must lie in [0, 1]")
        validation.refuse("overlap", overlap, (overlap <= 0) | (overlap > 1), "must lie in (0, 1]")
        shipped = np.asarray(self.shipped, dtype=np.float64)
        parts = {"estimates": estimates, "se": se, "shipped": shipped, "reach": reach, "overlap": overlap}
        for name, part in zip(parts, validation.broadcast(**parts), strict=True):
            object.__setattr__(self, name, np.atleast_1d(part))
        object.__setattr__(self, "shipped", self.shipped.astype(np.bool_))

    @property
    def weight(self) -> FloatArray:
        """How much of each effect the whole audience feels if it is shipped."""
        return np.asarray(np.asarray(self.reach) * np.asarray(self.overlap))

    @property
    def shipped_weight(self) -> FloatArray:
        """The weight, 0 for what was not shipped."""
        return np.where(self.shipped, self.weight, 0.0)


@dataclass(frozen=True)
class TotalEffect:
    """One reading of the quarter's total on the log-lift scale, with its interval at `level`."""

    estimate: float
    low: float
    high: float
    level: float
    notes: tuple[str, ...] = ()

    @classmethod
    def from_lift(cls, lift: Estimate) -> "TotalEffect":
        """One comparison that is a lift, brought to the log scale."""
        estimate, low, high = (float(np.log1p(value)) for value in (lift.estimate, lift.low, lift.high))
        return cls(estimate, low, high, level=float(lift.level), notes=tuple(lift.texts()))

    @property
    def lift(self) -> tuple[float, float, float]:
        """Estimate and limits as a lift of the whole audience's metric (0.05 is five percent)."""
        return float(np.expm1(self.estimate)), float(np.expm1(self.low)), float(np.expm1(self.high))


@dataclass(frozen=True)
class QuarterTotals:
    """The four rows a quarterly report shows side by side, and one with heavier tails; the holdout if there is one."""

    naive: TotalEffect
    bias_corrected: TotalEffect
    shrunk: TotalEffect
    heavy_tailed: TotalEffect
    holdout: TotalEffect | None = None
    holdout_power: float | None = None

    def headline(self, goal: float) -> TotalEffect:
        """The row to lead with: the holdout where its interval is narrower than the goal, otherwise the shrunk sum.

        `goal`: the lift the quarter was to bring, above 0; the interval is taken as a lift too.
        """
        validation.positive("goal", goal)
        if self.holdout is None:
            return self.shrunk
        _, low, high = self.holdout.lift
        return self.holdout if high - low < goal else self.shrunk


def quarter_totals(
    experiments: ClosedExperiments,
    *,
    rng: np.random.Generator,
    critical_z: ArrayLike = 1.96,
    alpha: float = 0.1,
    holdout: TotalEffect | None = None,
    holdout_power: float | None = None,
) -> QuarterTotals:
    """All readings of one quarter and metric; the same generator state gives the same limits.

    holdout: `TotalEffect.from_lift` of everybody else over the holdout. holdout_power: its chance to see the goal.
    """
    return QuarterTotals(
        naive=naive_total(experiments, alpha=alpha),
        bias_corrected=bias_corrected_total(experiments, critical_z=critical_z, alpha=alpha, rng=rng),
        shrunk=shrunk_total(experiments, alpha=alpha, rng=rng),
        heavy_tailed=heavy_tailed_total(experiments, alpha=alpha, rng=rng),
        holdout=holdout,
        holdout_power=holdout_power,
    )


def naive_total(experiments: ClosedExperiments, *, alpha: float = 0.1) -> TotalEffect:
    """The sum of shipped estimates as they stand: too high, for it is a sum of winners."""
    level, weight = float(validation.significance(alpha)), experiments.shipped_weight
    total = float((weight * experiments.estimates).sum())
    reach = float(-special.ndtri(level / 2.0) * np.sqrt((weight**2 * experiments.se**2).sum()))
    return TotalEffect(total, total - reach, total + reach, 1.0 - level)


def bias_corrected_total(
    experiments: ClosedExperiments,
    *,
    rng: np.random.Generator,
    critical_z: ArrayLike = 1.96,
    alpha: float = 0.1,
    draws: int = DRAWS,
) -> TotalEffect:
    """The naive sum less its estimated bias, with limits from redrawing every experiment about its estimate.

    Source: Lee & Shen (2018), section 3; parametric bootstrap of the corrected sum about the sum of what it ships.
    """
    level, weight, value, se = (
        float(validation.significance(alpha)),
        experiments.weight,
        experiments.estimates,
        experiments.se,
    )
    bias = (weight * winners_curse_terms(value, se, critical_z=critical_z)).sum()
    total = float((experiments.shipped_weight * value).sum() - bias)
    again = value + se * rng.standard_normal((draws, value.size))
    picked = weight * (again / se > validation.finite("critical_z", critical_z))
    wrong = (picked * (again - value)).sum(axis=-1)
    wrong -= (weight * winners_curse_terms(again, se, critical_z=critical_z)).sum(axis=-1)
    low, high = np.quantile(wrong, [level / 2.0, 1.0 - level / 2.0])
    return TotalEffect(total, total - float(high), total - float(low), 1.0 - level)


def shrunk_total(
    experiments: ClosedExperiments,
    *,
    rng: np.random.Generator,
    prior: LearnedPrior | None = None,
    alpha: float = 0.1,
    draws: int = DRAWS,
) -> TotalEffect:
    """The sum of what is believed of each shipped effect after shrinkage: the honest one, and the default.

    prior: learned from these experiments unless given. The estimate is exact, the limits come from joint draws of the
    prior's mean and spread and of all effects under them, so that effects share what is unknown about the prior.
    Source: Dawid (1994) on why posterior means need no correction for selection; Efron (2011) on the limits of that.
    """
    level, weight = float(validation.significance(alpha)), experiments.shipped_weight
    believed = learned_prior(experiments.estimates, experiments.se) if prior is None else prior
    mean = believed.shrunk(experiments.estimates, experiments.se).mean
    mu, tau = (part[:, None] for part in believed.draws(draws, rng))
    trust = tau**2 / (tau**2 + experiments.se**2)
    noise = rng.standard_normal((draws, experiments.se.size))
    effects = mu + trust * (experiments.estimates - mu) + np.sqrt(trust) * experiments.se * noise
    return _drawn(float((weight * mean).sum()), effects @ weight, level, believed.notes)


def heavy_tailed_total(
    experiments: ClosedExperiments, *, rng: np.random.Generator, alpha: float = 0.1, draws: int = DRAWS
) -> TotalEffect:
    """The shrunk sum under a Student t prior with 3 degrees of freedom: rare large effects are believed more readily.

    The prior is fitted and taken as known, so the limits are somewhat too narrow. Source: Azevedo et al. (2020).
    """
    level, weight = float(validation.significance(alpha)), experiments.shipped_weight
    belief = fitted_student_prior(experiments.estimates, experiments.se).posterior(
        experiments.estimates, experiments.se
    )
    return _drawn(float((weight * belief.mean).sum()), belief.draws(draws, rng) @ weight, level, ())


def _drawn(estimate: float, totals: FloatArray, alpha: float, notes: tuple[str, ...]) -> TotalEffect:
    low, high = np.quantile(totals, [alpha / 2.0, 1.0 - alpha / 2.0])
    return TotalEffect(estimate, float(low), float(high), 1.0 - alpha, notes)
