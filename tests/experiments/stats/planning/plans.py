"""Small quarters, and the best plan of each by trying all of them."""

import itertools

import numpy as np

from experiments.stats import CandidateIdea, ExperimentSize, QuarterLimits


def small_quarter(seed: int) -> tuple[list[CandidateIdea], QuarterLimits]:
    """Up to 12 ideas with few starts each, so that all plans can be tried."""
    rng = np.random.default_rng(seed)
    weeks = int(rng.integers(1, 4))
    count = {1: 12, 2: 8, 3: 6}[weeks]
    return [small_idea(place, weeks, rng) for place in range(int(rng.integers(2, count + 1)))], QuarterLimits(
        {name: rng.uniform(20, 90, weeks).tolist() for name in ("new", "lapsed")},
        weeks=weeks,
        parallel={"ana": 1, "ben": 2},
        discount=float(rng.choice([1.0, 0.97])),
    )


def small_idea(place: int, weeks: int, rng: np.random.Generator) -> CandidateIdea:
    """One idea with one or two sizes, in one or two segments."""
    sizes = []
    for factor in (1.0, 2.0)[: 1 + (weeks < 3)]:
        segments = rng.choice(["new", "lapsed"], size=int(rng.integers(1, 3)), replace=False)
        customers = {str(name): float(rng.integers(5, 30)) * factor for name in segments}
        sizes.append(
            ExperimentSize(int(rng.integers(1, weeks + 1)), customers, float(rng.lognormal(2, 0.7) * factor**0.5))
        )
    return CandidateIdea(
        f"idea-{place:02d}",
        sizes,
        owner=str(rng.choice(["ana", "ben", "cy"])),
        exclusive=frozenset({str(rng.choice(["subject", "timing", "offer"]))} if rng.random() < 0.5 else ()),
        earliest=int(rng.integers(0, 2)) if weeks > 1 else 0,
        deadline=int(rng.integers(weeks - 1, weeks + 1)) or None,
    )


def best_value(ideas: list[CandidateIdea], quarter: QuarterLimits) -> float:
    """Value of the best plan, by trying every combination of sizes and starts."""
    choices = [[None, *starts(idea, quarter)] for idea in ideas]
    return max(value(plan, quarter) for plan in itertools.product(*choices))


def starts(idea: CandidateIdea, quarter: QuarterLimits) -> list[tuple[CandidateIdea, ExperimentSize, int]]:
    """Every way to place the idea in time."""
    end = min(idea.deadline or quarter.weeks, quarter.weeks)
    return [(idea, size, week) for size in idea.sizes for week in range(idea.earliest, end - size.weeks + 1)]


def value(plan: tuple[tuple[CandidateIdea, ExperimentSize, int] | None, ...], quarter: QuarterLimits) -> float:
    """Discounted value of a plan, minus infinity if it breaks a limit."""
    taken = [item for item in plan if item]
    labels = [label for idea, _, _ in taken for label in idea.exclusive]
    if len(labels) > len(set(labels)):
        return -np.inf
    for week in range(quarter.weeks):
        running = [(idea, size) for idea, size, start in taken if start <= week < start + size.weeks]
        for name, room in quarter.capacity.items():
            if sum(size.customers.get(name, 0.0) for _, size in running) > np.broadcast_to(room, quarter.weeks)[week]:
                return -np.inf
        if any(sum(idea.owner == name for idea, _ in running) > most for name, most in quarter.parallel.items()):
            return -np.inf
    return sum(size.value * quarter.discount ** (start + size.weeks) for _, size, start in taken)
