"""Do the observed variant counts fit the planned shares? If not, nothing else in the experiment can be trusted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from experiments.stats import validation
from experiments.stats.status import Standing, Status
from experiments.stats.validation import FloatArray, ObjectArray

# Pearson's statistic follows its chi-square poorly where a variant expects fewer customers than this.
FEWEST_EXPECTED = 5.0


@dataclass(frozen=True, eq=False)
class SampleRatio:
    """Pearson's chi-square against the planned shares; shape: that of the counts without the variant axis."""

    statistic: FloatArray
    df: FloatArray
    p: FloatArray
    status: ObjectArray


@dataclass(frozen=True, eq=False)
class SequentialSampleRatio:
    """Evidence against the planned shares that may be looked at every day, one cell per look.

    log_e_value: natural logarithm of the current e-value. p: running minimum of 1/e, at most 1.
    An alarm at e >= 1,000 goes off falsely in fewer than 1 experiment in 1,000, however often someone looks.
    """

    log_e_value: FloatArray
    p: FloatArray

    @property
    def e_value(self) -> FloatArray:
        """The current e-value; infinite where its logarithm exceeds about 709."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(self.log_e_value))


def sample_ratio_test(observed: ArrayLike, shares: ArrayLike) -> SampleRatio:
    """Fixed test for a finished experiment: `observed[..., variant]` against `shares[..., variant]`.

    Edge:   nobody at all gives `empty_arm` and NaN; an expected count below 5 gives `approximation_weak`.
    Errors: `ValueError` for shares outside (0, 1] or not summing to 1.
    Source: Pearson (1900).
    """
    counts, planned = _checked(observed, shares)
    total = counts.sum(axis=-1, keepdims=True)
    expected = total * planned
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.where(total[..., 0] > 0, ((counts - expected) ** 2 / expected).sum(axis=-1), np.nan)
    df = np.full(statistic.shape, counts.shape[-1] - 1.0)
    is_thin = expected.min(axis=-1) < FEWEST_EXPECTED
    standing = Standing(statistic.shape, [(total[..., 0] == 0, Status.EMPTY_ARM), (is_thin, Status.APPROXIMATION_WEAK)])
    return SampleRatio(statistic, df, np.asarray(special.chdtrc(df, statistic)), standing.words)


def sequential_sample_ratio(
    new_customers: ArrayLike, shares: ArrayLike, *, concentration: float = 100.0
) -> SequentialSampleRatio:
    """Sequential test under shares that never change: `new_customers[..., look, variant]`, `shares[..., variant]`.

    Shape:  (..., look). A look may bring nobody.
    `concentration` is how firmly the alternative sits around the plan: 100 suits departures of a few points.
    Source: Lindon & Malek (2022), section 3 (Dirichlet mixture over the multinomial).
    """
    steps = validation.whole_counts("new_customers", new_customers)
    planned = validation.shares("shares", shares)
    counts, planned = _checked(np.cumsum(steps, axis=-2), np.expand_dims(planned, -2))
    return _over_time(_log_evidence(counts, planned, concentration))


def batched_sample_ratio(
    counts: ArrayLike, shares: ArrayLike, *, concentration: float = 100.0
) -> SequentialSampleRatio:
    """Sequential test under shares that change by batch (a bandit): both arguments are (..., batch, variant).

    Each batch is judged against its own logged shares; the factors of all batches so far are multiplied.
    Shape: (..., batch). Source: Lindon & Malek (2022), conditioned on the batch.
    """
    observed, planned = _checked(counts, shares)
    return _over_time(np.cumsum(_log_evidence(observed, planned, concentration), axis=-1))


def _checked(observed: ArrayLike, shares: ArrayLike) -> tuple[FloatArray, FloatArray]:
    counts, planned = validation.whole_counts("observed", observed), validation.shares("shares", shares)
    counts, planned = validation.broadcast(observed=counts, shares=planned)
    if counts.shape[-1] < 2:
        raise ValueError(f"a sample ratio needs at least 2 variants, got shape {counts.shape}")
    return counts, planned


def _log_evidence(counts: FloatArray, shares: FloatArray, concentration: float) -> FloatArray:
    k = validation.positive("concentration", concentration)
    total = counts.sum(axis=-1)
    each = special.gammaln(k * shares + counts) - special.gammaln(k * shares) - counts * np.log(shares)
    return np.asarray(special.gammaln(k) - special.gammaln(k + total) + each.sum(axis=-1))


def _over_time(log_e_value: FloatArray) -> SequentialSampleRatio:
    highest = np.maximum(np.maximum.accumulate(log_e_value, axis=-1), 0.0)
    return SequentialSampleRatio(log_e_value, np.exp(-highest))
