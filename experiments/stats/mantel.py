"""Do the variants lose customers at the same pace?"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from experiments.stats.risk_table import RiskTable
from experiments.stats.status import Standing, Status
from experiments.stats.validation import FloatArray, ObjectArray


@dataclass(frozen=True, eq=False)
class LogRank:
    """One test per cell. observed, expected: events by variant, (..., variant), summed over days and strata."""

    statistic: FloatArray
    df: FloatArray
    p: FloatArray
    observed: FloatArray
    expected: FloatArray
    status: ObjectArray


def log_rank(table: RiskTable, *, is_stratified: bool = False) -> LogRank:
    """Log-rank test of two or more variants: cells (..., variant), with `is_stratified` (..., stratum, variant).

    Shape:  the cells without variant (and stratum). df: one less than the variants that ever had someone at risk
            beside another.
    Edge:   fewer than 2 variants with customers give `empty_arm`, no events `no_variation`, both NaN.
    Errors: `ValueError` if there is no variant axis.
    Source: Mantel (1966), hypergeometric variance; stratified: sums over strata before the quadratic form.
    """
    if len(table.shape) < 1 + is_stratified:
        raise ValueError(f"log_rank needs the cell axes {'stratum, variant' if is_stratified else 'variant'}")
    at_risk, events = table.at_risk, table.events
    everyone = np.maximum(at_risk.sum(axis=-2, keepdims=True), 1.0)
    total = events.sum(axis=-2, keepdims=True)
    share = at_risk / everyone
    weight = total * (everyone - total) / np.maximum(everyone - 1.0, 1.0)
    observed, expected = events.sum(axis=-1), (total * share).sum(axis=-1)
    variance = -np.einsum("...vd,...wd->...vw", weight * share, share)
    variance += (weight * share).sum(axis=-1)[..., None] * np.eye(variance.shape[-1])
    customers = table.customers
    if is_stratified:
        observed, expected, customers = (part.sum(axis=-2) for part in (observed, expected, customers))
        variance = variance.sum(axis=-3)
    return _judged(observed, expected, variance, customers)


def _judged(observed: FloatArray, expected: FloatArray, variance: FloatArray, customers: FloatArray) -> LogRank:
    gap = observed - expected
    # One variant's gap follows from the others': the pseudo-inverse is the form with any one of them left out.
    statistic = np.einsum("...v,...vw,...w->...", gap, np.linalg.pinv(variance, hermitian=True, rcond=1e-10), gap)
    varies = np.einsum("...vv->...v", variance) > 0
    df = np.maximum(varies.sum(axis=-1) - 1.0, 0.0)
    conditions = [((customers > 0).sum(axis=-1) < 2, Status.EMPTY_ARM), (df < 1, Status.NO_VARIATION)]
    standing = Standing(df.shape, conditions)
    statistic = np.where(standing.has_estimate, statistic, np.nan)
    return LogRank(statistic, df, np.asarray(special.chdtrc(df, statistic)), observed, expected, standing.words)
