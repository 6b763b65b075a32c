"""§3.1: does Welch's test keep its 5% on revenue, and does it warn where it cannot?"""

import numpy as np

from experiments.stats import Status, welch
from tests.proofs.draws import spending_runs
from tests.proofs.ledger import runs

GRID = (100, 300, 1000, 3000, 9000)
# With two million draws a cell, a share of 4% or 6% is known to a tenth of a point.
GRID_RUNS = 20_000


def test_equal_variants_of_revenue_differ_in_five_of_a_hundred(ledger):
    made, rng = runs(20_000), np.random.default_rng(31)
    found = welch(*(spending_runs(5000, made, rng) for _ in range(2)))
    ledger.share(
        "3.1", "A/A, skewed revenue, 5,000 each: type I", (found.p <= 0.05).mean(), low=0.045, high=0.054, made=made
    )


def test_sizes_where_the_test_is_off_carry_the_warning(ledger):
    made, rng = runs(GRID_RUNS), np.random.default_rng(32)
    off, warned = 0, 1.0
    for control in GRID:
        for treatment in GRID:
            found = welch(spending_runs(control, made, rng), spending_runs(treatment, made, rng))
            if not 0.04 <= (found.p <= 0.05).mean() <= 0.06:
                off += 1
                warned = min(warned, float((found.status == Status.APPROXIMATION_WEAK).mean()))
    assert off > 0
    proof = f"A/A grid of sizes 100 to 9,000: least share of warnings in a cell outside 4% to 6% ({off} of 25 cells)"
    ledger.share("3.1", proof, warned, low=0.99, made=made)
