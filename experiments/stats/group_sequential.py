"""Looking before the end at a fixed total error: boundaries that spend alpha look by look.

Only the information at each look matters, never what was seen there: looks may be unequal and unplanned as long
as nobody chooses their time by the effect.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy import special
from scipy.interpolate import PchipInterpolator

from experiments.stats import validation
from experiments.stats.bisection import boundary
from experiments.stats.score_process import FARTHEST_Z, Unstopped
from experiments.stats.spending import Spending, side_spent
from experiments.stats.validation import FloatArray

# Shares of information closer than this are one look; the recursion could not tell them apart.
FINEST_STEP = 1e-4
# No schedule has less than full power at this drift.
HIGHEST_DRIFT = 40.0
# Cached boundaries are those of information rounded to so many digits.
INFORMATION_DIGITS = 6
CACHED_SCHEDULES = 1024
# Repeated p-values are interpolated between these values of alpha, given as normal quantiles of alpha / 2.
P_KNOTS = np.concatenate([np.linspace(0.0, 5.0, 31), np.linspace(5.5, 9.0, 8), np.linspace(11.0, 37.0, 14)])


@dataclass(frozen=True, eq=False)
class GroupSequential:
    """Boundaries of one schedule of looks, for the comparison of each treatment with control.

    information: shares of the plan at the looks, rising; shape (look,).
    bounds:      the absolute z at which each look stops, and how many standard errors its interval reaches.
    paths:       the paths that come to each look without having been stopped.
    treatments:  how many the plan has; each is judged by these boundaries.
    """

    information: FloatArray
    bounds: FloatArray
    paths: tuple[Unstopped, ...] = field(repr=False)
    treatments: int = 1

    @classmethod
    def followed(cls, information: FloatArray, bound: Callable[[int, Unstopped], float]) -> "GroupSequential":
        """The schedule whose bound at each look follows from the look's place and the paths that come to it."""
        paths, bounds = [Unstopped.at_start()], [bound(0, Unstopped.at_start())]
        for look, step in enumerate(np.diff(information)):
            time = float(information[look])
            score = bounds[-1] * np.sqrt(time)
            paths.append(paths[-1].onward(-score, score, time, resolution=float(step)))
            bounds.append(bound(look + 1, paths[-1]))
        return cls(information, np.array(bounds), tuple(paths))

    @cached_property
    def nominal_alpha(self) -> FloatArray:
        """The alpha of each look by itself, `2 Phi(-bound)`: at it any comparison gives its repeated interval."""
        return np.asarray(2.0 * special.ndtr(-self.bounds))

    def exits(self, drift: ArrayLike = 0.0) -> tuple[FloatArray, FloatArray]:
        """Probabilities to stop at each look above and below; shape: that of `drift`, then the looks.

        `drift` is the expected z at information 1: the true effect over the planned standard error.
        """
        theta = validation.finite("drift", drift)
        scores = self.bounds * np.sqrt(self.information)
        looks = list(zip(self.paths, scores, self.information, strict=True))
        above = np.stack([path.above(score, time, theta) for path, score, time in looks], axis=-1)
        below = np.stack([path.below(-score, time, theta) for path, score, time in looks], axis=-1)
        return above, below

    def power(self, drift: ArrayLike) -> FloatArray:
        """Probability that some look stops, on either side; shape of `drift`, which is that of `exits`."""
        above, below = self.exits(drift)
        return np.asarray((above + below).sum(axis=-1))

    def drift_found_with(self, power: ArrayLike) -> FloatArray:
        """The drift that some look finds with the given power; shape of `power`, 0 where alpha alone is enough."""
        wanted = validation.open_share("power", power)
        zero = np.zeros(wanted.shape)
        return boundary(lambda drift: self.power(drift) <= wanted, zero, zero + HIGHEST_DRIFT)


def group_sequential(
    information: ArrayLike,
    *,
    alpha: float = 0.05,
    spending: str = Spending.OBRIEN_FLEMING,
    treatments: int = 1,
    is_final: bool = False,
) -> GroupSequential:
    """Two-sided boundaries for looks at the given shares of the planned information.

    information: (look,), rising by at least 0.0001; may end above 1. Looks taken later change no earlier boundary.
    treatments:  alpha is divided by their number and each spends its own part, valid under any correlation.
    is_final:    the last look spends all that is left, whatever its information is. A final look that brought
                 nothing new is judged as if it had brought 0.0001.
    Edge:   a look with nothing left to spend gets the bound 37.5, which no data reach.
    Errors: `ValueError` for information that does not rise, or alpha outside (0, 0.5].
    Answers are cached, by information rounded to six digits. Error of the boundaries: below 1e-5.
    Source: Lan & DeMets (1983); Jennison & Turnbull (2000), chapter 19.
    """
    count = validation.whole_number("treatments", treatments, least=1)
    share = float(validation.significance(alpha)) / count
    found = _boundaries(_looks(information, is_final=is_final), share, Spending(spending), is_final)
    return replace(found, treatments=count) if count > 1 else found


def repeated_p_value(
    p: ArrayLike,
    information: ArrayLike,
    *,
    alpha: float = 0.05,
    spending: str = Spending.OBRIEN_FLEMING,
    treatments: int = 1,
    is_final: bool = False,
) -> FloatArray:
    """The smallest overall alpha at which the last of the looks would have stopped; shape of `p`.

    `p` are two-sided p-values of single comparisons at that look; the other arguments are those of
    `group_sequential`. The answer is at most `alpha` exactly where the repeated interval excludes zero, and may be
    looked at every time. NaN stays NaN.
    Source: Jennison & Turnbull (1989).
    """
    values = validation.p_values("p", p)
    count = validation.whole_number("treatments", treatments, least=1)
    share = float(validation.significance(alpha)) / count
    z_of_look, z_of_alpha = _stopping_curve(_looks(information, is_final=is_final), share, Spending(spending), is_final)
    # p = 0 would be an infinite z.
    z = -special.ndtri(np.maximum(values, np.finfo(np.float64).tiny) / 2.0)
    inverse = PchipInterpolator(z_of_look, z_of_alpha)(np.clip(z, z_of_look[0], z_of_look[-1]))
    overall = np.where(z < z_of_look[0], 1.0, 2.0 * special.ndtr(-inverse) * count)
    # No look is worth more than the same data at a single one; interpolation knows that only nearly.
    return np.where(np.isnan(values), np.nan, np.clip(overall, values, 1.0))


def _looks(information: ArrayLike, *, is_final: bool) -> tuple[float, ...]:
    times = np.round(np.atleast_1d(validation.positive("information", information)), INFORMATION_DIGITS)
    if times.ndim != 1 or not times.size:
        raise ValueError(f"information must be one row of looks, got shape {times.shape}")
    if is_final and times.size > 1:
        times[-1] = max(times[-1], times[-2] + FINEST_STEP)
    steps = np.diff(times, prepend=0.0)
    validation.refuse("information", times, steps < FINEST_STEP * (1.0 - 1e-9), "must rise by 0.0001 or more")
    return tuple(times.tolist())


@lru_cache(maxsize=CACHED_SCHEDULES)
def _boundaries(looks: tuple[float, ...], alpha: float, spending: Spending, is_final: bool) -> GroupSequential:
    information = np.array(looks)
    total = side_spent(np.minimum(information, 1.0), alpha / 2.0, spending)
    total[-1] = alpha / 2.0 if is_final else total[-1]
    spent = np.diff(total, prepend=0.0)

    def bound(look: int, paths: Unstopped) -> float:
        return paths.bound(float(spent[look]), looks[look]) / float(np.sqrt(looks[look]))

    found = GroupSequential.followed(information, bound)
    for array in (found.information, found.bounds, found.nominal_alpha):
        array.flags.writeable = False
    return found


@lru_cache(maxsize=CACHED_SCHEDULES)
def _stopping_curve(
    looks: tuple[float, ...], alpha: float, spending: Spending, is_final: bool
) -> tuple[FloatArray, FloatArray]:
    """The last look's bound for many values of alpha, as rising pairs of z at the look and z of alpha / 2.

    The plan's own alpha is among them, so that p and the interval fall on the same side of it exactly.
    """
    knots = np.union1d(P_KNOTS, -special.ndtri(alpha / 2.0))
    levels = [2.0 * float(special.ndtr(-knot)) for knot in knots]
    levels = [alpha if abs(level - alpha) < 1e-12 * alpha else level for level in levels]
    bounds = np.array([_boundaries(looks, level, spending, is_final).bounds[-1] for level in levels])
    # Stopping at a smaller alpha stops the question, so a bound is never above that of any smaller alpha.
    bounds = np.minimum.accumulate(bounds[::-1])[::-1]
    is_kept = np.append(np.diff(bounds) > 0, True) & (bounds < FARTHEST_Z)
    return bounds[is_kept], knots[is_kept]
