"""Customers for plans of every kind of metric, counted by kind of customer so that no rows are needed."""

from dataclasses import dataclass

import numpy as np

from experiments.stats import (
    Counts,
    CrossMoments,
    Estimate,
    PlannedMean,
    PlannedRate,
    adjusted_share,
    lin,
    newcombe,
    ratio,
    welch,
)
from tests.proofs.draws import Array

# Columns of every customer: outcome, denominator, value before the experiment.
OUTCOME, DENOMINATOR, BEFORE = 0, 1, 2
BEFORE_VALUES, BEFORE_SHARES = (0.0, 1.0, 4.0), (0.6, 0.3, 0.1)
# Of those with each value before: who converts, comes back, buys, and how often per buyer.
CONVERTS, RETURNS, BUYS = (0.05, 0.12, 0.34), (0.25, 0.45, 0.75), (0.1, 0.3, 0.7)
AMOUNTS, AMOUNT_SHARES = (15.0, 40.0, 120.0), (0.6, 0.3, 0.1)
MADE = 1e7

Kinds = list[tuple[float, float, float, float]]


@dataclass(frozen=True)
class Population:
    """Control and treatment: each a table (kind, column) and the share of each kind."""

    metric: str
    tables: tuple[Array, Array]
    shares: tuple[Array, Array]

    def exact(self) -> tuple[CrossMoments, CrossMoments]:
        """Both sides as a very large sample of exact shares would have them."""
        return tuple(cross_moments(MADE * share, table) for share, table in zip(self.shares, self.tables, strict=True))

    def plan(self, *, is_adjusted: bool) -> tuple[PlannedMean | PlannedRate, float]:
        """The metric as a planner who knows everything would describe it, and the effect."""
        control, treatment = self.exact()
        one, two = (value_of(side, control) for side in (control, treatment))
        effect = float(ratio_of(treatment) - ratio_of(control))
        shared = one.m[..., 0, 1] ** 2 / (one.m[..., 0, 0] * one.m[..., 1, 1])
        left = adjusted_share(shared if is_adjusted else 0.0, discount=0.0)
        if self.metric in ("proportion", "retention"):
            return PlannedRate(control.mean[OUTCOME]).with_variance_times(left), effect
        variances = (side.covariance[..., 0, 0] for side in (one, two))
        return PlannedMean(next(variances), ratio_of(control), next(variances)).with_variance_times(left), effect

    def looks(self, new: int, looks: int, made: int, rng: np.random.Generator) -> tuple[CrossMoments, CrossMoments]:
        """Both sides at each look, shape (run, look), with `new` customers of each between looks."""
        counts = (np.cumsum(rng.multinomial(new, share, (made, looks)), axis=1) for share in self.shares)
        return tuple(cross_moments(count, table) for count, table in zip(counts, self.tables, strict=True))

    def compared(self, control: CrossMoments, treatment: CrossMoments, *, is_adjusted: bool, alpha: Array) -> Estimate:
        """The comparison a readout makes for this kind of metric."""
        if is_adjusted:
            everyone = control.merge(treatment)
            return lin(value_of(control, everyone), value_of(treatment, everyone), alpha=alpha)
        if self.metric == "ratio":
            return ratio(
                chosen(control, [OUTCOME, DENOMINATOR]), chosen(treatment, [OUTCOME, DENOMINATOR]), alpha=alpha
            )
        if self.metric == "mean":
            return welch(control.column(OUTCOME), treatment.column(OUTCOME), alpha=alpha)
        counts = (Counts(side.n, np.round(side.n * side.mean[..., OUTCOME])) for side in (control, treatment))
        return newcombe(*counts, alpha=alpha)


def population(metric: str, lift: float) -> Population:
    """Customers whose treatment is `lift` better: rates by more of them, money by larger amounts."""
    sides = [
        _rate_kinds(metric, rise) if metric in ("proportion", "retention") else _money_kinds(metric, rise)
        for rise in (0.0, lift)
    ]
    tables = tuple(np.array(kinds)[:, :3] for kinds in sides)
    return Population(metric, tables, tuple(np.array(kinds)[:, 3] for kinds in sides))


def _rate_kinds(metric: str, lift: float) -> Kinds:
    rates = CONVERTS if metric == "proportion" else RETURNS
    kinds: Kinds = []
    for before, share, rate in zip(BEFORE_VALUES, BEFORE_SHARES, rates, strict=True):
        success = rate * (1.0 + lift)
        kinds += [(1.0, 1.0, before, share * success), (0.0, 1.0, before, share * (1.0 - success))]
    return kinds


def _money_kinds(metric: str, lift: float) -> Kinds:
    kinds: Kinds = []
    for before, share, buys in zip(BEFORE_VALUES, BEFORE_SHARES, BUYS, strict=True):
        # A mean is over all customers, a ratio over orders: one or, for a quarter of the buyers, two.
        none = 1.0 if metric == "mean" else 0.0
        kinds += [(0.0, none, before, share * (1.0 - buys))]
        for amount, part in zip(AMOUNTS, AMOUNT_SHARES, strict=True):
            spent = amount * (1.0 + lift)
            for orders, often in ((1.0, 0.75), (2.0, 0.25)):
                base = 1.0 if metric == "mean" else orders
                kinds += [(spent * orders, base, before, share * buys * part * often)]
    return kinds


def cross_moments(counts: Array, table: Array) -> CrossMoments:
    """Cross moments of customers counted by kind, `counts` of shape (..., kind)."""
    n = counts.sum(axis=-1)
    mean = counts @ table / n[..., None]
    products = table[:, :, None] * table[:, None, :]
    raw = np.tensordot(counts, products, axes=1)
    return CrossMoments(np.round(n), mean, raw - n[..., None, None] * mean[..., :, None] * mean[..., None, :])


def chosen(side: CrossMoments, columns: list[int]) -> CrossMoments:
    """The same customers with some of their columns."""
    return CrossMoments(side.n, side.mean[..., columns], side.m[..., columns, :][..., columns])


def ratio_of(side: CrossMoments) -> Array:
    """Outcome per denominator; the mean itself where every customer counts once."""
    return side.mean[..., OUTCOME] / side.mean[..., DENOMINATOR]


def value_of(side: CrossMoments, everyone: CrossMoments) -> CrossMoments:
    """Two columns: the customer's part in the ratio, linear about that of `everyone`, and the value before."""
    base = everyone.mean[..., DENOMINATOR]
    turn = np.zeros((*base.shape, 2, 3))
    turn[..., 0, OUTCOME], turn[..., 0, DENOMINATOR], turn[..., 1, BEFORE] = 1.0 / base, -ratio_of(everyone) / base, 1.0
    mean = np.einsum("...ij,...j->...i", turn, side.mean)
    return CrossMoments(side.n, mean, turn @ side.m @ np.swapaxes(turn, -1, -2))
