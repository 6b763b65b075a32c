"""Did what was called likely come true? Probabilities stated on ballots against what became of the experiments."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.status import Status
from experiments.stats.validation import FloatArray

# With fewer closed experiments a line or a grade says nothing; a single person's figures need fewer.
FEWEST_CLOSED = 20
FEWEST_PERSONAL = 10
NEWTON_STEPS = 50
# A slope on the log odds beyond this is on its way to infinity: outcomes fall apart at one forecast.
STEEPEST = 1e3


@dataclass(frozen=True, kw_only=True)
class ForecastCalibration:
    """How stated probabilities fared; all but `count` and `status` are NaN where the status rules them out.

    brier:        mean squared distance of forecast and outcome, `reliability - resolution + uncertainty`.
    reliability:  how far outcomes lie from what was stated, over groups of equal forecasts; 0 is perfect.
    resolution:   how far the groups' outcomes lie from each other; more is better.
    uncertainty:  Brier score of always stating the overall share.
    intercept, slope: logistic regression of the outcome on the log odds of the forecast; 0 and 1 are perfect, a slope
                  below 1 means too extreme, an intercept below 0 too hopeful. Each with its standard error.
    status:       `too_few`; `no_variation` (one outcome, or one forecast, or outcomes that fall apart at one
                  forecast) leaves the scores and rules out the line.
    """

    count: int
    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    intercept: float
    intercept_se: float
    slope: float
    slope_se: float
    status: Status


def stated_probability(confidence_rating: ArrayLike) -> FloatArray:
    """What a confidence rating of 1 to 10 says about working: `(rating - 0.5) / 10`; NaN stays (abstained)."""
    rating = validation.numbers("confidence_rating", confidence_rating)
    validation.refuse("confidence_rating", rating, (rating < 1) | (rating > 10), "must lie in 1 to 10")
    return (rating - 0.5) / 10.0


def calibration(forecast: ArrayLike, outcome: ArrayLike, *, fewest: int = FEWEST_CLOSED) -> ForecastCalibration:
    """Calibration of `forecast[experiment]` against `outcome[experiment]`, closed and valid experiments only.

    forecast: probabilities strictly between 0 and 1. outcome: 0 or 1, or the probability that it worked given its
    data (posterior chance of a lift above 0), so that an experiment too small to tell is not counted as a failure.
    `fewest`: below so many only the count is given; 10 for one person's own figures.
    Source: Brier (1950); Murphy (1973); Cox (1958). With a probability as outcome all are expected values over it.
    """
    p, y = validation.open_share("forecast", forecast), validation.finite("outcome", outcome)
    validation.refuse("outcome", y, (y < 0) | (y > 1), "must lie in [0, 1]")
    p, y = (part.reshape(-1) for part in validation.broadcast(forecast=p, outcome=y))
    if p.size < max(fewest, 1):
        return ForecastCalibration(count=p.size, status=Status.TOO_FEW, **dict.fromkeys(_NUMBERS, np.nan))
    line, is_drawn = _logistic_line(np.asarray(special.logit(p)), y)
    return ForecastCalibration(
        count=p.size, status=Status.OK if is_drawn else Status.NO_VARIATION, **_scores(p, y), **line
    )


def _scores(p: FloatArray, y: FloatArray) -> dict[str, float]:
    _, group = np.unique(p, return_inverse=True)
    size = np.bincount(group)
    share, stated = np.bincount(group, y) / size, np.bincount(group, p) / size
    overall = float(y.mean())
    return {
        "brier": float(np.mean((p - y) ** 2 + y * (1.0 - y))),
        "reliability": float((size * (stated - share) ** 2).sum() / p.size),
        "resolution": float((size * (share - overall) ** 2).sum() / p.size),
        "uncertainty": overall * (1.0 - overall),
    }


def _logistic_line(x: FloatArray, y: FloatArray) -> tuple[dict[str, float], bool]:
    """Intercept and slope of greatest likelihood by Newton's steps, and whether there is such a line."""
    design, beta, information = np.column_stack([np.ones_like(x), x]), np.zeros(2), np.eye(2)
    has_line = np.ptp(x) > 0 and 0 < y.mean() < 1
    for _ in range(NEWTON_STEPS if has_line else 0):
        rate = special.expit(design @ beta)
        information = design.T @ (design * (rate * (1.0 - rate))[:, None])
        if np.linalg.cond(information) > 1.0 / np.finfo(np.float64).eps:
            break
        step = np.linalg.solve(information, design.T @ (y - rate))
        beta = beta + step
        if np.abs(step).max() < 1e-12:
            error = np.sqrt(np.diag(np.linalg.inv(information)))
            return dict(zip(_LINE, (beta[0], error[0], beta[1], error[1]), strict=True)), bool(abs(beta[1]) < STEEPEST)
    return dict.fromkeys(_LINE, np.nan), False


_LINE = ("intercept", "intercept_se", "slope", "slope_se")
_NUMBERS = ("brier", "reliability", "resolution", "uncertainty", *_LINE)
