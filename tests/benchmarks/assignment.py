"""From what was seen of five arms to the arm of each of 100,000 customers, with the propensity it was drawn by."""

from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from experiments.stats import BanditBatch, BanditDecisions, BetaPosterior, probability_best, probability_matching
from tests.benchmarks.lines import absent, measured, named, peer
from tests.benchmarks.timing import median_seconds

SUCCESSES, FAILURES = np.array([[50, 55, 60, 45, 50], [950, 945, 940, 955, 950]])
CUSTOMERS, SAMPLE = 100_000, 5_000
UNIT = "ms"


def lines() -> Iterator[str]:
    """What the assignments take with `experiments.stats`, and with MABWiser."""
    numbers = np.arange(CUSTOMERS)
    texts = np.array([f"customer-{number:08d}" for number in numbers])
    yield f"assignment: {CUSTOMERS:,} customers to 5 arms by Thompson sampling"
    for label, customers in {"numbers": numbers, "texts of 17 letters": texts}.items():
        ours = 1e3 * median_seconds(lambda: assigned(customers), repeats=21)  # noqa: B023
        yield measured(f"experiments.stats: with propensities, customers as {label}", ours, UNIT, at_most=20)
    if find_spec("mabwiser"):
        label = f"{named('mabwiser')}: without propensities ({SAMPLE:,}, scaled up)"
        yield peer(label, mabwiser_milliseconds(), UNIT, ours=ours)
    else:
        yield absent("mabwiser")


def assigned(customers: NDArray[np.generic]) -> BanditDecisions:
    """A batch's work whole: posterior, shares with the exploration floor, hashes, arms, propensities."""
    shares = probability_matching(probability_best(BetaPosterior.from_counts(SUCCESSES, FAILURES)))
    return BanditBatch("spring-mail", 1, shares, "probability matching", "salt").assign(customers)


def mabwiser_milliseconds() -> float:
    """What MABWiser's Thompson sampling would take for as many."""
    from mabwiser.mab import MAB, LearningPolicy

    bandit = MAB(list(range(len(SUCCESSES))), LearningPolicy.ThompsonSampling(), seed=14)
    arms = np.arange(len(SUCCESSES))
    played = np.concatenate([np.repeat(arms, SUCCESSES), np.repeat(arms, FAILURES)])
    bandit.fit(played, (np.arange(len(played)) < SUCCESSES.sum()).astype(int))
    everybody = np.zeros((SAMPLE, 1))
    return 1e3 * CUSTOMERS / SAMPLE * median_seconds(lambda: bandit.predict(everybody), repeats=3)
