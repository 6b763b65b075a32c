"""§3.5: one cap for all variants keeps the level; a cap of each variant's own does not."""

import numpy as np

from experiments.stats import Moments, pre_period_cap, welch
from tests.proofs.draws import spending_runs
from tests.proofs.ledger import runs

FULL = 20_000


def test_cap_from_before_the_start_keeps_the_level(ledger):
    made, rng = runs(FULL), np.random.default_rng(38)
    before = np.where(rng.random(10_000) < 0.2, rng.lognormal(3.0, 1.0, 10_000), 0.0)
    cap = pre_period_cap(before).upper
    found = welch(*(spending_runs(5000, made, rng, cap=cap) for _ in range(2)))
    rejected = (found.p <= 0.05).mean()
    ledger.share("3.5", "A/A, cap from the pre-period, 5,000 each: type I", rejected, low=0.045, high=0.055, made=made)


def purchases(size: int, made: int, rng: np.random.Generator, *, small: float = 0.0) -> np.ndarray:
    """Totals of customers, a fifth of whom spend a log-normal(3, 1) amount and a share `small` of whom spend 2."""
    draw = rng.random((made, size))
    amounts = np.where(draw < 0.2, rng.lognormal(3.0, 1.0, (made, size)), 0.0)
    return np.where(draw > 1.0 - small, 2.0, amounts)


def own_cap(values: np.ndarray) -> Moments:
    """Each row capped at the 99% quantile of its own buyers, which no variant may be."""
    bought = np.where(values > 0, values, np.nan)
    return Moments.from_values(np.minimum(values, np.nanquantile(bought, 0.99, axis=-1, keepdims=True)))


def naive_runs(size: int, small: float, made: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Estimates and p-values with caps of each variant's own."""
    rng, parts = np.random.default_rng(seed), []
    for start in range(0, made, 100):
        count = min(100, made - start)
        parts.append(welch(own_cap(purchases(size, count, rng)), own_cap(purchases(size, count, rng, small=small))))
    return tuple(np.concatenate([getattr(part, name) for part in parts]) for name in ("estimate", "p"))


def test_caps_of_each_variant_by_itself_break_the_level_and_shrink_the_effect(ledger):
    made = runs(10_000)
    rejected = (naive_runs(1000, 0.0, made, seed=39)[1] <= 0.05).mean()
    ledger.share("3.5", "negative: A/A, a cap per variant, 1,000 each: type I", rejected, low=0.06, made=made)
    # A tenth of customers start to spend 2, which adds 0.2; more small buyers pull the variant's own cap down.
    estimates, _ = naive_runs(2000, 0.1, runs(4000), seed=390)
    error = estimates.std() / np.sqrt(estimates.size) / 0.2
    ledger.figure(
        "3.5",
        "negative: effect found with a cap per variant, as a share of the true one",
        estimates.mean() / 0.2,
        high=0.85,
        made=estimates.size,
        error=error,
    )
