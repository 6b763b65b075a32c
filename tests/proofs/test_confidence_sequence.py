"""§5.2 and §5.3: looking every day, whenever, at something that does nothing."""

import numpy as np
import pytest

from experiments.stats import (
    Counts,
    Estimate,
    confidence_sequence,
    e_benjamini_hochberg,
    empirical_bernstein_lower,
    harm_e_value,
    newcombe,
    welch,
)
from tests.proofs.ledger import runs
from tests.proofs.watched import ever_excludes_zero, watched_counts, watched_spending

LOOKS, NEW = 100, 100
PLANNED = 2 * LOOKS * NEW
RETENTION = 0.3


def watched(metric: str, made: int, rng: np.random.Generator) -> tuple[Estimate, np.ndarray]:
    """An A/A comparison at every look, and the events in the variant that has fewer."""
    if metric == "revenue":
        sides = [watched_spending(LOOKS, NEW, made, rng) for _ in range(2)]
        return welch(*sides), np.floor(0.2 * np.minimum(sides[0].n, sides[1].n))
    counts: list[Counts] = [watched_counts(LOOKS, NEW, RETENTION, made, rng) for _ in range(2)]
    return newcombe(*counts), np.minimum(counts[0].successes, counts[1].successes)


@pytest.mark.parametrize("metric", ["revenue", "retention"])
def test_equal_variants_watched_at_a_hundred_looks(ledger, metric):
    made, rng = runs(4000), np.random.default_rng(521)
    plain, events = watched(metric, made, rng)
    found = confidence_sequence(plain, planned_customers=PLANNED, fewest_events=events)
    proof = f"A/A on {metric}, 100 looks: sequence ever excludes zero"
    ledger.share("5.2", proof, ever_excludes_zero(found), high=0.055, made=made)
    proof = f"negative: A/A on {metric}, 100 looks: plain interval ever excludes zero"
    ledger.share("5.2", proof, ever_excludes_zero(plain), low=0.30, made=made)


@pytest.mark.parametrize("metric", ["revenue", "retention"])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_harm_alarms_on_harmless_treatments(ledger, metric, alpha):
    made, rng = runs(4000), np.random.default_rng(522)
    plain, events = watched(metric, made, rng)
    e = harm_e_value(plain, planned_customers=PLANNED, alpha=alpha, fewest_events=events)
    proof = f"A/A on {metric}, 100 looks: harm e ever reaches {1 / alpha:.0f}"
    ledger.share("5.2", proof, (e >= 1 / alpha).any(axis=-1).mean(), high=alpha, made=made)


def test_lower_limits_of_rare_outcomes_hold_at_all_times(ledger):
    made, rng = runs(4000), np.random.default_rng(531)
    rows = rng.random((made, 1000)) < 0.02
    missed = (empirical_bernstein_lower(rows) > 0.02).any(axis=-1)
    ledger.share(
        "5.3", "empirical-Bernstein limit of a 2% rate, 1,000 times: ever above it", missed.mean(), high=0.05, made=made
    )


def test_finds_among_watched_segments_are_mostly_true(ledger):
    made, rng = runs(4000), np.random.default_rng(532)
    # Forty segments sharing one control, half of them without effect, read at the worst of 20 looks.
    is_true = np.arange(40) < 20
    steps = rng.normal(size=(made, 20, 40)) + 0.7 * rng.normal(size=(made, 20, 1)) + np.where(is_true, 0.5, 0.0)
    variance, r = 1.0 + 0.7**2, 5.0
    z = np.cumsum(steps, axis=1) / np.sqrt(variance * np.arange(1.0, 21.0))[:, None]
    weight = r * np.arange(1.0, 21.0)[:, None] / 20.0
    e = np.exp(weight / (1 + weight) * z**2 / 2 - np.log1p(weight) / 2)
    found = e_benjamini_hochberg(e) <= 0.05
    wrong = (found & ~is_true).sum(axis=-1) / np.maximum(found.sum(axis=-1), 1)
    ledger.share(
        "5.3",
        "40 segments, half without effect, e-BH at the worst look: false among the finds",
        wrong.mean(axis=0).max(),
        high=0.05,
        made=made,
    )
