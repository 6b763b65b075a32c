"""Estimate, interval and p-value once a group-sequential experiment has stopped.

An effect that stopped early is too large on average: it stopped because it was. Ordering all possible endings by
look and side, earliest upper stop first and earliest lower stop last, gives a p-value that is uniform without effect
and, turned round, an estimate that is too high as often as too low.
Source: Tsiatis, Rosner & Mehta (1984); Jennison & Turnbull (2000), chapter 8.
"""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.bisection import boundary
from experiments.stats.estimate import Estimate, Method
from experiments.stats.group_sequential import GroupSequential
from experiments.stats.validation import FloatArray

# The search for a drift runs so many standard errors to either side of the observed one.
SEARCH = 12.0


def after_stopping(effect: Estimate, schedule: GroupSequential, *, alpha: ArrayLike = 0.05) -> Estimate:
    """The comparison made at the last look of `schedule`, corrected for having stopped there.

    effect:   the comparison as it stood at that look (any method with a standard error), any shape.
    schedule: `group_sequential` of all looks up to the one that stopped, or to the final one.
    Gives the median-unbiased estimate, the interval and the two-sided p of the stagewise ordering. With one look
    they are the plain normal ones. Cells without a standard error stay as they are, with NaN limits.
    """
    level = validation.significance(alpha)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = effect.estimate / effect.se
    unit = effect.se * np.sqrt(schedule.information[-1])
    size = np.broadcast_shapes(z.shape, level.shape)
    limits = {
        "estimate": _drift_at(0.5, z, schedule),
        "low": _drift_at(np.broadcast_to(level / 2.0, size), z, schedule),
        "high": _drift_at(np.broadcast_to(1.0 - level / 2.0, size), z, schedule),
    }
    above = _at_least(z, np.zeros(z.shape), schedule)
    below = _at_least(-z, np.zeros(z.shape), schedule)
    return effect.under(
        Method.GROUP_SEQUENTIAL,
        alpha=level,
        **{name: np.where(np.isnan(unit), getattr(effect, name), drift * unit) for name, drift in limits.items()},
        p=np.minimum(2.0 * np.minimum(above, below), 1.0),
        df=np.where(np.isnan(unit), effect.df, np.inf),
    )


def _at_least(z: FloatArray, drift: FloatArray, schedule: GroupSequential) -> FloatArray:
    """Probability of an ending at least as high as stopping at the last look with `z`."""
    mirrored = z < 0
    # An ending on the lower side is at least as high as everything but the still lower ones.
    tail = _earlier_or_beyond(np.abs(z), np.where(mirrored, -drift, drift), schedule)
    return np.where(mirrored, 1.0 - tail, tail)


def _earlier_or_beyond(z: FloatArray, drift: FloatArray, schedule: GroupSequential) -> FloatArray:
    """Probability to stop above at an earlier look, or to come to the last one and lie above `z` there."""
    root = np.sqrt(schedule.information)
    earlier = zip(schedule.paths[:-1], schedule.bounds[:-1] * root[:-1], schedule.information[:-1], strict=True)
    stopped = sum((path.above(score, float(time), drift) for path, score, time in earlier), np.zeros(drift.shape))
    return stopped + schedule.paths[-1].above(z * root[-1], float(schedule.information[-1]), drift)


def _drift_at(probability: ArrayLike, z: FloatArray, schedule: GroupSequential) -> FloatArray:
    """The drift under which an ending at least as high as the one seen has the given probability."""
    share = np.broadcast_to(probability, np.broadcast_shapes(np.shape(probability), z.shape))
    z = np.broadcast_to(z, share.shape)
    lowest, highest = ((z + side * SEARCH) / np.sqrt(schedule.information[-1]) for side in (-1.0, 1.0))
    return boundary(lambda drift: _at_least(z, drift, schedule) <= share, lowest, highest)
