"""One covariate with one slope for everybody: the adjustment most other tools show."""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats.cross_moments import CrossMoments
from experiments.stats.estimate import Estimate, Method
from experiments.stats.means import welch
from experiments.stats.sample_mean import SampleMean
from experiments.stats.validation import Alternative, FloatArray


def cuped(
    control: CrossMoments,
    treatment: CrossMoments,
    *,
    everyone: CrossMoments | None = None,
    alpha: ArrayLike = 0.05,
    alternative: str = Alternative.TWO_SIDED,
) -> Estimate:
    """Treatment minus control adjusted by one covariate with one slope for all: what most other tools show.

    Ours is `lin`, which is never worse; this is for comparison with them. Welch's t on the adjusted means.
    Source: Deng, Xu, Kohavi & Walker (2013), section 3.
    """
    sides = cuped_means(control, treatment, everyone=everyone)
    return welch(*sides, alpha=alpha, alternative=alternative, method=Method.CUPED)


def cuped_means(
    control: CrossMoments, treatment: CrossMoments, *, everyone: CrossMoments | None = None
) -> tuple[SampleMean, SampleMean]:
    """Both means moved to the covariate mean of everyone, by theta = cov(y, x) / var(x) over all customers.

    Errors: `ValueError` unless there are two columns, outcome and covariate. Edge: a constant covariate moves nothing.
    """
    everyone = control.merge(treatment) if everyone is None else everyone
    if (control.columns, treatment.columns, everyone.columns) != (2, 2, 2):
        raise ValueError(f"cuped takes an outcome and one covariate, got {control.columns} columns; use lin for more")
    spread = everyone.m[..., 1, 1]
    theta = np.where(spread > 0, everyone.m[..., 0, 1] / np.where(spread > 0, spread, 1.0), 0.0)
    one, two = (_moved(side, theta, everyone.mean[..., 1]) for side in (control, treatment))
    return one, two


def _moved(side: CrossMoments, theta: FloatArray, target: FloatArray) -> SampleMean:
    covariance, no = side.covariance, np.zeros(np.broadcast_shapes(side.shape, theta.shape), dtype=np.bool_)
    variance = covariance[..., 0, 0] - 2.0 * theta * covariance[..., 0, 1] + theta**2 * covariance[..., 1, 1]
    return SampleMean(
        n=np.broadcast_to(side.n, no.shape),
        mean=side.mean[..., 0] - theta * (side.mean[..., 1] - target),
        squared_error=np.maximum(variance, 0.0) / np.maximum(side.n, 1.0),
        df=np.broadcast_to(side.n - 1.0, no.shape),
        skewness=np.full(no.shape, np.nan),
        is_undefined=no,
        is_weak=no,
    )
