"""Differences after adaptive collection by one ordinary regression per batch: the second opinion of a bandit readout.

Within a batch the shares are fixed, so its t statistic is honest; the sum of all, each worth the same whatever the
bandit did, is too. Drift of the common level cancels within each batch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import student, validation
from experiments.stats.adaptive.aipw import control_first
from experiments.stats.adaptive.batches import FEWEST_EVENTS, BatchLog
from experiments.stats.estimate import Estimate, Method
from experiments.stats.status import Standing, Status
from experiments.stats.validation import Alternative, BoolArray, FloatArray, IntArray

# A gap of so many standard errors between the two methods says that the world moved under the bandit.
DRIFT_STANDARD_ERRORS = 3.0


@dataclass(frozen=True, eq=False)
class BatchContrasts:
    """Each other arm minus the control in each merged batch, shape (..., arm - 1, batch); unused batches hold NaN."""

    difference: FloatArray
    se: FloatArray

    def statistics(self, null_difference: ArrayLike = 0.0) -> FloatArray:
        """Distance from `null_difference` in standard errors, batch by batch."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((self.difference - np.asarray(null_difference)[..., None]) / self.se)

    def combined(self, null_difference: ArrayLike = 0.0) -> FloatArray:
        """Sum of the batch statistics over the root of their number: standard normal if the null holds."""
        each = self.statistics(null_difference)
        return np.asarray(np.nansum(each, axis=-1) / np.sqrt(np.maximum((~np.isnan(each)).sum(axis=-1), 1)))


def batch_contrasts(log: BatchLog, *, control: int = 0, fewest_events: float = FEWEST_EVENTS) -> BatchContrasts:
    """Contrasts of consecutive batches, merged until each of the two arms has `fewest_events`.

    Events are those of the log, customers where it has none. Each batch's standard error is that of its regression:
    one variance for both arms, n - 2 degrees of freedom. With a variance for each arm the statistic of a starved arm
    follows its luck, and intervals that should hold 95% were seen to hold 72% (zero-inflated revenue).
    """
    one, *others = control_first(log.rewards.shape[-1], control)
    pair = [_ArmSums.of(log, arms) for arms in ([one], others)]
    group = _groups(pair[0], pair[1], fewest_events)
    first, second = (part.grouped(group) for part in pair)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = (first.m2 + second.m2) / (first.n + second.n - 2.0)
        se = np.sqrt(variance * (1.0 / first.n + 1.0 / second.n))
    is_used = (np.minimum(first.n, second.n) > 0) & (se > 0)
    return BatchContrasts(np.where(is_used, second.mean - first.mean, np.nan), np.where(is_used, se, np.nan))


def batched_ols(
    log: BatchLog,
    *,
    control: int = 0,
    alpha: ArrayLike = 0.05,
    fewest_events: float = FEWEST_EVENTS,
) -> Estimate:
    """Each other arm minus `control` in the metric's unit, shape (..., arm - 1), by the batch statistics combined.

    The interval holds every difference that the combined statistic does not reject; the estimate is where it is 0,
    the mean of the batches' differences weighted by one over their standard errors. `batch_contrasts` tells how
    batches are merged.
    Edge: `empty_arm`, `too_few` (one customer), `zero_variance`; `approximation_weak` where all batches together have
    too few events. An arm left out of a batch costs that batch only: it joins the next.
    Source: Zhang, Janson & Murphy (2020), eq. 6.
    """
    level = validation.significance(alpha)
    each = batch_contrasts(log, control=control, fewest_events=fewest_events)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.nansum(1.0 / each.se, axis=-1)
        estimate = np.nansum(each.difference / each.se, axis=-1) / precision
        se = np.sqrt((~np.isnan(each.se)).sum(axis=-1)) / precision
    reach = student.critical_value(np.asarray(np.inf), level, Alternative.TWO_SIDED) * se
    one, *others = control_first(log.rewards.shape[-1], control)
    n = log.totals.n
    return Estimate.judged(
        Standing(np.broadcast_shapes(reach.shape, estimate.shape), _hindrances(log, [one], others, fewest_events)),
        estimate=estimate,
        se=se,
        df=np.inf,
        low=estimate - reach,
        high=estimate + reach,
        p=2.0 * special.ndtr(-np.abs(each.combined())),
        method=Method.BATCHED_OLS,
        alpha=level,
        n_control=n[..., [one]],
        n_treatment=n[..., others],
    )


def drift_alarm(aipw: Estimate, ols: Estimate) -> BoolArray:
    """Where the two estimates of one contrast differ by more than 3 of the larger standard error; False where NaN."""
    gap = np.abs(aipw.estimate - ols.estimate)
    return np.asarray(gap > DRIFT_STANDARD_ERRORS * np.fmax(aipw.se, ols.se))


@dataclass(frozen=True, eq=False)
class _ArmSums:
    """Moments and events of some arms, shape (..., arm, batch)."""

    n: FloatArray
    mean: FloatArray
    m2: FloatArray
    events: FloatArray

    @classmethod
    def of(cls, log: BatchLog, arms: list[int]) -> "_ArmSums":
        events = log.rewards.n if log.events is None else log.events
        parts = log.rewards.n, np.nan_to_num(log.rewards.mean), log.rewards.m2, events
        return cls(*(np.swapaxes(part[..., arms], -1, -2) for part in parts))

    def grouped(self, group: IntArray) -> "_ArmSums":
        """Batches with the same label merged; label g sits at place g, places without batches are empty."""
        n, mean, m2, events = np.broadcast_arrays(self.n, self.mean, self.m2, self.events, group)[:4]
        size = _summed(n, group)
        with np.errstate(divide="ignore", invalid="ignore"):
            centre = _summed(n * mean, group) / size
        gap = mean - np.take_along_axis(centre, group, axis=-1)
        return _ArmSums(size, centre, _summed(m2 + np.where(n > 0, n * gap**2, 0.0), group), _summed(events, group))


def _groups(one: _ArmSums, two: _ArmSums, fewest_events: float) -> IntArray:
    """Label of each batch (..., arm, batch): batches are taken together until both arms are there and one varies."""
    pairs = ((getattr(one, name), getattr(two, name)) for name in ("n", "events", "m2"))
    n, events, m2 = (np.stack(np.broadcast_arrays(*pair)) for pair in pairs)
    labels = np.zeros(n.shape[1:], dtype=np.intp)
    label, sums = labels[..., 0].copy(), np.zeros((3, *n.shape[:-1]))
    for batch in range(n.shape[-1]):
        labels[..., batch] = label
        sums = sums + np.stack([part[..., batch] for part in (n, events, m2)])
        is_met = ((sums[0] > 0) & (sums[1] >= fewest_events)).all(axis=0)
        is_full = is_met & (sums[2] > 0).any(axis=0)
        label, sums = label + is_full, np.where(is_full, 0.0, sums)
    # What is left at the end joins the last full group.
    return np.asarray(np.minimum(labels, np.maximum(label - 1, 0)[..., None]))


def _summed(values: FloatArray, group: IntArray) -> FloatArray:
    """Sums over the last axis by label, same shape."""
    width = group.shape[-1]
    rows = np.arange(group.size // width).reshape(*group.shape[:-1], 1) * width
    totals = np.bincount((rows + group).reshape(-1), weights=values.reshape(-1), minlength=group.size)
    return np.asarray(totals.reshape(group.shape), dtype=np.float64)


def _hindrances(
    log: BatchLog, one: list[int], others: list[int], fewest_events: float
) -> list[tuple[BoolArray, Status]]:
    totals = log.totals
    fewest = np.minimum(totals.n[..., one], totals.n[..., others])
    events = totals.n if log.events is None else log.events.sum(axis=-2)
    return [
        (fewest == 0, Status.EMPTY_ARM),
        (fewest < 2, Status.TOO_FEW),
        (log.is_flat[..., one] & log.is_flat[..., others], Status.ZERO_VARIANCE),
        (np.minimum(events[..., one], events[..., others]) < fewest_events, Status.APPROXIMATION_WEAK),
    ]
