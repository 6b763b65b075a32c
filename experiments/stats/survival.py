"""Time to churn: the survival curve, and the mean number of days survived within a horizon.

The restricted mean is the headline, not the hazard ratio: it is a number of days and needs no proportional hazards.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.estimate import Estimate, Method
from experiments.stats.lift import relative_lift
from experiments.stats.means import welch
from experiments.stats.risk_table import RiskTable
from experiments.stats.sample_mean import SampleMean
from experiments.stats.status import Status
from experiments.stats.validation import Alternative, FloatArray


@dataclass(frozen=True, eq=False)
class SurvivalCurve:
    """Shares still there after each day; `day` is (day,), all else (..., day). NaN after the last customer at risk.

    se: Greenwood's. low, high: interval on the log-minus-log scale, NaN where the share is 0 or 1.
    """

    day: FloatArray
    survival: FloatArray
    se: FloatArray
    low: FloatArray
    high: FloatArray

    def at(self, days: ArrayLike) -> "SurvivalCurve":
        """The curve at other days: the last step on or before each, 1 with no interval before the first."""
        wanted = np.atleast_1d(validation.finite("days", days))
        place = np.searchsorted(self.day, wanted, side="right")
        values = (_stepped(curve, first) for curve, first in zip(self._curves, (1.0, 0.0, np.nan, np.nan), strict=True))
        return SurvivalCurve(wanted, *(value[..., place] for value in values))

    @property
    def _curves(self) -> tuple[FloatArray, ...]:
        return self.survival, self.se, self.low, self.high


def kaplan_meier(table: RiskTable, *, alpha: ArrayLike = 0.05) -> SurvivalCurve:
    """The survival curve of every cell.

    Source: Kaplan & Meier (1958); Greenwood (1926); interval by Kalbfleisch & Prentice (2002), section 1.4.
    """
    survival, hazard_error = _survival(table), np.cumsum(_greenwood(table), axis=-1)
    z = -special.ndtri(np.asarray(validation.significance(alpha))[..., None] / 2.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = z * np.sqrt(hazard_error) / np.abs(np.log(survival))
        is_inner = (survival > 0) & (survival < 1)
        low, high = (np.where(is_inner, survival ** np.exp(side * reach), np.nan) for side in (1.0, -1.0))
    se = np.where(survival > 0, survival * np.sqrt(hazard_error), np.nan)
    is_past = table.day > table.last_day[..., None]
    return SurvivalCurve(table.day, *(np.where(is_past, np.nan, curve) for curve in (survival, se, low, high)))


def restricted_mean(table: RiskTable, tau: ArrayLike) -> SampleMean:
    """Mean days survived up to day `tau`, with its variance, ready for comparisons.

    Shape: that of the cells and `tau`. NaN (and thin) where nobody was followed to `tau` and some may have outlived
    the follow-up. Errors: `ValueError` for a horizon at or below 0.
    Source: Royston & Parmar (2013); Uno et al. (2014); exact integral of the step curve.
    """
    horizon = validation.positive("tau", tau)
    survival = _survival(table)
    edges = np.minimum(np.concatenate([[0.0], table.day]), horizon[..., None])
    widths = np.diff(edges, append=horizon[..., None], axis=-1)
    pieces = widths * _stepped(survival, 1.0)
    beyond = np.cumsum(pieces[..., ::-1], axis=-1)[..., ::-1]
    is_known = (table.last_day >= horizon) | (survival[..., -1] == 0)
    blank = np.where(is_known, 0.0, np.nan)
    squared_error = (beyond[..., 1:] ** 2 * _greenwood(table)).sum(axis=-1) + blank
    no = np.zeros(squared_error.shape, dtype=np.bool_)
    return SampleMean(
        n=np.broadcast_to(table.customers, no.shape),
        mean=beyond[..., 0] + blank,
        squared_error=squared_error,
        df=np.full(no.shape, np.inf),
        skewness=np.full(no.shape, np.nan),
        is_undefined=no,
        is_weak=no,
        is_thin=np.broadcast_to(~is_known, no.shape),
    )


def restricted_mean_difference(
    control: RiskTable,
    treatment: RiskTable,
    tau: ArrayLike,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
) -> Estimate:
    """Days survived up to `tau` under treatment minus those under control, normal interval.

    Unit: days. Edge: `immature` and NaN where a variant has not been followed to `tau`; `zero_variance` where nobody
    left in either; else as `welch`.
    """
    sides = restricted_mean(control, tau), restricted_mean(treatment, tau)
    return _unless_short(welch(*sides, alpha=alpha, alternative=alternative, method=Method.RESTRICTED_MEAN), *sides)


def restricted_mean_lift(
    control: RiskTable,
    treatment: RiskTable,
    tau: ArrayLike,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
) -> Estimate:
    """Days survived up to `tau` under treatment over those under control, minus one; interval as `relative_lift`."""
    sides = restricted_mean(control, tau), restricted_mean(treatment, tau)
    return _unless_short(relative_lift(*sides, alpha=alpha, alternative=alternative), *sides)


def _unless_short(found: Estimate, control: SampleMean, treatment: SampleMean) -> Estimate:
    has_both = np.minimum(control.n, treatment.n) > 0
    return found.overruled(np.asarray(has_both & (control.is_thin | treatment.is_thin)), Status.IMMATURE)


def _survival(table: RiskTable) -> FloatArray:
    return np.asarray(np.cumprod(1.0 - table.events / np.maximum(table.at_risk, 1.0), axis=-1))


def _greenwood(table: RiskTable) -> FloatArray:
    """`d / (r (r - d))` day by day; 0 on the day the last one leaves, after which nothing is left to be uncertain."""
    stayed = table.at_risk - table.events
    return np.asarray(np.where(stayed > 0, table.events / np.maximum(table.at_risk * stayed, 1.0), 0.0))


def _stepped(curve: FloatArray, first: float) -> FloatArray:
    """The curve with its value before the first day put in front."""
    return np.concatenate([np.full((*curve.shape[:-1], 1), first), curve], axis=-1)
