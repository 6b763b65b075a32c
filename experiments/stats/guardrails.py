"""Guardrails: has the treatment been shown not to harm by more than a stated margin?

Finding no harm is not enough, for a small experiment never finds any. The burden is the other way round: the whole
one-sided interval must lie on the good side of the margin. Every guardrail must pass, so none is adjusted for the
others (Berger 1982).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import student, validation
from experiments.stats.counts import Counts
from experiments.stats.estimate import Estimate
from experiments.stats.proportions import INFINITE, miettinen_nurminen
from experiments.stats.rate_ratio import koopman_lift
from experiments.stats.score import difference_score, ratio_score
from experiments.stats.validation import Alternative, BoolArray, FloatArray, ObjectArray
from experiments.stats.verdict import Direction

# Below this chance to clear a harmless treatment a guardrail counts as not tested.
LEAST_POWER = 0.5


@dataclass(frozen=True, eq=False, kw_only=True)
class NonInferiority:
    """The test of one guardrail against its margin; all arrays have one shape.

    bound:     the margin as an effect: `-margin` where up is good, `+margin` where down is.
    limit:     the one-sided limit on the bad side, on the same scale: what harm cannot be ruled out.
    statistic: distance of the estimate from the bound towards the good side, in standard errors.
    p:         p-value of harm as large as the margin.
    passed:    the limit lies on the good side of the bound. False where nothing can be said.
    power:     the chance to pass at this precision if the treatment does nothing.
    """

    bound: FloatArray
    limit: FloatArray
    statistic: FloatArray
    df: FloatArray
    p: FloatArray
    passed: BoolArray
    power: FloatArray
    status: ObjectArray

    @property
    def is_tested(self) -> BoolArray:
        """Whether a harmless treatment had at least an even chance to pass."""
        return np.asarray(self.power >= LEAST_POWER)


def non_inferiority(
    effect: Estimate,
    *,
    margin: ArrayLike,
    is_relative: bool = False,
    direction: str = Direction.UP,
    alpha: ArrayLike = 0.05,
) -> NonInferiority:
    """A guardrail from any comparison with a standard error: Welch, adjusted, ratio, clusters, after a bandit.

    effect:      the difference, or with `is_relative` the lift; its own level and side do not matter.
    margin:      the harm still bearable, above 0: in the metric's unit, or a share of the control mean.
    is_relative: the margin is judged on the log scale, `log(1 - margin)` or `log(1 + margin)`.
    direction:   the good one. alpha: one-sided.
    Edge:   cells without an interval, and a lift of -1 or less, give NaN and do not pass.
    Errors: `ValueError` for a margin of 0 or less, or one of 1 or more that is relative where up is good.
    """
    level, size, side = validation.significance(alpha), _margin(margin, direction, is_relative), _side(direction)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.log1p(np.where(effect.estimate > -1, effect.estimate, np.nan)) if is_relative else effect.estimate
        se = effect.se / (1.0 + effect.estimate) if is_relative else effect.se
        bound = np.log1p(-side * size) if is_relative else -side * size
        statistic = side * (value - bound) / se
        reach = student.critical_value(effect.df, level, Alternative.GREATER)
        limit = value - side * reach * se
        power = student.p_value(np.abs(bound) / se - reach, effect.df, Alternative.LESS)
    p = student.p_value(statistic, effect.df, Alternative.GREATER)
    return _judged(effect, size, side, np.expm1(limit) if is_relative else limit, statistic, p, level, power)


def rate_non_inferiority(
    control: Counts,
    treatment: Counts,
    *,
    margin: ArrayLike,
    is_relative: bool = False,
    direction: str = Direction.UP,
    alpha: ArrayLike = 0.05,
) -> NonInferiority:
    """A guardrail on a rate (unsubscribes, bounces) by score tests at the margin, sound with few events.

    Arguments, edges and errors as for `non_inferiority`; an absolute margin is a share (0.01 is one point), below 1.
    Source: Miettinen & Nurminen (1985); Koopman (1984) for relative margins.
    """
    level, size, side = validation.significance(alpha), _margin(margin, direction, is_relative), _side(direction)
    alternative = Alternative.GREATER if side > 0 else Alternative.LESS
    if is_relative:
        effect = koopman_lift(control, treatment, alpha=level, alternative=alternative)
        statistic = side * ratio_score(control, treatment, 1.0 - side * size)
    else:
        validation.refuse("margin", size, size >= 1, "must be below 1 for a rate")
        effect = miettinen_nurminen(control, treatment, alpha=level, alternative=alternative)
        statistic = side * difference_score(control, treatment, -side * size)
    p = student.p_value(statistic, INFINITE, Alternative.GREATER)
    harm = control.rate * size if is_relative else size
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (control.successes + treatment.successes) / (control.n + treatment.n)
        se = np.sqrt(pooled * (1.0 - pooled) * (1.0 / control.n + 1.0 / treatment.n))
        power = special.ndtr(harm / se + special.ndtri(level))
    return _judged(effect, size, side, effect.low if side > 0 else effect.high, statistic, p, level, power)


def _judged(
    effect: Estimate,
    margin: FloatArray,
    side: float,
    limit: FloatArray,
    statistic: FloatArray,
    p: FloatArray,
    alpha: FloatArray,
    power: FloatArray,
) -> NonInferiority:
    is_known = ~np.isnan(effect.p) & ~np.isnan(limit)
    numbers = {"limit": limit, "statistic": statistic, "df": effect.df, "p": p, "power": power}
    hidden = {name: np.where(is_known, value, np.nan) for name, value in numbers.items()}
    passed = is_known & (side * (limit + side * margin) > 0) & (p < alpha)
    shape = passed.shape
    status = np.broadcast_to(effect.status, shape)
    return NonInferiority(bound=np.broadcast_to(-side * margin, shape), passed=passed, status=status, **hidden)


def _margin(margin: ArrayLike, direction: str, is_relative: bool) -> FloatArray:
    size = validation.positive("margin", margin)
    if is_relative and Direction(direction) is Direction.UP:
        validation.refuse("margin", size, size >= 1, "must be below 1, the loss of everything")
    return size


def _side(direction: str) -> float:
    return 1.0 if Direction(direction) is Direction.UP else -1.0
