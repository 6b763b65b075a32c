"""§3.4: coverage and width of the adjusted difference and lift."""

import numpy as np
import pytest

from experiments.stats import CrossMoments, cuped_means, lin, lin_lift, welch
from tests.proofs.draws import normal_cross_moments
from tests.proofs.ledger import runs

FULL = 40_000
SPLITS = {"1:1": (1000, 1000), "1:9": (200, 1800)}


def sides(rho: float, split: str, lift: float, made: int, seed: int) -> tuple[CrossMoments, CrossMoments]:
    """Outcome with mean 10 and standard deviation 5, its covariate with correlation `rho`."""
    rng = np.random.default_rng(seed)
    covariance = 25.0 * np.array([[1.0, rho], [rho, 1.0]])
    control, treatment = (normal_cross_moments(n, covariance, np.array([10.0, 10.0]), made, rng) for n in SPLITS[split])
    grown = np.array([1.0 + lift, 1.0])
    return control, CrossMoments(treatment.n, treatment.mean * grown, treatment.m * np.outer(grown, grown))


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("rho", [0.0, 0.6, 0.95])
def test_adjusted_difference_and_lift_are_covered_and_as_narrow_as_promised(rho, split, ledger):
    made = runs(FULL)
    control, treatment = sides(rho, split, 0.2, made, seed=35)
    found, lift = lin(control, treatment), lin_lift(control, treatment)
    same = lin(*sides(rho, split, 0.0, made, seed=36))
    plain = welch(*(side.column(0) for side in sides(rho, split, 0.0, made, seed=36)))
    proof = "Lin's adjustment, correlation 0, 0.6, 0.95, split 1:1 and 1:9"
    bounds = {"low": 0.942, "high": 0.958, "made": made}
    ledger.share("3.4", f"{proof}: coverage", ((found.low <= 2.0) & (found.high >= 2.0)).mean(), **bounds)
    ledger.share("3.4", f"{proof}: coverage of a 20% lift", ((lift.low <= 0.2) & (lift.high >= 0.2)).mean(), **bounds)
    ratio = same.se.mean() / plain.se.mean() / np.sqrt(1 - rho**2)
    ledger.figure(
        "3.4", f"{proof}: standard error over the plain one, by sqrt(1 - r²)", ratio, low=0.98, high=1.02, made=made
    )


def test_lift_from_adjusted_variances_alone_is_covered_too_rarely(ledger):
    # The naive way: the adjusted difference over the control mean, with no variance for that mean itself. The same
    # 2 units for everybody: a lift of 20%.
    made = runs(FULL)
    control, treatment = sides(0.95, "1:1", 0.0, made, seed=37)
    treatment = CrossMoments(treatment.n, treatment.mean + np.array([2.0, 0.0]), treatment.m)
    lift, adjusted = lin_lift(control, treatment), cuped_means(control, treatment)
    ratio = 1.0 + lift.estimate
    variance = (adjusted[1].squared_error + ratio**2 * adjusted[0].squared_error) / control.mean[:, 0] ** 2
    reach = 1.96 * np.sqrt(variance) / ratio
    covered = (np.abs(np.log(ratio / 1.2)) <= reach).mean()
    proof = "negative: lift of 20% from adjusted variances alone, correlation 0.95: coverage"
    ledger.share("3.4", proof, covered, high=0.94, made=made)
