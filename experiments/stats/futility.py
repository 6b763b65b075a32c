"""Advice to give up: bounds under which the planned effect has become unlikely."""

import numpy as np

from experiments.stats.bisection import boundary
from experiments.stats.group_sequential import GroupSequential
from experiments.stats.score_process import FARTHEST_Z, Unstopped
from experiments.stats.spending import Spending, side_spent
from experiments.stats.validation import FloatArray


def futility_bounds(
    schedule: GroupSequential, *, power: float = 0.8, spending: str = Spending.OBRIEN_FLEMING
) -> FloatArray:
    """z-values towards the good side, one per look, below which giving up is advised.

    They spend `1 - power` under the effect that the schedule finds with that power: whoever follows every advice
    loses such an effect with at most that probability. Not binding: the boundaries of `schedule` hold whether the
    advice is followed or not, so it may be ignored. Never above the boundary of the same look.
    Source: Pampallona, Tsiatis & Kim (2001), beta spending; non-binding as in Lan & DeMets (1983) boundaries.
    """
    drift = float(schedule.drift_found_with(power))
    lost = np.diff(side_spent(np.minimum(schedule.information, 1.0), 1.0 - power, Spending(spending)), prepend=0.0)
    root, paths, bounds = np.sqrt(schedule.information), Unstopped.at_start(), []
    ahead = np.append(np.diff(schedule.information), np.inf)
    for look, time in enumerate(schedule.information.tolist()):
        highest = float(schedule.bounds[look] * root[look])
        score = _score_below(paths, float(lost[look]), time, drift, highest)
        bounds.append(score / root[look])
        paths = paths.onward(score, highest, time, resolution=float(ahead[look]))
    return np.array(bounds)


def _score_below(paths: Unstopped, probability: float, time: float, drift: float, highest: float) -> float:
    """The score, at most `highest`, below which `probability` lies at the look at `time` under `drift`."""
    lowest = np.asarray(min(drift * time - FARTHEST_Z * np.sqrt(time), highest))
    found = boundary(lambda score: paths.below(score, time, drift) <= probability, lowest, np.asarray(highest))
    return float(found)
