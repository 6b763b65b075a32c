"""§11: what a quarter of shipped experiments adds up to."""

import numpy as np

from experiments.stats import ClosedExperiments, naive_total, shrunk_total
from tests.proofs.ledger import runs


def test_shrunk_total_is_honest_where_the_naive_one_is_not(ledger):
    made, rng = runs(2000), np.random.default_rng(111)
    rows = []
    for _ in range(made):
        true, se = rng.normal(0.01, 0.02, 40), rng.uniform(0.01, 0.04, 40)
        estimates = true + se * rng.standard_normal(40)
        experiments = ClosedExperiments(estimates, se, estimates / se > 1.96)
        shrunk = shrunk_total(experiments, rng=rng, alpha=0.1)
        truth = true[experiments.shipped].sum()
        rows.append((truth, naive_total(experiments).estimate, shrunk.estimate, shrunk.low <= truth <= shrunk.high))
    truth, naive, shrunk, held = np.array(rows, dtype=float).T
    error = float((shrunk - truth).std() / truth.mean() / np.sqrt(made))
    proof = "40 experiments a quarter: bias of the shrunk total, as a share of the true one"
    ledger.figure("11", proof, float(shrunk.mean() / truth.mean() - 1), low=-0.05, high=0.05, made=made, error=error)
    ledger.share("11", "the same: its 90% interval covers", float(held.mean()), low=0.87, high=0.93, made=made)
    error = float((naive - truth).std() / truth.mean() / np.sqrt(made))
    proof = "negative: bias of the naive total, as a share of the true one"
    ledger.figure("11", proof, float(naive.mean() / truth.mean() - 1), low=0.3, made=made, error=error)
