"""§3.7: watching the sample ratio every day."""

import numpy as np

from experiments.stats import sequential_sample_ratio
from tests.proofs.ledger import runs

LOOKS = 500


def ever_above(shares: list[float], threshold: float, customers: int, made: int, seed: int) -> float:
    """Share of runs whose e-value reaches the threshold at any of the looks, planned half and half."""
    rng, hits = np.random.default_rng(seed), 0
    for start in range(0, made, 500):
        steps = rng.multinomial(customers // LOOKS, shares, size=(min(500, made - start), LOOKS))
        highest = sequential_sample_ratio(steps, [0.5, 0.5]).log_e_value.max(axis=-1)
        hits += int((highest >= np.log(threshold)).sum())
    return hits / made


def test_honest_split_rarely_ever_looks_wrong(ledger):
    made = runs(10_000)
    measured = ever_above([0.5, 0.5], 20, 20_000, made, seed=41)
    ledger.share("3.7", "honest split, 500 looks: ever e ≥ 20", measured, high=0.05, made=made)


def test_split_off_by_two_points_is_found(ledger):
    made = runs(10_000)
    measured = ever_above([0.48, 0.52], 1000, 20_000, made, seed=42)
    ledger.share("3.7", "48:52 split, 20,000 customers: reaches e ≥ 1,000", measured, low=0.9, made=made)
