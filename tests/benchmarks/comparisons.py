"""A readout's worth of comparisons: 3 variants × 20 metrics × 30 looks."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from tests.benchmarks.lines import absent, measured, named, peer
from tests.benchmarks.timing import median_seconds

METRICS, VARIANTS, LOOKS = 20, 3, 30
PLANNED_CUSTOMERS = 100_000
# Peers take one comparison at a time; so many of them tell how long each takes.
SAMPLE = 60
UNIT = "µs a comparison"


@dataclass(frozen=True)
class Side:
    """One cell in plain numbers, as a peer is given it."""

    n: int
    mean: float
    variance: float


def lines() -> Iterator[str]:
    """What `experiments.stats` takes for each comparison, and what peers do."""
    control, treatment = revenue().split(axis=1)
    cells = treatment.n.size
    yield f"comparisons: {VARIANTS} variants × {METRICS} metrics × {LOOKS} looks, {cells:,} comparisons in one call"
    ours = 1e6 / cells * median_seconds(lambda: answers(control, treatment), repeats=101)
    label = "experiments.stats: Welch, log-ratio and Fieller lift, sequence"
    yield measured(label, ours, UNIT, at_most=2.0, aim=1.0)
    for package, label, answer in PEERS:
        if find_spec(package):
            pairs = some_pairs(control, treatment)
            seconds = median_seconds(lambda: [answer()(*pair) for pair in pairs], repeats=5)  # noqa: B023
            yield peer(f"{named(package)}: {label}", 1e6 / SAMPLE * seconds, UNIT, ours=ours, at_least=20)
        else:
            yield absent(package)
