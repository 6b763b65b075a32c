"""Differences after adaptive collection that may be looked at after every batch."""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import student, validation
from experiments.stats.adaptive.aipw import control_first
from experiments.stats.adaptive.batches import BatchLog
from experiments.stats.confidence_sequence import confidence_sequence
from experiments.stats.empirical_bernstein import empirical_bernstein_lower
from experiments.stats.estimate import Estimate, Method
from experiments.stats.status import Standing, Status
from experiments.stats.validation import Alternative, FloatArray

NORMAL = np.asarray(np.inf)


def aipw_looks(log: BatchLog, *, control: int = 0, alpha: ArrayLike = 0.05) -> Estimate:
    """Each other arm minus `control` after every batch, shape (..., batch, arm - 1), with fixed-sample intervals.

    All decisions count the same. Each interval is good for one look chosen beforehand; for all of them together
    see `aipw_sequence`. Edge: `empty_arm`, `not_identified` from the first batch on in which an arm had propensity 0,
    `zero_variance`.
    """
    one, *others = control_first(log.rewards.shape[-1], control)
    size, difference, spread = _running(log, [one], others)
    se = np.sqrt(spread) / size
    level = validation.significance(alpha)
    reach = student.critical_value(NORMAL, level, Alternative.TWO_SIDED) * se
    n = np.cumsum(log.rewards.n, axis=-2)
    missing = np.logical_or.accumulate((log.propensities == 0) & (log.decisions > 0)[..., None], axis=-2)
    hindrances = [
        (np.minimum(n[..., [one]], n[..., others]) == 0, Status.EMPTY_ARM),
        (missing[..., [one]] | missing[..., others], Status.NOT_IDENTIFIED),
        (spread == 0, Status.ZERO_VARIANCE),
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        p = student.p_value(difference / se, NORMAL, Alternative.TWO_SIDED)
    return Estimate.judged(
        Standing(reach.shape, hindrances),
        estimate=difference,
        se=se,
        df=np.inf,
        low=difference - reach,
        high=difference + reach,
        p=p,
        method=Method.AIPW,
        alpha=level,
        n_control=n[..., [one]],
        n_treatment=n[..., others],
    )


def aipw_sequence(
    log: BatchLog, *, planned_decisions: ArrayLike, control: int = 0, alpha: ArrayLike = 0.05
) -> Estimate:
    """Each other arm minus `control` after every batch, with limits and e-values that hold at all looks together.

    Shape: (..., batch, arm - 1). `planned_decisions`: customers of all arms at the planned end, where the sequence is
    narrowest. Edge: as `aipw_looks`, and `too_few` before 100 customers in either arm, or 30 events where the log has
    events. Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2021) for scores of varying variance: the boundary
    of `confidence_sequence` with the cumulated variance of the scores.
    """
    looks = aipw_looks(log, control=control, alpha=alpha)
    one, *others = control_first(log.rewards.shape[-1], control)
    # Time runs in decisions of the whole bandit, the sequence counts customers of the two arms.
    decisions = np.maximum(np.cumsum(log.decisions, axis=-1), 1.0)[..., None]
    of_two = np.maximum(looks.n_control + looks.n_treatment, 1.0)
    events = None
    if log.events is not None:
        seen = np.cumsum(log.events, axis=-2)
        events = np.minimum(seen[..., [one]], seen[..., others])
    planned = validation.positive("planned_decisions", planned_decisions) * of_two / decisions
    return confidence_sequence(looks, planned_customers=planned, alpha=alpha, fewest_events=events)


def off_policy_lower(
    weight: ArrayLike,
    reward: ArrayLike,
    *,
    smallest_propensity: float,
    alpha: ArrayLike = 0.05,
    truncation: float = 0.5,
) -> FloatArray:
    """Lower limits of a policy's value after each of `weight[..., customer]`, `reward[..., customer]`, all together.

    weight: target over logged propensity of the arm played. reward: in [0, 1], in the order it came.
    smallest_propensity: what no logged propensity falls below, fixed beforehand: it brings weight x reward to [0, 1].
    No limit theorem is used. Without a floor the limit stays near 0 for long.
    Source: Karampatziakis, Mineiro & Ramdas (2021); Waudby-Smith, Wu, Ramdas, Karampatziakis & Mineiro (2022).
    """
    smallest = float(validation.positive("smallest_propensity", smallest_propensity))
    w, y = validation.broadcast(weight=validation.finite("weight", weight), reward=validation.finite("reward", reward))
    validation.refuse("reward", y, (y < 0) | (y > 1), "must lie in [0, 1]")
    validation.refuse("weight", w, (w < 0) | (w * smallest > 1 + 1e-9), "needs a propensity below the smallest one")
    scaled = np.minimum(smallest * w * y, 1.0)
    return empirical_bernstein_lower(scaled, alpha=alpha, truncation=truncation) / smallest


def _running(log: BatchLog, one: list[int], others: list[int]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """After each batch: decisions (..., batch, 1), mean difference of scores, and their centred sum of squares."""
    size = log.decisions[..., None]
    sums, squares = log.residuals()
    offset = log.plug_in[..., others] - log.plug_in[..., one]
    rest = sums[..., others] - sums[..., one]
    total = size * offset + rest
    count = np.maximum(np.cumsum(size, axis=-2), 1.0)
    # Squares are summed about the last mean: about 0 a large mean would eat their digits.
    pivot = total.sum(axis=-2, keepdims=True) / count[..., -1:, :]
    gap = offset - pivot
    about_pivot = np.cumsum(size * gap**2 + 2.0 * gap * rest + squares[..., others] + squares[..., one], axis=-2)
    difference = np.cumsum(total, axis=-2) / count
    return count, difference, np.maximum(about_pivot - count * (difference - pivot) ** 2, 0.0)
