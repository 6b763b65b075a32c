"""How far raters agree: Kendall's W over complete ballots, Krippendorff's alpha over all of them."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.programme.rank_correlation import midranks
from experiments.stats.status import Status
from experiments.stats.validation import FloatArray


class RatingScale(StrEnum):
    """What differences between ratings mean."""

    INTERVAL = "interval"
    ORDINAL = "ordinal"


@dataclass(frozen=True)
class Concordance:
    """Kendall's W (0 no agreement, 1 all rank alike), its chi-square test; NaN where the status rules it out."""

    w: float
    statistic: float
    df: float
    p: float
    raters: int
    status: Status


@dataclass(frozen=True)
class Agreement:
    """Krippendorff's alpha: 1 is full agreement, 0 what chance would give, below 0 systematic disagreement.

    items: those with at least two ratings, which alone can say something.
    """

    alpha: float
    items: int
    status: Status


def kendall_w(ratings: ArrayLike) -> Concordance:
    """Concordance of `ratings[rater, item]` with the correction for ties; raters with any NaN are left out.

    Edge: `no_variation` with fewer than two raters or items, or where nobody tells items apart.
    Source: Kendall & Babington Smith (1939); `chi2 = m (n - 1) W` with n - 1 degrees of freedom (Friedman 1937).
    """
    cast = _ballots(ratings)
    complete = cast[~np.isnan(cast).any(axis=1)]
    m, n = complete.shape
    ranks = midranks(complete) if complete.size else complete
    ties = sum(float((np.unique(row, return_counts=True)[1] ** 3.0).sum()) - n for row in ranks)
    most = m**2 * (n**3 - n) - m * ties
    if m < 2 or n < 2 or most <= 0:
        return Concordance(np.nan, np.nan, max(n - 1.0, 0.0), np.nan, m, Status.NO_VARIATION)
    sums = ranks.sum(axis=0)
    w = 12.0 * float(((sums - sums.mean()) ** 2).sum()) / most
    statistic = m * (n - 1.0) * w
    return Concordance(w, statistic, n - 1.0, float(special.chdtrc(n - 1.0, statistic)), m, Status.OK)


def krippendorff_alpha(ratings: ArrayLike, *, scale: str = RatingScale.ORDINAL) -> Agreement:
    """Agreement of `ratings[rater, item]`, NaN for an abstention: one minus observed over expected disagreement.

    interval: differences count by their square. ordinal: by the square of the ratings that lie between.
    Edge: `no_variation` with fewer than two ratings of any item, or where all ratings are one.
    Source: Krippendorff (2004), chapter 11.
    """
    cast = _ballots(ratings)
    paired = cast[:, (~np.isnan(cast)).sum(axis=0) >= 2]
    values = np.unique(paired[~np.isnan(paired)])
    if values.size < 2:
        return Agreement(np.nan, paired.shape[1], Status.NO_VARIATION)
    counts = (paired[:, :, None] == values).sum(axis=0).astype(np.float64)
    size = counts.sum(axis=1)
    together = np.einsum("ic,ik,i->ck", counts, counts, 1.0 / (size - 1.0))
    together -= np.diag((counts / (size - 1.0)[:, None]).sum(axis=0))
    total = counts.sum(axis=0)
    distance = _distances(values, total, RatingScale(scale))
    observed, expected = (together * distance).sum(), (np.outer(total, total) * distance).sum() / (total.sum() - 1.0)
    return Agreement(float(1.0 - observed / expected), paired.shape[1], Status.OK)


def _distances(values: FloatArray, total: FloatArray, scale: RatingScale) -> FloatArray:
    """Squared difference of each two values."""
    if scale is RatingScale.INTERVAL:
        return np.asarray((values[:, None] - values) ** 2)
    # Ratings up to the middle of each value: their distance counts the ratings between, half of both ends included.
    middle = np.cumsum(total) - total / 2.0
    return np.asarray((middle[:, None] - middle) ** 2)


def _ballots(ratings: ArrayLike) -> FloatArray:
    array = validation.numbers("ratings", ratings)
    if array.ndim != 2:
        raise ValueError(f"ratings need the axes rater and item, got shape {array.shape}")
    validation.refuse("ratings", array, np.isinf(array), "must be a number or NaN")
    return array
