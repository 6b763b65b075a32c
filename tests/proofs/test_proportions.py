"""§3.2: coverage of the interval for a difference of two rates, by enumeration of every outcome."""

import numpy as np
from scipy import stats as scipy_stats

from experiments.stats import Counts, newcombe

SIZES = (30, 50, 80, 120, 200)
RATES = np.round(np.arange(0.01, 0.505, 0.01), 2)


def coverage(n_control: int, n_treatment: int) -> np.ndarray:
    """Exact coverage at every pair of rates, (control rate, treatment rate)."""
    control, treatment = np.arange(n_control + 1), np.arange(n_treatment + 1)
    found = newcombe(Counts(n_control, control[:, None]), Counts(n_treatment, treatment))
    chance = [scipy_stats.binom.pmf(x, n, RATES[:, None]) for x, n in ((control, n_control), (treatment, n_treatment))]
    covered = np.empty((RATES.size, RATES.size))
    for place, rate in enumerate(RATES):
        difference = RATES - rate
        for other in range(RATES.size):
            holds = (found.low <= difference[other]) & (difference[other] <= found.high)
            covered[place, other] = chance[0][place] @ holds @ chance[1][other]
    return covered


def test_interval_of_two_rates_covers_on_average_and_at_worst(ledger):
    equal = [coverage(n, n) for n in SIZES]
    unequal = [coverage(one, two) for one, two in ((30, 200), (50, 120), (200, 30))]
    whole = np.concatenate([cells.ravel() for cells in equal + unequal])
    proof = "Newcombe, 30 to 200 customers, rates 1% to 50%"
    ledger.share("3.2", f"{proof}: mean coverage", whole.mean(), low=0.945, high=0.965, made=0)
    ledger.share("3.2", f"{proof}: least coverage", whole.min(), low=0.91, made=0)
