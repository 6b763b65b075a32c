"""§8: an experiment of the planned size finds the planned effect as often as the plan says."""

import numpy as np
import pytest

from experiments.stats import (
    Moments,
    PlannedMean,
    SingleLook,
    achieved_power,
    confidence_sequence,
    dunnett_alpha,
    group_sequential,
    required_customers,
    sequence_schedule,
    welch,
)
from tests.proofs.ledger import runs
from tests.proofs.planned import population

LIFTS = {
    "mean": (0.08, 0.15, 0.3),
    "proportion": (0.08, 0.15, 0.3),
    "ratio": (0.04, 0.08, 0.15),
    "retention": (0.04, 0.08, 0.15),
}
LOOKS = 5
# Twenty thousand runs rather than two: the error of a share of 80% is then 0.3 points, and seven of them fit into 2.
FULL = 20_000


@pytest.mark.parametrize("is_sequential", [False, True])
@pytest.mark.parametrize("is_adjusted", [False, True])
@pytest.mark.parametrize("metric", LIFTS)
def test_planned_power_is_the_share_of_finds(ledger, metric, is_adjusted, is_sequential):
    made, rng = runs(FULL), np.random.default_rng([801, list(LIFTS).index(metric), is_adjusted, is_sequential])
    rule = group_sequential(np.arange(1, LOOKS + 1) / LOOKS) if is_sequential else SingleLook()
    looks = LOOKS if is_sequential else 1
    alpha = rule.nominal_alpha if is_sequential else np.array([0.05])
    gaps = []
    for lift in LIFTS[metric]:
        people = population(metric, lift)
        plan, effect = people.plan(is_adjusted=is_adjusted)
        new = int(np.ceil(required_customers(plan, effect=effect, rule=rule).control / looks))
        stated = float(achieved_power(plan, effect=effect, control_customers=looks * new, rule=rule))
        found = people.compared(*people.looks(new, looks, made, rng), is_adjusted=is_adjusted, alpha=alpha)
        gaps.append(100 * (float(found.excludes_zero.any(axis=-1).mean()) - stated))
    proof = f"power of 80% for a {metric}, 3 effects, plain and adjusted, 1 and 5 looks: largest gap to plan in points"
    ledger.figure("8", proof, max(np.abs(gaps)), low=0.0, high=2.0, made=made, error=40 / np.sqrt(made))


def test_planned_power_of_several_treatments_and_of_a_watched_sequence(ledger):
    made, rng, effect = runs(FULL), np.random.default_rng(802), 0.1
    metric = PlannedMean(1.0)

    def variants(n: int, means: list[float]) -> list[Moments]:
        return [Moments(n, rng.normal(mean, 1 / np.sqrt(n), made), rng.chisquare(n - 1, made)) for mean in means]

    n = int(np.ceil(required_customers(metric, effect=effect, rule=SingleLook(treatments=3)).control))
    found = welch(*variants(n, [0.0, effect]), alpha=dunnett_alpha(np.full(3, 0.5)))
    gap = 100 * abs(float(found.excludes_zero.mean()) - 0.8)
    proof = "power of 80% for each of 3 treatments (Dunnett): gap to plan in points"
    ledger.figure("8", proof, gap, low=0.0, high=2.0, made=made, error=40 / np.sqrt(made))

    n = int(np.ceil(required_customers(metric, effect=effect, rule=sequence_schedule([1.0])).control))
    found = confidence_sequence(welch(*variants(n, [0.0, effect])), planned_customers=2 * n)
    gap = 100 * abs(float(found.excludes_zero.mean()) - 0.8)
    ledger.figure(
        "8",
        "power of 80% for a sequence read at the plan: gap to plan in points",
        gap,
        low=0.0,
        high=2.0,
        made=made,
        error=40 / np.sqrt(made),
    )
