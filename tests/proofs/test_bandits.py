"""§10.1: what bandits earn on the reference problem, and how often they name the wrong arm."""

import numpy as np
import pytest

from experiments.stats import BetaPosterior, Counts, best_rate, probability_best, probability_matching
from tests.proofs.bandit_runs import Play, play_rates
from tests.proofs.ledger import runs

RATES = np.array([0.05, 0.055, 0.06, 0.045, 0.05])
BATCH = 100


def regret(rates, play: Play, made: int, seed: int) -> np.ndarray:
    """Pseudo-regret of each run after each batch: what always playing the best arm would have earned more."""
    rng = np.random.default_rng(seed)
    lost = rates.max() - rates
    parts = []
    for start in range(0, made, BATCH):
        counts, _ = play_rates(rates, play, min(BATCH, made - start), rng)
        parts.append(np.cumsum(counts.n @ lost, axis=-1))
    return np.concatenate(parts)


@pytest.mark.parametrize(("floor", "bound"), [(0.0, 127.0), (0.05, 190.0)])
def test_regret_on_the_reference_problem(ledger, floor, bound):
    made = runs(400)
    final = regret(RATES, Play(batches=100, size=500, floor=floor), made, seed=101)[:, -1]
    ledger.figure(
        "10.1",
        f"50,000 customers, five arms from 4.5% to 6%, floor {floor:.0%}: mean regret (even play 400)",
        float(final.mean()),
        high=bound,
        made=made,
        error=float(final.std() / np.sqrt(made)),
    )


def test_regret_grows_no_faster_than_its_asymptote(ledger):
    # Lai & Robbins (1985): 50.2 per unit of log T on this problem, an asymptote that 50,000 customers do not reach.
    made = runs(100)
    path = regret(RATES, Play(batches=200, size=5000, floor=0.0), made, seed=102)
    slope = (path[:, -1] - path[:, 19]) / np.log(10.0)
    ledger.figure(
        "10.1",
        "regret from 100,000 to 1,000,000 customers per unit of log T, floor 0 (asymptote 50.2)",
        float(slope.mean()),
        high=50.2,
        made=made,
        error=float(slope.std() / np.sqrt(made)),
    )


def test_stopping_rule_seldom_names_the_wrong_arm(ledger):
    # Three arms, the best by a quarter; looked at after every batch under probability matching.
    made, rates = runs(1000), np.array([0.10, 0.10, 0.125])
    counts, _ = play_rates(rates, Play(batches=100, size=300, floor=0.05), made, np.random.default_rng(103))
    looks = best_rate(Counts(np.cumsum(counts.n, axis=1), np.cumsum(counts.successes, axis=1)))
    first = np.argmax(looks.is_found, axis=-1)
    stopped = looks.is_found.any(axis=-1)
    wrong = stopped & (np.take_along_axis(looks.leader, first[:, None], axis=-1)[:, 0] != 2)
    ledger.share(
        "10.1", "best-arm rule looked at after 100 batches: wrong arm named", float(wrong.mean()), high=0.05, made=made
    )
    ledger.share("10.1", "the same: an arm is named within 30,000 customers", float(stopped.mean()), low=0.5, made=made)


def test_negative_cutting_at_the_floor_breaks_it(ledger):
    rng = np.random.default_rng(104)
    belief = BetaPosterior(rng.uniform(5, 60, (1000, 5)), rng.uniform(300, 900, (1000, 5)))
    chance = probability_best(belief)
    cut = np.maximum(chance, 0.05)
    broken = (cut / cut.sum(axis=-1, keepdims=True)).min(axis=-1) < 0.05
    assert probability_matching(chance).min() >= 0.05
    ledger.share(
        "10.1",
        "negative: floor cut and divided in place of mixed: allocations with an arm below it",
        float(broken.mean()),
        low=0.5,
        made=1000,
    )
