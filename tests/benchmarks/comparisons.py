"""A readout's worth of comparisons: 3 variants × 20 metrics × 30 looks."""

from collections.abc import Iterator
from importlib.util import find_spec

import numpy as np

from experiments.stats import Estimate, Moments, confidence_sequence, cumulative_looks, relative_lift, welch
from tests.benchmarks import peers
from tests.benchmarks.lines import absent, measured, named, peer
from tests.benchmarks.timing import median_seconds

METRICS, VARIANTS, LOOKS = 20, 3, 30
NEW_CUSTOMERS = 400
PLANNED_CUSTOMERS = 2 * LOOKS * NEW_CUSTOMERS
# Peers take one comparison at a time; so many of them tell how long each takes.
SAMPLE = 60
UNIT = "µs a comparison"


def lines() -> Iterator[str]:
    """What a comparison takes with `experiments.stats`, and with its peers."""
    control, treatment = revenue().split(axis=1)
    yield f"comparisons: {VARIANTS} variants × {METRICS} metrics × {LOOKS} looks, {treatment.n.size:,} in one call each"
    seconds = median_seconds(lambda: answers(control, treatment), repeats=101)
    ours = seconds / treatment.n.size * 1e6
    yield measured("experiments.stats: Welch, log-ratio and Fieller lift, sequence", ours, UNIT, at_most=2, aim=1)
    pairs = some_pairs(control, treatment)
    yield peer(f"{named('scipy')}: p-value alone", _each(peers.scipy_test(), pairs), UNIT, ours=ours)
    for package, label, found in [
        ("scipy", "p-value, both intervals", peers.scipy_comparison),
        ("gbstats", "difference, lift, sequence", peers.gbstats_comparison),
        ("tea-tasting", "difference and lift", peers.tea_tasting_comparison),
    ]:
        if find_spec(package.replace("-", "_")):
            yield peer(f"{named(package)}: {label}", _each(found(), pairs), UNIT, ours=ours, at_least=20)
        else:
            yield absent(package)


def revenue() -> Moments:
    """Moments with axes metric, variant and look: a fifth of the customers buys, for amounts that differ by metric."""
    rng = np.random.default_rng(14)
    shape = (METRICS, VARIANTS, LOOKS)
    spent = np.where(rng.random((*shape, NEW_CUSTOMERS)) < 0.2, rng.lognormal(3.0, 1.0, (*shape, NEW_CUSTOMERS)), 0.0)
    sums = [(spent**power).sum(axis=-1) for power in (1, 2, 3)]
    return cumulative_looks(np.full(shape, NEW_CUSTOMERS), *sums)


def answers(control: Moments, treatment: Moments) -> tuple[Estimate, Estimate, Estimate]:
    """All that a readout says of each comparison: difference, lift, and what holds at any look."""
    difference = welch(control, treatment)
    sequence = confidence_sequence(difference, planned_customers=PLANNED_CUSTOMERS)
    return difference, relative_lift(control, treatment), sequence


def some_pairs(control: Moments, treatment: Moments) -> list[tuple[peers.Side, peers.Side]]:
    """The first comparisons, side by side in plain numbers."""
    cells = list(np.ndindex(treatment.shape))[:SAMPLE]
    return [
        (_side(control, (metric, 0, look)), _side(treatment, (metric, which, look))) for metric, which, look in cells
    ]


def _side(moments: Moments, cell: tuple[int, int, int]) -> peers.Side:
    return peers.Side(int(moments.n[cell]), float(moments.mean[cell]), float(moments.variance[cell]))


def _each(answer: peers.Answer, pairs: list[tuple[peers.Side, peers.Side]]) -> float:
    """Microseconds that a peer takes for one pair."""
    return median_seconds(lambda: [answer(*pair) for pair in pairs], repeats=7) / len(pairs) * 1e6
