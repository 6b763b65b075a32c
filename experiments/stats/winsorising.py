"""Capping single customers' totals, so that one huge order does not decide an experiment.

The cap is one number a metric, known before the experiment: an amount in the plan, or a high quantile of the same
audience's totals before the start. A cap taken from each variant's own data cuts the better variant more, and biases.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.moments import Moments
from experiments.stats.validation import FloatArray

DEFAULT_QUANTILE = 0.999


@dataclass(frozen=True)
class Cap:
    """The limits that customers' totals are moved to, in the metric's unit; minus infinity where nothing is."""

    upper: float
    lower: float = -np.inf

    def __post_init__(self) -> None:
        if not (np.isfinite(self.upper) and self.lower < self.upper):
            raise ValueError(f"a cap needs a finite upper limit above its lower one, got {self.lower} and {self.upper}")

    def applied(self, values: ArrayLike) -> FloatArray:
        """`values` with those beyond a limit moved to it."""
        return np.clip(validation.finite("values", values), self.lower, self.upper)


@dataclass(frozen=True, eq=False)
class CapReport:
    """What a cap did: means in the metric's unit, shares from 0 to 1; NaN where there is nobody or no money.

    customers: share of customers whose total was moved. money: share of all money above the cap (refunds below the
    lower limit count by their size).
    """

    mean: FloatArray
    uncapped_mean: FloatArray
    customers: FloatArray
    money: FloatArray


def quantile_cap(values: ArrayLike, quantile: float = DEFAULT_QUANTILE, *, has_refunds: bool = False) -> Cap:
    """The cap at a quantile of `values`, linearly interpolated (type 7); with refunds also at its mirror image.

    values: per-customer totals of all variants together, one dimension. Errors: `ValueError` if there are none.
    """
    totals = validation.finite("values", values).ravel()
    share = float(validation.open_share("quantile", quantile))
    if not totals.size:
        raise ValueError("a cap cannot be taken from nobody's totals; set an amount in the plan")
    lower = float(np.quantile(totals, 1.0 - share)) if has_refunds else -np.inf
    return Cap(float(np.quantile(totals, share)), lower)


def pre_period_cap(totals: ArrayLike, quantile: float = DEFAULT_QUANTILE) -> Cap | None:
    """The cap from the audience's totals in the window before the start: the quantile of those that are not zero.

    None where nobody had a total: then nothing is capped, and the readout says so. Totals below zero (refunds) bring
    a lower limit as well. Compute it once, store it, and use it for the whole experiment.
    """
    known = validation.finite("totals", totals)
    known = known[known != 0]
    return quantile_cap(known, quantile, has_refunds=bool((known < 0).any())) if known.size else None


def cap_report(
    capped: Moments, uncapped: Moments, moved: ArrayLike, *, moved_sum: ArrayLike | None = None
) -> CapReport:
    """How much a cap took away, from aggregates of the same customers with and without it.

    moved:     how many customers the cap moved, at most n.
    moved_sum: the money cut off, `sum |y - capped y|`; by default the difference of the sums, which is the same
               unless both limits bite.
    """
    count = validation.whole_counts("moved", moved)
    validation.at_most("moved", count, "n", uncapped.n)
    total = uncapped.n * uncapped.mean
    cut = np.abs(total - capped.n * capped.mean) if moved_sum is None else validation.finite("moved_sum", moved_sum)
    with np.errstate(divide="ignore", invalid="ignore"):
        money = np.where(total > 0, cut / total, np.nan)
        customers = np.where(uncapped.n > 0, count / uncapped.n, np.nan)
    return CapReport(capped.mean, uncapped.mean, customers, money)
