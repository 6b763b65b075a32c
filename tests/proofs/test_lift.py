"""§3.3: coverage of the relative lift of revenue, and on which side the misses fall."""

import numpy as np
import pytest

from experiments.stats import Moments, delta_lift, fieller_lift, log_ratio_lift
from tests.proofs.draws import spending_runs
from tests.proofs.ledger import runs

# The log interval at 500 sits near its bound: a tenth of a point must not be noise.
FULL = {500: 100_000, 5000: 20_000}
NAMES = {log_ratio_lift: "log-ratio", fieller_lift: "Fieller's"}


def sides(size: int, lift: float, made: int, seed: int) -> tuple[Moments, Moments]:
    """Revenue of both variants; the lift comes from more buyers, not from larger amounts."""
    rng = np.random.default_rng(seed)
    return spending_runs(size, made, rng), spending_runs(size, made, rng, buyers=0.2 * (1 + lift))


@pytest.mark.parametrize("size", [500, 5000])
@pytest.mark.parametrize("lift", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("method", NAMES)
def test_lift_of_revenue_is_covered_and_misses_are_balanced(method, size, lift, ledger):
    made = runs(FULL[size])
    found = method(*sides(size, lift, made, seed=33 + size + round(100 * lift)))
    above, below = (found.low > lift).mean(), (found.high < lift).mean()
    proof = f"{NAMES[method]} interval of a lift of revenue of 0, 5, 30%, {size:,} each"
    ledger.share("3.3", f"{proof}: coverage", 1 - above - below, low=0.94, high=0.96, made=made)
    ledger.share("3.3", f"{proof}: worse tail", max(above, below), high=0.035, made=made)


def test_symmetric_interval_of_a_lift_misses_on_one_side(ledger):
    made = runs(FULL[500])
    found = delta_lift(*sides(500, 0.3, made, seed=34))
    worse = max((found.low > 0.3).mean(), (found.high < 0.3).mean())
    ledger.share("3.3", "negative: delta interval of a lift of 30%, 500 each: worse tail", worse, low=0.035, made=made)
