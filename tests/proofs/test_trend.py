"""§9: an effect that stays the same must not look as if it wore off."""

import numpy as np

from experiments.stats import effect_trend, effects_by_day
from tests.proofs.draws import normal_cross_moments
from tests.proofs.ledger import runs

FULL = 20_000
DAYS = np.arange(1.0, 15.0)
WITHIN_CUSTOMER = 0.5 + 0.5 * np.eye(14)


def test_steady_effect_shows_a_trend_in_five_of_a_hundred_unless_days_are_cumulated(ledger):
    made, rng = runs(FULL), np.random.default_rng(45)
    sides = [normal_cross_moments(1000, WITHIN_CUSTOMER, np.full(14, shift), made, rng) for shift in (0.0, 0.1)]
    effect, covariance = effects_by_day(*sides)
    found = effect_trend(DAYS, effect, covariance=covariance)
    ledger.share(
        "9", "steady effect, correlation 0.5: trend", (found.p <= 0.05).mean(), low=0.045, high=0.056, made=made
    )


def test_line_through_effects_to_date_finds_trends_in_a_steady_effect(ledger):
    # The naive way, kept failing: each calendar day's effect over all customers and days so far, weighted by its own
    # variance, as if the days were independent. A cohort of 500 enters each variant every day.
    made, rng = runs(FULL), np.random.default_rng(46)
    root = np.linalg.cholesky(WITHIN_CUSTOMER * 2 / 500)
    to_date = _to_date_weights() @ np.kron(np.eye(14), root)
    effects = 0.1 + rng.normal(size=(made, to_date.shape[1])) @ to_date.T
    naive = effect_trend(DAYS, effects, variance=(to_date**2).sum(axis=1))
    proof = "negative: line through effects to date: trend"
    ledger.share("9", proof, (naive.p <= 0.05).mean(), low=0.10, made=made)


def _to_date_weights() -> np.ndarray:
    """Weight of each (cohort, day since exposure) cell in the effect to date of each calendar day."""
    cohort, since = np.divmod(np.arange(14 * 14), 14)
    counts = (cohort + since < DAYS[:, None]).astype(float)
    return counts / counts.sum(axis=1, keepdims=True)
