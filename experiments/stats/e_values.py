"""e-values: evidence that may be watched all the time, multiplied and averaged.

An e-value is at least 0 and has mean at most 1 if there is no effect; reaching 1/alpha rejects at alpha.
Source: Vovk & Wang (2021); Gruenwald, de Heide & Koolen (2024).
"""

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.multiplicity import FamilyAxes, benjamini_hochberg
from experiments.stats.validation import FloatArray


def e_product(e: ArrayLike, *, axis: FamilyAxes = -1) -> FloatArray:
    """The e-value of independent e-values together, their product along `axis`; NaN is left out.

    Independent, or each an e-value given those before it (batches of one experiment). A product with 0 stays 0.
    """
    values = _checked(e)
    impossible = np.any(values == 0, axis=axis)
    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
        product = np.exp(np.nansum(np.log(values), axis=axis))
    return np.where(impossible, 0.0, product)


def e_mean(e: ArrayLike, *, axis: FamilyAxes = -1) -> FloatArray:
    """The e-value of any e-values together, however dependent: their mean along `axis`. NaN is left out.

    A family without any e-value gives NaN.
    """
    values = _checked(e)
    is_known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(is_known, values, 0.0).sum(axis=axis) / is_known.sum(axis=axis))


def p_from_e(e: ArrayLike) -> FloatArray:
    """The p-value `1 / e`, at most 1, that an e-value is worth; NaN stays."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.minimum(1.0 / _checked(e), 1.0))


def e_benjamini_hochberg(e: ArrayLike, *, axis: FamilyAxes = -1) -> FloatArray:
    """Adjusted p-values that bound the false discovery rate under any dependence, at every look; shape of `e`.

    A find has an answer of at most alpha: exactly the k largest e-values, for the largest k whose k-th is at least
    `m / (alpha k)`. NaN is left out of the family's size m and stays NaN.
    Source: Wang & Ramdas (2022), e-BH, which is Benjamini & Hochberg's rule on 1/e.
    """
    return benjamini_hochberg(p_from_e(e), axis=axis)


def _checked(e: ArrayLike) -> FloatArray:
    values = validation.numbers("e", e)
    validation.refuse("e", values, values < 0, "must be 0 or more")
    return values
