"""§12: the quarter's plan against all plans there are."""

from experiments.stats import greedy_plan, quarter_plan
from tests.experiments.stats.planning.plans import best_value, small_quarter
from tests.proofs.ledger import runs


def test_plan_equals_enumeration_and_never_falls_below_greedy(ledger):
    made = runs(200)
    best, above, gain = 0, 0, 0.0
    for seed in range(made):
        ideas, quarter = small_quarter(1000 + seed)
        exact, shipped, greedy = (
            quarter_plan(ideas, quarter, gap=0.0),
            quarter_plan(ideas, quarter),
            greedy_plan(ideas, quarter),
        )
        truth = best_value(ideas, quarter)
        best += abs(exact.value - truth) <= 1e-9 * max(truth, 1.0)
        above += min(exact.value, shipped.value) >= greedy.value and shipped.value >= 0.99 * truth
        gain += exact.value / greedy.value if greedy.value else 1.0
    ledger.share("12", "plans of up to 12 ideas: value of the best of all plans reached", best / made, low=1.0, made=0)
    ledger.share(
        "12", "the same with the default gap: never below greedy, within 1% of the best", above / made, low=1.0, made=0
    )
    ledger.figure("12", "the same: value over that of the greedy plan, on average", gain / made, low=1.0, made=made)
