"""Differences after adaptive collection that may be looked at after every batch."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import student, validation
from experiments.stats.adaptive.aipw import control_first
from experiments.stats.adaptive.batches import BatchLog
from experiments.stats.confidence_sequence import confidence_sequence, sequence_critical_value
from experiments.stats.empirical_bernstein import empirical_bernstein_lower
from experiments.stats.estimate import Estimate, Method
from experiments.stats.sample_mean import welch_df
from experiments.stats.status import Standing, Status
from experiments.stats.validation import Alternative, BoolArray, FloatArray


def aipw_looks(log: BatchLog, *, control: int = 0, alpha: ArrayLike = 0.05) -> Estimate:
    """Each other arm minus `control` after every batch, shape (..., batch, arm - 1), with fixed-sample t intervals.

    All decisions count the same. Each interval is good for one look chosen beforehand; for all of them together
    see `aipw_sequence`. Edge: `empty_arm`, `not_identified` from the first batch on in which an arm had propensity 0,
    `zero_variance`.
    """
    level, (one, *others) = validation.significance(alpha), control_first(log.rewards.shape[-1], control)
    size, mean, spread, shared = _running_scores(log, one)
    variance = (spread[..., others] + spread[..., [one]] - 2.0 * shared[..., others]) / size**2
    own = log.running_variance_df()
    df = welch_df(spread[..., [one]], spread[..., others], own[..., [one]], own[..., others])
    difference, se = mean[..., others] - mean[..., [one]], np.sqrt(np.maximum(variance, 0.0))
    reach = student.critical_value(df, level, Alternative.TWO_SIDED) * se
    with np.errstate(divide="ignore", invalid="ignore"):
        p = student.p_value(difference / se, df, Alternative.TWO_SIDED)
    n = np.cumsum(log.rewards.n, axis=-2)
    return Estimate.judged(
        Standing(reach.shape, _hindrances(log, n, one, others)),
        estimate=difference,
        se=se,
        df=df,
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
    of `confidence_sequence` with the cumulated variance of the scores. Its normal quantile gives way to that of t: an
    arm starved after bad luck shows too small a variance as well, and normal limits were seen to miss 12.6% of the
    time on skewed revenue at a floor of 1%, these 3%.
    """
    looks = aipw_looks(log, control=control, alpha=alpha)
    # Time runs in decisions of the whole bandit, the sequence counts customers of the two arms.
    decisions = np.maximum(np.cumsum(log.decisions, axis=-1), 1.0)[..., None]
    of_two = np.maximum(looks.n_control + looks.n_treatment, 1.0)
    planned = validation.positive("planned_decisions", planned_decisions)
    found = confidence_sequence(
        replace(looks, se=_normal_error(looks)),
        planned_customers=planned * of_two / decisions,
        alpha=alpha,
        fewest_events=_fewest_events(log, control),
    )
    critical = sequence_critical_value(decisions / planned, alpha=alpha)
    reach = -student.quantile(looks.df, special.ndtr(-critical)) * looks.se
    known = ~np.isnan(found.low)
    low, high = (np.where(known, looks.estimate + side * reach, np.nan) for side in (-1.0, 1.0))
    return replace(found, se=looks.se, df=looks.df, low=low, high=high)


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


def _running_scores(log: BatchLog, one: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """After each batch: decisions, mean score of each arm, its centred squares, its cross products with arm `one`.

    Shapes (..., batch, arm), the first with one arm only.
    """
    size = log.decisions[..., None]
    sums, squares = log.residuals()
    count = np.maximum(np.cumsum(size, axis=-2), 1.0)
    mean = np.cumsum(size * log.plug_in + sums, axis=-2) / count
    # Squares are summed about the last mean: about 0 a large mean would eat their digits.
    offset, gap = log.plug_in - mean[..., -1:, :], mean - mean[..., -1:, :]
    cross = size * offset * offset[..., [one]] + offset * sums[..., [one]] + offset[..., [one]] * sums
    spread = np.cumsum(size * offset**2 + 2.0 * offset * sums + squares, axis=-2) - count * gap**2
    return count, mean, np.maximum(spread, 0.0), np.cumsum(cross, axis=-2) - count * gap * gap[..., [one]]


def _normal_error(looks: Estimate) -> FloatArray:
    """The standard error under which a normal would be as surprised by each estimate as Student's t is."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = -special.ndtri(special.stdtr(looks.df, -np.abs(looks.estimate / looks.se)))
        return np.where(np.isfinite(z) & (z > 0), np.abs(looks.estimate) / z, looks.se)


def _fewest_events(log: BatchLog, control: int) -> FloatArray | None:
    if log.events is None:
        return None
    one, *others = control_first(log.rewards.shape[-1], control)
    seen = np.cumsum(log.events, axis=-2)
    return np.minimum(seen[..., [one]], seen[..., others])


def _hindrances(log: BatchLog, n: FloatArray, one: int, others: list[int]) -> list[tuple[BoolArray, Status]]:
    missing = np.logical_or.accumulate((log.propensities == 0) & (log.decisions > 0)[..., None], axis=-2)
    m2 = log.running_totals.m2
    return [
        (np.minimum(n[..., [one]], n[..., others]) == 0, Status.EMPTY_ARM),
        (missing[..., [one]] | missing[..., others], Status.NOT_IDENTIFIED),
        (np.maximum(m2[..., [one]], m2[..., others]) == 0, Status.ZERO_VARIANCE),
    ]
