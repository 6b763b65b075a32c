"""The variant of each customer of a whole audience, by text id, as `manage.py assign` decides it."""

from collections.abc import Iterator
from importlib.util import find_spec
from uuid import UUID

from experiments.assignment import Division, Slice
from tests.benchmarks.lines import absent, measured, named, peer
from tests.benchmarks.timing import median_seconds

CUSTOMERS, SAMPLE = 1_000_000, 20_000
BAR = 0.5  # microseconds a customer: 2 M customers/s
UNIT = "µs/customer"


def lines() -> Iterator[str]:
    """What a customer takes on one core, and with GrowthBook's Python SDK."""
    customers = [f"customer-{number:08d}" for number in range(CUSTOMERS)]
    salt, holdout, group = (UUID(int=number) for number in (1, 2, 3))
    plain = Division(salt, (0.5, 0.5))
    whole = Division(salt, (0.5, 0.3, 0.2), Slice(holdout, 0.0, 0.05), Slice(group, 0.0, 0.5))
    yield f"division: {CUSTOMERS:,} customers to their variants"
    ours = _microseconds(plain, customers)
    yield measured("experiments.assignment: two variants", ours, UNIT, at_most=BAR)
    yield measured(
        "experiments.assignment: three variants, holdout, exclusion group", _microseconds(whole, customers), UNIT,
        at_most=BAR,
    )  # fmt: skip
    if find_spec("growthbook"):
        yield peer(
            f"{named('growthbook')}: two variants ({SAMPLE:,}, scaled up)", growthbook(customers), UNIT, ours=ours
        )
    else:
        yield absent("growthbook")


def _microseconds(division: Division, customers: list[str]) -> float:
    return 1e6 * median_seconds(lambda: division.places(customers), repeats=5) / len(customers)


def growthbook(customers: list[str]) -> float:
    """Microseconds a customer of GrowthBook's own hash and choice, without the rest of its SDK around them."""
    from growthbook.core import chooseVariation, gbhash, getBucketRanges

    ranges = getBucketRanges(2, 1.0, [0.5, 0.5])
    sample = customers[:SAMPLE]
    taken = median_seconds(lambda: [chooseVariation(gbhash("seed", one, 2), ranges) for one in sample], repeats=5)
    return 1e6 * taken / len(sample)
