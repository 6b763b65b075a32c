"""§5.1: looking before the end spends alpha and no more, and finds what it was planned to find."""

import numpy as np
import pytest

from experiments.stats import (
    Estimate,
    Method,
    Moments,
    after_stopping,
    futility_bounds,
    group_sequential,
    newcombe,
    welch,
)
from tests.proofs.draws import Array
from tests.proofs.ledger import runs
from tests.proofs.watched import ever_excludes_zero, watched_counts, watched_spending

FIVE = np.arange(1, 6) / 5
HUNDRED = np.arange(1, 101) / 100


def normal_walks(drift: float, looks: Array, made: int, rng: np.random.Generator) -> Array:
    """z at each look, shape (run, look), of data that are exactly normal."""
    steps = np.diff(looks, prepend=0.0)
    score = np.cumsum(rng.normal(drift * steps, np.sqrt(steps), (made, looks.size)), axis=-1)
    return score / np.sqrt(looks)


@pytest.mark.parametrize("spending", ["obf", "pocock"])
def test_equal_variants_looked_at_five_times(ledger, spending):
    made, rng = runs(20_000), np.random.default_rng(501)
    control, treatment = (watched_spending(5, 1000, made, rng) for _ in range(2))
    found = welch(control, treatment, alpha=group_sequential(FIVE, spending=spending).nominal_alpha)
    proof = f"A/A on revenue, 5 looks, {spending}: ever stopped"
    ledger.share("5.1", proof, ever_excludes_zero(found), high=0.055, made=made)


@pytest.mark.parametrize("spending", ["obf", "pocock"])
def test_equal_variants_looked_at_on_a_hundred_days(ledger, spending):
    made, rng = runs(4000), np.random.default_rng(502)
    control, treatment = (watched_spending(100, 100, made, rng) for _ in range(2))
    # The first days are too small for a mean of revenue under constant spending: looks begin with the tenth.
    first = 0 if spending == "obf" else 9
    schedule = group_sequential(HUNDRED[first:], spending=spending)
    found = welch(control[:, first:], treatment[:, first:], alpha=schedule.nominal_alpha)
    proof = f"A/A on revenue, {100 - first} daily looks, {spending}: ever stopped"
    ledger.share("5.1", proof, ever_excludes_zero(found), high=0.056, made=made)


def test_equal_rates_looked_at_five_times(ledger):
    made, rng = runs(20_000), np.random.default_rng(503)
    control, treatment = (watched_counts(5, 1000, 0.1, made, rng) for _ in range(2))
    found = newcombe(control, treatment, alpha=group_sequential(FIVE).nominal_alpha)
    ledger.share(
        "5.1", "A/A on a rate of 10%, 5 looks, obf: ever stopped", ever_excludes_zero(found), high=0.055, made=made
    )


def test_three_equal_treatments_share_alpha(ledger):
    made, rng = runs(10_000), np.random.default_rng(504)
    control, *others = (watched_counts(5, 1000, 0.2, made, rng) for _ in range(4))
    nominal = group_sequential(FIVE, treatments=3).nominal_alpha
    wrong = np.any([newcombe(control, other, alpha=nominal).excludes_zero.any(axis=-1) for other in others], axis=0)
    ledger.share("5.1", "3 treatments, none better, 5 looks: any ever stopped", wrong.mean(), high=0.055, made=made)


@pytest.mark.parametrize(("spending", "looks"), [("obf", 5), ("pocock", 5), ("obf", 20)])
def test_power_is_what_theory_says(ledger, spending, looks):
    made, rng = runs(20_000), np.random.default_rng(505)
    schedule = group_sequential(np.arange(1, looks + 1) / looks, spending=spending)
    drift = float(schedule.drift_found_with(0.8))
    # Normal amounts with sd 1: the difference that has this drift at the planned 5,000 a variant.
    effect = drift * np.sqrt(2 / 5000)
    rows = [_normal_looks(looks, 5000 // looks, shift, made, rng) for shift in (0.0, effect)]
    found = welch(*rows, alpha=schedule.nominal_alpha)
    gap = 100 * abs(ever_excludes_zero(found) - 0.8)
    proof = f"power of 80% with {looks} looks, {spending}: gap between runs and theory in points"
    ledger.figure("5.1", proof, gap, low=0.0, high=1.5, made=made, error=40 / np.sqrt(made))


def test_after_stopping_the_estimate_is_as_often_too_high_as_too_low(ledger):
    made, rng = runs(20_000), np.random.default_rng(506)
    drift = 2.0
    z = normal_walks(drift, FIVE, made, rng)
    bounds = group_sequential(FIVE).bounds
    stop = np.where((np.abs(z) >= bounds).any(axis=1), (np.abs(z) >= bounds).argmax(axis=1), 4)
    too_high, covered, naive_gap = np.zeros(made, bool), np.zeros(made, bool), np.zeros(made)
    for look in range(5):
        here = stop == look
        # On the scale of the drift the standard error at a look is one over the root of its information.
        seen = _as_estimate(z[here, look] / np.sqrt(FIVE[look]), 1.0 / np.sqrt(FIVE[look]))
        found = after_stopping(seen, group_sequential(FIVE[: look + 1]))
        too_high[here] = found.estimate > drift
        covered[here] = (found.low <= drift) & (drift <= found.high)
        naive_gap[here] = seen.estimate - drift
    ledger.share("5.1", "estimate after stopping: above the truth", too_high.mean(), low=0.485, high=0.515, made=made)
    ledger.share("5.1", "interval after stopping: coverage", covered.mean(), low=0.945, high=0.955, made=made)
    proof = "negative: estimate as it stood at the stop: mean excess over the truth"
    ledger.share("5.1", proof, naive_gap.mean() / drift, low=0.05, made=made)


def test_following_every_advice_to_give_up_loses_no_more_than_planned(ledger):
    made, rng = runs(20_000), np.random.default_rng(507)
    schedule = group_sequential(FIVE)
    lower = futility_bounds(schedule, power=0.8)
    z = normal_walks(float(schedule.drift_found_with(0.8)), FIVE, made, rng)
    up, down = z >= schedule.bounds, z < lower
    first_up, first_down = (np.where(side.any(axis=1), side.argmax(axis=1), 9) for side in (up, down))
    ledger.share("5.1", "effect worth having given up on advice", (first_down < first_up).mean(), high=0.205, made=made)


def _normal_looks(looks: int, new: int, mean: float, made: int, rng: np.random.Generator) -> Moments:
    n = new * np.arange(1.0, looks + 1.0)
    total = np.cumsum(rng.normal(new * mean, np.sqrt(new), (made, looks)), axis=-1)
    # The squares within each increment, and of the increments' means about the running one.
    within = np.cumsum(rng.chisquare(new - 1, (made, looks)), axis=-1)
    means = np.diff(total, axis=-1, prepend=0.0) / new
    between = new * np.cumsum(means**2, axis=-1) - total**2 / n
    return Moments(n, total / n, within + np.maximum(between, 0.0))


def _as_estimate(value: Array, se: float) -> Estimate:
    plain = welch(Moments(50, np.zeros(value.shape), 50.0), Moments(50, 0.0, 50.0))
    return plain.under(Method.WELCH, alpha=np.asarray(0.05), estimate=value, se=np.full(value.shape, se))
