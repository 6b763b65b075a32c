"""§6: do beliefs hold what they say, also for those who stop when they like what they see?"""

import numpy as np
import pytest

from experiments.stats import Counts, NormalPrior, beta_binomial, learned_prior
from tests.proofs.draws import Array
from tests.proofs.ledger import runs

# A prior like that of past lifts: mean 0.5%, standard deviation 2%; twenty looks end at a standard error of 1%.
MEAN, TAU, FINAL_SE, LOOKS = 0.005, 0.02, 0.01, 20


def coverage(prior_tau: float, *, is_stopped: bool, made: int, rng: np.random.Generator) -> float:
    """Share of 90% credible intervals that hold an effect drawn from N(MEAN, TAU^2), under a prior of `prior_tau`."""
    effect = rng.normal(MEAN, TAU, made)
    estimate, se = _watched(effect, rng)
    belief = NormalPrior(MEAN, prior_tau**2).posterior(estimate, se).belief(alpha=0.1)
    look = _stop(belief.chance_to_beat) if is_stopped else np.full(made, LOOKS - 1)
    low, high = (np.take_along_axis(limit, look[:, None], axis=1)[:, 0] for limit in (belief.low, belief.high))
    return float(((low <= effect) & (effect <= high)).mean())


def _watched(effect: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Estimates and standard errors at each look, shape (run, look)."""
    share = np.arange(1.0, LOOKS + 1.0) / LOOKS
    noise = np.cumsum(rng.normal(size=(effect.size, LOOKS)), axis=1) * FINAL_SE / np.sqrt(LOOKS)
    return effect[:, None] + noise / share, np.broadcast_to(FINAL_SE / np.sqrt(share), (effect.size, LOOKS))


def _stop(chance: Array) -> np.ndarray:
    is_sure = chance > 0.95
    return np.where(is_sure.any(axis=1), is_sure.argmax(axis=1), LOOKS - 1)


@pytest.mark.parametrize("is_stopped", [False, True])
def test_credible_intervals_cover_effects_drawn_from_the_prior(ledger, is_stopped):
    made, rng = runs(40_000), np.random.default_rng(601)
    when = "stopped at P > 0.95" if is_stopped else "at the planned end"
    share = coverage(TAU, is_stopped=is_stopped, made=made, rng=rng)
    ledger.share(
        "6", f"effects from the prior, {when}: 90% credible intervals cover", share, low=0.89, high=0.91, made=made
    )


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_prior_three_times_too_wide_still_covers(ledger, is_stopped):
    made, rng = runs(40_000), np.random.default_rng(602)
    when = "stopped at P > 0.95" if is_stopped else "at the planned end"
    share = coverage(3 * TAU, is_stopped=is_stopped, made=made, rng=rng)
    ledger.share("6", f"prior three times too wide, {when}: 90% credible intervals cover", share, low=0.85, made=made)


def test_a_prior_three_times_too_narrow(ledger):
    made, rng = runs(40_000), np.random.default_rng(603)
    share = coverage(TAU / 3, is_stopped=False, made=made, rng=rng)
    ledger.share(
        "6", "negative: prior three times too narrow: 90% credible intervals cover", share, high=0.85, made=made
    )


def test_rates_drawn_from_a_beta_prior(ledger):
    made, rng = runs(5000), np.random.default_rng(604)
    rates = rng.beta(5.0, 95.0, (2, made))
    sides = [Counts(800, rng.binomial(800, rate)) for rate in rates]
    found = beta_binomial(*sides, prior=(5.0, 95.0), alpha=0.1)
    covered = (found.low <= rates[1] - rates[0]) & (rates[1] - rates[0] <= found.high)
    ledger.share(
        "6",
        "rates from the prior: 90% credible intervals of the difference cover",
        covered.mean(),
        low=0.89,
        high=0.91,
        made=made,
    )


def test_effects_behind_a_learned_prior(ledger):
    made, rng = runs(1000), np.random.default_rng(605)
    covered, next_covered = [], []
    for _ in range(made):
        se = rng.uniform(0.01, 0.04, 30)
        effect = rng.normal(MEAN, TAU, 31)
        estimate = effect + np.append(se, 0.02) * rng.standard_normal(31)
        prior = learned_prior(estimate[:30], se)
        shrunk = prior.shrunk(estimate[:30], se)
        covered.append((shrunk.quantile(0.05) <= effect[:30]) & (effect[:30] <= shrunk.quantile(0.95)))
        last = prior.posterior(estimate[30], 0.02)
        next_covered.append(last.quantile(0.05) <= effect[30] <= last.quantile(0.95))
    ledger.share(
        "6",
        "30 past experiments: 90% intervals of their shrunk effects cover",
        np.mean(covered),
        low=0.87,
        high=0.93,
        made=made,
    )
    ledger.share(
        "6",
        "the next experiment under the learned prior: 90% interval covers",
        np.mean(next_covered),
        low=0.87,
        high=0.93,
        made=made,
    )
