"""Metrics per message, order or household member when whole groups were randomised together."""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import contrast
from experiments.stats.contrast import Contrast
from experiments.stats.cross_moments import CrossMoments
from experiments.stats.estimate import Estimate, Method, Note
from experiments.stats.ratios import ratio_mean
from experiments.stats.sample_mean import difficulties
from experiments.stats.validation import Alternative

FEWEST_CLUSTERS = 20.0

FEW_CLUSTERS_NOTE = "Fewer than 20 clusters in a variant: the interval is rough."


def clustered(
    control: CrossMoments,
    treatment: CrossMoments,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    null_difference: ArrayLike = 0.0,
    small_sample: bool = True,
) -> Estimate:
    """Difference of means per member when clusters of members were randomised, one row a cluster.

    control, treatment: two columns per cluster, the sum over its members and their number; `n` counts clusters, and so
            do `n_control` and `n_treatment` of the answer.
    small_sample: whether the variance gets the factor G / (G - 1) of each side; without it, it is the plain
            cluster-robust one.
    Edge:   fewer than 2 clusters in a side give `too_few`, fewer than 20 a note; other statuses as `ratio`.
    Source: Liang & Zeger (1986), which for two means is what `ratio` gives with the cluster as its row; t with
            G - 2 degrees of freedom over both sides.
    """
    found = _contrast(control, treatment, small_sample)
    return contrast.absolute(
        found, Method.CLUSTER, alpha=alpha, alternative=alternative, null_difference=null_difference
    )


def clustered_lift(
    control: CrossMoments,
    treatment: CrossMoments,
    *,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
    can_be_negative: ArrayLike = False,
) -> Estimate:
    """The difference of `clustered` as a share of the control mean; interval and statuses as `relative_lift`."""
    found = _contrast(control, treatment, small_sample=True)
    return contrast.relative(found, alpha=alpha, alternative=alternative, can_be_negative=can_be_negative)


def _contrast(control: CrossMoments, treatment: CrossMoments, small_sample: bool) -> Contrast:
    one, two = ratio_mean(control), ratio_mean(treatment)
    # The sample covariance of `ratio_mean` divides by G - 1: it has the factor already.
    errors = [
        side.squared_error * (1.0 if small_sample else (side.n - 1.0) / np.maximum(side.n, 1.0)) for side in (one, two)
    ]
    fewest = np.minimum(one.n, two.n)
    return Contrast(
        difference=two.mean - one.mean,
        squared_error=errors[0] + errors[1],
        df=one.n + two.n - 2.0,
        control_mean=one.mean,
        control_squared_error=errors[0],
        covariance=-errors[0],
        n_control=one.n,
        n_treatment=two.n,
        hindrances=tuple(difficulties(one, two)),
        notes=(Note(FEW_CLUSTERS_NOTE, (fewest >= 2) & (fewest < FEWEST_CLUSTERS)),),
    )
