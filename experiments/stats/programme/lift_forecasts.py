"""Expected lifts: read off impact ratings where the ballot states none, and held against what was realised."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import optimize

from experiments.stats import student, validation
from experiments.stats.programme.forecasts import FEWEST_CLOSED
from experiments.stats.status import Status
from experiments.stats.validation import Alternative, FloatArray


class LiftMapShape(StrEnum):
    """How an expected lift may depend on the rating."""

    ISOTONIC = "isotonic"
    LINEAR = "linear"


@dataclass(frozen=True, eq=False)
class LiftMap:
    """Expected lift at each of some increasing ratings, straight lines between, level beyond the ends."""

    rating: FloatArray
    lift: FloatArray

    def predicted(self, rating: ArrayLike) -> FloatArray:
        """The lift that a rating stands for; NaN stays."""
        return np.asarray(np.interp(validation.numbers("rating", rating), self.rating, self.lift))


@dataclass(frozen=True)
class LiftCalibration:
    """Realised minus predicted lift, and its line on the realised lift; NaN where the status rules it out.

    mean_gap:  mean of realised minus predicted: below 0 means too hopeful.
    slope:     by how much the gap grows with the realised lift: 0 if forecasts follow the truth one for one, 1 if they
               do not follow it at all. low, high: its interval. intercept: the gap at no lift.
    """

    count: int
    mean_gap: float
    intercept: float
    slope: float
    low: float
    high: float
    level: float
    status: Status

    @classmethod
    def without_line(cls, count: int, mean_gap: float, alpha: float, status: Status) -> "LiftCalibration":
        """What is left where no line can be drawn."""
        return cls(count, mean_gap, np.nan, np.nan, np.nan, np.nan, 1.0 - alpha, status)


def fitted_lift_map(
    rating: ArrayLike, lift: ArrayLike, *, se: ArrayLike = 1.0, shape: str = LiftMapShape.ISOTONIC
) -> LiftMap:
    """Expected lift by impact rating, fitted to past quarters' `rating[experiment]` and realised `lift[experiment]`.

    Never fit it to the quarter it is to predict. `se`: standard errors of the lifts; each counts with `1 / se^2`.
    isotonic: never falls as the rating rises. linear: a straight line; level if all ratings are one.
    Errors: `ValueError` without any experiment. Source: Barlow et al. (1972), pool adjacent violators.
    """
    x, y = validation.finite("rating", rating), validation.finite("lift", lift)
    x, y, weight = validation.broadcast(rating=x, lift=y, se=1.0 / validation.positive("se", se) ** 2)
    if not x.size:
        raise ValueError("a map of lifts needs at least one experiment")
    ends, place = np.unique(x.reshape(-1), return_inverse=True)
    total = np.bincount(place, weight.reshape(-1))
    mean = np.bincount(place, (weight * y).reshape(-1)) / total
    if LiftMapShape(shape) is LiftMapShape.ISOTONIC:
        return LiftMap(ends, np.asarray(optimize.isotonic_regression(mean, weights=total).x))
    centre, level = (total * ends).sum() / total.sum(), (total * mean).sum() / total.sum()
    spread = (total * (ends - centre) ** 2).sum()
    slope = (total * (ends - centre) * mean).sum() / spread if spread > 0 else 0.0
    return LiftMap(ends, level + slope * (ends - centre))


def lift_calibration(
    predicted: ArrayLike, shrunk: ArrayLike, *, alpha: float = 0.05, fewest: int = FEWEST_CLOSED
) -> LiftCalibration:
    """Predicted lifts against realised ones, both `[experiment]`, with the realised ones after shrinkage.

    shrunk: posterior mean lifts (`LearnedPrior.shrunk`), not raw estimates. Noise in the lift on which a gap is
    regressed would flatten the line of the forecasts; posterior means do not, because the truth is what they expect.
    Edge: `too_few` below `fewest` gives the count only; `no_variation` where all realised lifts are one.
    Source: ordinary least squares with t limits; Carroll et al. (2006), chapter 4, for posterior means as regressors.
    """
    p, x = validation.broadcast(
        predicted=validation.finite("predicted", predicted), shrunk=validation.finite("shrunk", shrunk)
    )
    level, gap, x, count = float(validation.significance(alpha)), (x - p).reshape(-1), x.reshape(-1), x.size
    if count < max(fewest, 3):
        return LiftCalibration.without_line(count, np.nan, level, Status.TOO_FEW)
    mean_gap, centred = float(gap.mean()), x - x.mean()
    spread = float((centred**2).sum())
    if spread == 0:
        return LiftCalibration.without_line(count, mean_gap, level, Status.NO_VARIATION)
    slope = float((centred * gap).sum() / spread)
    residual = gap - mean_gap - slope * centred
    df = np.asarray(count - 2.0)
    se = float(np.sqrt((residual**2).sum() / df / spread))
    reach = float(student.critical_value(df, np.asarray(level), Alternative.TWO_SIDED)) * se
    intercept = mean_gap - slope * float(x.mean())
    return LiftCalibration(count, mean_gap, intercept, slope, slope - reach, slope + reach, 1.0 - level, Status.OK)
