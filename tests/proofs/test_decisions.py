"""§7: many comparisons and guardrails must not turn nothing, or harm, into a success."""

import numpy as np

from experiments.stats import (
    Counts,
    Moments,
    Recommendation,
    benjamini_hochberg,
    dunnett_adjusted_p,
    dunnett_loading,
    holm,
    log_ratio_lift,
    matching_alpha,
    non_inferiority,
    rate_non_inferiority,
    suggestion,
    verdicts,
    welch,
)
from tests.proofs.draws import Array, spending_runs
from tests.proofs.ledger import runs

BATCH = 500


def normal_moments(n: int, mean: Array, sd: float, rng: np.random.Generator) -> Moments:
    """Moments of `n` normal customers in each cell of `mean`."""
    return Moments(n, rng.normal(mean, sd / np.sqrt(n)), sd**2 * rng.chisquare(n - 1, np.shape(mean)))


def test_three_treatments_and_four_primary_metrics_without_any_effect(ledger):
    made, rng = runs(20_000), np.random.default_rng(701)
    wrong = 0
    for start in range(0, made, BATCH):
        size = min(BATCH, made - start)
        sides = normal_moments(800, np.zeros((size, 4, 4)), 3.0, rng)
        control, treatments = sides.split()
        found = welch(control, treatments)
        loading = dunnett_loading(control.variance / control.n, treatments.variance / treatments.n)
        # Dunnett over the treatments of a metric, Holm over the metrics.
        per_metric = dunnett_adjusted_p(found.p, loading).min(axis=-1)
        wrong += int((holm(per_metric) <= 0.05).any(axis=-1).sum())
    ledger.share("7", "3 treatments x 4 primaries, none better: any find", wrong / made, high=0.055, made=made)


def test_half_of_the_secondary_metrics_moved(ledger):
    made, rng = runs(20_000), np.random.default_rng(702)
    is_moved = np.arange(20) % 2 == 0
    control = normal_moments(500, np.zeros((made, 20)), 1.0, rng)
    treatment = normal_moments(500, np.where(is_moved, 0.2, 0.0) + np.zeros((made, 1)), 1.0, rng)
    single = welch(control, treatment)
    found = benjamini_hochberg(single.p) <= 0.05
    wrong = (found & ~is_moved).sum(axis=-1) / np.maximum(found.sum(axis=-1), 1)
    ledger.share(
        "7", "20 metrics, half moved, Benjamini-Hochberg: false among the finds", wrong.mean(), high=0.055, made=made
    )
    shown = welch(control, treatment, alpha=matching_alpha(single.p))
    disagree = (shown.excludes_zero != found).any(axis=-1)
    ledger.share(
        "7",
        "20 metrics, half moved: runs in which an interval and its adjusted p disagree",
        disagree.mean(),
        high=0.0,
        made=made,
    )


def shipped(passed: Array, made: int, rng: np.random.Generator) -> float:
    """Share of runs that would ship a treatment that is clearly better, given whether its guardrail passed."""
    primary = welch(normal_moments(2000, np.zeros(made), 1.0, rng), normal_moments(2000, np.full(made, 0.2), 1.0, rng))
    words = verdicts(primary.low, primary.high, plan_reached=True)
    decisions = [
        suggestion([word], [bool(harmless)], [effect]).decision
        for word, harmless, effect in zip(words, passed, primary.estimate, strict=True)
    ]
    return float(np.mean([decision is Recommendation.SHIP for decision in decisions]))


def test_guardrail_at_its_absolute_margin(ledger):
    made, rng = runs(20_000), np.random.default_rng(703)
    control, treatment = (normal_moments(2000, np.full(made, mean), 4.0, rng) for mean in (10.0, 9.7))
    passed = non_inferiority(welch(control, treatment), margin=0.3).passed
    ledger.share("7", "guardrail mean at its margin: shipped", shipped(passed, made, rng), high=0.055, made=made)


def test_guardrail_revenue_at_its_relative_margin(ledger):
    made, rng = runs(20_000), np.random.default_rng(704)
    control = spending_runs(5000, made, rng)
    plain = spending_runs(5000, made, rng)
    treatment = Moments(plain.n, plain.mean * 0.9, plain.m2 * 0.81)
    passed = non_inferiority(log_ratio_lift(control, treatment), margin=0.1, is_relative=True).passed
    ledger.share(
        "7", "guardrail revenue at its margin of 10%: shipped", shipped(passed, made, rng), high=0.055, made=made
    )


def test_guardrail_rate_at_its_margin(ledger):
    made, rng = runs(20_000), np.random.default_rng(705)
    control, treatment = (Counts(4000, rng.binomial(4000, rate, made)) for rate in (0.01, 0.014))
    passed = rate_non_inferiority(control, treatment, margin=0.004, direction="down").passed
    ledger.share(
        "7",
        "guardrail unsubscribes of 1% at their margin of 0.4 pp: shipped",
        shipped(passed, made, rng),
        high=0.055,
        made=made,
    )
    passed = rate_non_inferiority(control, treatment, margin=0.4, is_relative=True, direction="down").passed
    ledger.share(
        "7",
        "guardrail unsubscribes of 1% at their relative margin of 40%: shipped",
        shipped(passed, made, rng),
        high=0.055,
        made=made,
    )


def test_finding_no_harm_is_no_guardrail(ledger):
    made, rng = runs(20_000), np.random.default_rng(706)
    control, treatment = (normal_moments(200, np.full(made, mean), 4.0, rng) for mean in (10.0, 9.7))
    unharmed = welch(control, treatment).high >= 0
    proof = "negative: guardrail passed because no harm was found, 200 each: shipped at the margin"
    ledger.share("7", proof, shipped(unharmed, made, rng), low=0.5, made=made)
