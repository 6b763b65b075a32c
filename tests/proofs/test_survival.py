"""§4: days survived and the log-rank test, with two in five customers censored."""

import numpy as np

from experiments.stats import RiskTable, log_rank, restricted_mean_difference
from tests.proofs.ledger import runs

FULL = 20_000
LAST = 60
TAU = 28
CUSTOMERS = 300


def tables(rate: float, made: int, rng: np.random.Generator) -> RiskTable:
    """Risk tables of geometric churn on whole days, censored at random; nobody is seen after day 60."""
    churn = rng.geometric(rate, (made, CUSTOMERS))
    censored = np.minimum(rng.geometric(0.0335, (made, CUSTOMERS)), LAST)
    # At least one customer is followed to the end, so that every horizon can be judged.
    censored[:, 0] = LAST
    last, seen = np.minimum(churn, censored), churn <= censored
    cell = np.arange(made)[:, None] * (LAST + 1)
    left, events = (
        np.bincount((cell + last)[chosen], minlength=made * (LAST + 1)).reshape(made, LAST + 1)
        for chosen in (np.ones_like(seen), seen)
    )
    at_risk = np.cumsum(left[:, ::-1], axis=1)[:, ::-1]
    return RiskTable(np.arange(LAST + 1.0), at_risk, events)


def stacked(control: RiskTable, treatment: RiskTable) -> RiskTable:
    pair = [np.stack([getattr(side, name) for side in (control, treatment)], axis=1) for name in ("at_risk", "events")]
    return RiskTable(control.day, *pair)


def days_survived(rate: float) -> float:
    """Mean of min(churn day, horizon): the sum of the chances to be there on days 0 to 27."""
    return float(((1 - rate) ** np.arange(TAU)).sum())


def test_difference_of_days_survived_is_covered(ledger):
    made, rng = runs(FULL), np.random.default_rng(43)
    control, treatment = tables(0.05, made, rng), tables(0.04, made, rng)
    truth = days_survived(0.04) - days_survived(0.05)
    found = restricted_mean_difference(control, treatment, TAU)
    censored = 1 - control.events.sum() / CUSTOMERS / made
    assert 0.38 < censored < 0.42
    covered = ((found.low <= truth) & (truth <= found.high)).mean()
    proof = "restricted mean, 300 each, 40% censored: coverage"
    ledger.share("4", proof, covered, low=0.94, high=0.96, made=made)


def test_equal_variants_differ_by_log_rank_in_five_of_a_hundred(ledger):
    made, rng = runs(FULL), np.random.default_rng(44)
    found = log_rank(stacked(tables(0.05, made, rng), tables(0.05, made, rng)))
    ledger.share("4", "log-rank, 300 each: type I", (found.p <= 0.05).mean(), low=0.045, high=0.055, made=made)
