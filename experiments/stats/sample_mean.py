"""A mean and the variance of that mean: the common ground of plain, ratio and clustered metrics.

The comparisons of `means` and `lift` need no more than this of each side, so any metric that can name its mean, the
squared standard error and the degrees of freedom gets all of them.
"""

from dataclasses import dataclass, field

import numpy as np

from experiments.stats.moments import Moments
from experiments.stats.status import Status
from experiments.stats.validation import BoolArray, FloatArray, broadcast

# Kohavi et al. (2014), section 4.3: the t-test needs 355 x skewness^2 customers in each variant.
CUSTOMERS_PER_SQUARED_SKEWNESS = 355.0


@dataclass(frozen=True, eq=False)
class SampleMean:
    """One side of a comparison.

    n: independent units (customers, clusters). mean: in the metric's unit. squared_error: the variance of the mean.
    df: degrees of freedom of that variance. skewness: of one unit's value, NaN if unknown.
    is_undefined: no mean exists though units do (a ratio with denominator 0). is_weak: normality is in doubt.
    is_thin: too few units for a squared error, however many there are (a far quantile).
    """

    n: FloatArray
    mean: FloatArray
    squared_error: FloatArray
    df: FloatArray
    skewness: FloatArray
    is_undefined: BoolArray
    is_weak: BoolArray
    is_thin: BoolArray = field(default_factory=lambda: np.zeros((), dtype=np.bool_))

    @classmethod
    def of(cls, side: "Moments | SampleMean") -> "SampleMean":
        """The sample mean that `side` holds."""
        if isinstance(side, SampleMean):
            return side
        no = np.zeros(side.shape, dtype=np.bool_)
        return cls(
            n=side.n,
            mean=side.mean,
            squared_error=side.variance / np.maximum(side.n, 1.0),
            df=side.n - 1.0,
            skewness=side.skewness,
            is_undefined=no,
            is_weak=no,
        )


def together(control: "Moments | SampleMean", treatment: "Moments | SampleMean") -> tuple[SampleMean, SampleMean]:
    """Both sides as sample means, refused if their shapes do not broadcast."""
    one, two = SampleMean.of(control), SampleMean.of(treatment)
    broadcast(control=one.n, treatment=two.n)
    return one, two


def difficulties(control: SampleMean, treatment: SampleMean) -> list[tuple[BoolArray, Status]]:
    """What stands against comparing the two means, gravest first."""
    fewest = np.minimum(control.n, treatment.n)
    flat = (control.squared_error == 0) & (treatment.squared_error == 0)
    return [
        (fewest == 0, Status.EMPTY_ARM),
        (control.is_undefined | treatment.is_undefined, Status.RELATIVE_UNDEFINED),
        ((fewest < 2) | control.is_thin | treatment.is_thin, Status.TOO_FEW),
        (flat, Status.ZERO_VARIANCE),
        (_is_skewed(control, treatment, fewest) | control.is_weak | treatment.is_weak, Status.APPROXIMATION_WEAK),
    ]


def _is_skewed(control: SampleMean, treatment: SampleMean, fewest: FloatArray) -> BoolArray:
    # The skewer side speaks for both: in a small variant of rare buyers the sample skewness is far too low.
    skewness = np.fmax(np.abs(control.skewness), np.abs(treatment.skewness))
    return np.asarray(CUSTOMERS_PER_SQUARED_SKEWNESS * skewness**2 > fewest)


def welch_df(
    control_term: FloatArray, treatment_term: FloatArray, control: FloatArray, treatment: FloatArray
) -> FloatArray:
    """Degrees of freedom of a sum of two independent variance terms with `control` and `treatment` df each.

    Source: Satterthwaite (1946); Welch (1947). Where one term is 0 the other's df remain.
    """
    total = control_term + treatment_term
    with np.errstate(divide="ignore", invalid="ignore"):
        return total**2 / (control_term**2 / control + treatment_term**2 / treatment)
