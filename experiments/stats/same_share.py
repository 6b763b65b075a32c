"""Is a share of customers the same in every variant? It must be for whatever the treatment should not touch."""

import numpy as np
from scipy import special

from experiments.stats.counts import Counts
from experiments.stats.sample_ratio import FEWEST_EXPECTED, SampleRatio
from experiments.stats.status import Standing, Status


def same_share_test(counts: Counts, *, axis: int = -1) -> SampleRatio:
    """Chi-square of one common share over the variants along `axis`: contaminated, matured, or not sent by a cap.

    Alarm at p < 0.001. Shape: that of the counts without the axis; df is one less than the variants with customers.
    Edge:   fewer than 2 variants with customers give `empty_arm`; a share of exactly 0 or 1 everywhere gives
            `no_variation`; expected counts below 5 `approximation_weak`.
    Source: Pearson (1900), homogeneity of a 2 x K table.
    """
    n, successes = (np.moveaxis(array, axis, -1) for array in (counts.n, counts.successes))
    total = np.maximum(n.sum(axis=-1, keepdims=True), 1.0)
    share = successes.sum(axis=-1, keepdims=True) / total
    variance = n * share * (1.0 - share)
    has_any = n > 0
    is_flat = (variance == 0).all(axis=-1)
    terms = (successes - n * share) ** 2 / np.where(variance > 0, variance, 1.0)
    df = np.maximum(has_any.sum(axis=-1) - 1.0, 0.0)
    expected = np.where(has_any, n * np.minimum(share, 1.0 - share), np.inf).min(axis=-1)
    conditions = [
        (df < 1, Status.EMPTY_ARM),
        (is_flat, Status.NO_VARIATION),
        (expected < FEWEST_EXPECTED, Status.APPROXIMATION_WEAK),
    ]
    standing = Standing(df.shape, conditions)
    statistic = np.where(standing.has_estimate, terms.sum(axis=-1), np.nan)
    return SampleRatio(statistic, df, np.asarray(special.chdtrc(df, statistic)), standing.words)
