"""Which ideas to run in which weeks and at which size, so that the quarter brings the most."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse

from experiments.stats import validation

WEEKS = 13
# Values are brought to this height before they are solved: the solver's own tolerance is absolute.
HEIGHT = 1e4
# What the last idea by id loses against the first among equals, far below any difference that matters.
TIE_BREAK = 1e-4


class Solver(StrEnum):
    """Who found the plan."""

    MILP = "milp"
    GREEDY = "greedy"


@dataclass(frozen=True)
class ExperimentSize:
    """One way to run an idea: for so many weeks, with so many customers a week from each audience segment.

    value: what it is worth (value of information less its cost), in any one unit.
    """

    weeks: int
    customers: Mapping[str, float]
    value: float

    def __post_init__(self) -> None:
        if self.weeks < 1:
            raise ValueError(f"weeks is {self.weeks}: must be 1 or more")
        for name, values in {"value": [self.value], "customers": list(self.customers.values())}.items():
            validation.finite(name, values)
        if any(amount < 0 for amount in self.customers.values()):
            raise ValueError(f"customers are {dict(self.customers)}: must be 0 or more")

    @property
    def total_customers(self) -> float:
        """Customers over all weeks and segments."""
        return self.weeks * sum(self.customers.values())


@dataclass(frozen=True)
class CandidateIdea:
    """A candidate for the quarter, with three to five sizes as a rule.

    owner:     whose parallel limit it counts against; None for nobody's.
    exclusive: labels of which at most one idea in the plan may carry each (same lever and audience).
    earliest:  first week it may start, from 0.
    deadline:  week before which it must have ended; None for the end of the quarter.
    """

    id: str
    sizes: Sequence[ExperimentSize]
    owner: str | None = None
    exclusive: frozenset[str] = frozenset()
    earliest: int = 0
    deadline: int | None = None


@dataclass(frozen=True)
class QuarterLimits:
    """What there is to spend: customers of each segment per week, and how many experiments an owner runs at once.

    capacity:   one number per segment for every week, or one per week. A segment not named has none.
    parallel:   per owner; an owner not named has no limit.
    discount:   worth of a week later, in (0, 1]: a value counts when its experiment ends.
    """

    capacity: Mapping[str, float | Sequence[float]]
    weeks: int = WEEKS
    parallel: Mapping[str, int] = field(default_factory=dict)
    discount: float = 1.0

    def __post_init__(self) -> None:
        if self.weeks < 1 or not 0.0 < self.discount <= 1.0:
            raise ValueError(f"weeks {self.weeks} must be 1 or more, discount {self.discount} in (0, 1]")
        for segment, room in self.capacity.items():
            amounts = validation.finite(f"capacity of {segment}", room)
            if amounts.shape not in {(), (self.weeks,)} or (amounts < 0).any():
                raise ValueError(f"capacity of {segment} needs one number or {self.weeks}, each 0 or more")

    def room(self, segment: str) -> NDArray[np.float64]:
        """Customers of the segment in each week."""
        return np.broadcast_to(np.asarray(self.capacity.get(segment, 0.0), dtype=np.float64), (self.weeks,))


@dataclass(frozen=True)
class PlacedIdea:
    """An idea in the plan: which of its sizes, and the week it starts in, from 0."""

    idea: str
    size: int
    start: int
    value: float


@dataclass(frozen=True)
class QuarterPlan:
    """Ideas by id, the plan's discounted value, and by how much at most a better plan could beat it.

    gap: share of the plan's value, 0 if it is the best there is, infinite if that is not known.
    """

    placed: tuple[PlacedIdea, ...]
    value: float
    gap: float
    solver: Solver


def quarter_plan(
    ideas: Sequence[CandidateIdea], quarter: QuarterLimits, *, gap: float = 0.01, time_limit_s: float = 10.0
) -> QuarterPlan:
    """The plan of greatest value within `gap`, or what was found when the time ran out, with its gap.

    Never worth less than the greedy plan, which stands in if the solver finds none. Without capacity the plan is empty.
    Only sizes worth more than 0 are placed. Ideas are taken in the order of their ids, whatever order they come in,
    and equals go to the first: reruns agree unless the time runs out.
    Errors: `ValueError` for two ideas with one id. Source: binary program, HiGHS through `scipy.optimize.milp`.
    """
    if len({idea.id for idea in ideas}) < len(ideas):
        raise ValueError("ideas need ids of their own")
    options = list(_options(sorted(ideas, key=lambda idea: idea.id), quarter))
    greedy = _greedy(options, quarter)
    if not options:
        return QuarterPlan((), 0.0, 0.0, Solver.MILP)
    found = _solved(options, quarter, gap, time_limit_s)
    return greedy if found is None or found.value < greedy.value else found


def greedy_plan(ideas: Sequence[CandidateIdea], quarter: QuarterLimits) -> QuarterPlan:
    """The plan of someone who takes the best value per customer first, each as early as it fits."""
    return _greedy(list(_options(sorted(ideas, key=lambda idea: idea.id), quarter)), quarter)


@dataclass(frozen=True)
class _Option:
    """One size of an idea at one start."""

    idea: CandidateIdea
    rank: int
    size: int
    start: int
    value: float

    @property
    def shape(self) -> ExperimentSize:
        return self.idea.sizes[self.size]

    @property
    def running(self) -> range:
        return range(self.start, self.start + self.shape.weeks)

    def uses(self) -> Iterator[tuple[tuple[str, str, int], float]]:
        """What it takes of every limit: (kind, name, week) and how much."""
        yield ("idea", self.idea.id, 0), 1.0
        yield from ((("exclusive", label, 0), 1.0) for label in sorted(self.idea.exclusive))
        for week in self.running:
            yield from ((("segment", name, week), amount) for name, amount in self.shape.customers.items() if amount)
            if self.idea.owner is not None:
                yield ("owner", self.idea.owner, week), 1.0

    def placed(self) -> PlacedIdea:
        return PlacedIdea(self.idea.id, self.size, self.start, self.value)


def _options(ideas: Sequence[CandidateIdea], quarter: QuarterLimits) -> Iterator[_Option]:
    """Every size and start that is worth something, fits by itself, and ends in time."""
    for rank, idea in enumerate(ideas):
        end = quarter.weeks if idea.deadline is None else min(idea.deadline, quarter.weeks)
        for size, shape in enumerate(idea.sizes):
            for start in range(max(idea.earliest, 0), end - shape.weeks + 1):
                option = _Option(idea, rank, size, start, shape.value * quarter.discount ** (start + shape.weeks))
                if option.value > 0 and _fits(option, {}, quarter):
                    yield option


def _limit(use: tuple[str, str, int], quarter: QuarterLimits) -> float:
    kind, name, week = use
    match kind:
        case "segment":
            return float(quarter.room(name)[week])
        case "owner":
            return float(quarter.parallel.get(name, np.inf))
        case _:
            return 1.0


def _fits(option: _Option, used: Mapping[tuple[str, str, int], float], quarter: QuarterLimits) -> bool:
    return all(used.get(use, 0.0) + amount <= _limit(use, quarter) + 1e-9 for use, amount in option.uses())


def _greedy(options: Sequence[_Option], quarter: QuarterLimits) -> QuarterPlan:
    used: dict[tuple[str, str, int], float] = {}
    chosen = []
    for option in sorted(options, key=lambda o: (-o.value / max(o.shape.total_customers, 1e-9), o.rank, o.start)):
        if _fits(option, used, quarter):
            chosen.append(option)
            for use, amount in option.uses():
                used[use] = used.get(use, 0.0) + amount
    return _plan(chosen, np.inf if chosen else 0.0, Solver.GREEDY)


def _solved(options: Sequence[_Option], quarter: QuarterLimits, gap: float, time_limit_s: float) -> QuarterPlan | None:
    entries = [(use, column, amount) for column, option in enumerate(options) for use, amount in option.uses()]
    uses = {use: row for row, use in enumerate(dict.fromkeys(use for use, _, _ in entries))}
    limits = np.array([_limit(use, quarter) for use in uses])
    matrix = sparse.csr_array(
        (
            [amount for *_, amount in entries],
            ([uses[use] for use, *_ in entries], [column for _, column, _ in entries]),
        ),
        shape=(len(uses), len(options)),
    )
    bound = np.isfinite(limits)
    worth = np.array([option.value for option in options])
    late = np.array([option.rank for option in options]) / (options[-1].rank + 1.0)
    result = optimize.milp(
        TIE_BREAK * late - worth * HEIGHT / worth.max(),
        constraints=optimize.LinearConstraint(matrix[bound], -np.inf, limits[bound]),
        integrality=np.ones(len(options), dtype=np.intp),
        bounds=optimize.Bounds(0, 1),
        options={"mip_rel_gap": gap, "time_limit": time_limit_s},
    )
    if result.x is None:
        return None
    chosen = [option for option, share in zip(options, result.x, strict=True) if share > 0.5]
    return _plan(chosen, float(result.mip_gap or 0.0), Solver.MILP)


def _plan(chosen: Sequence[_Option], gap: float, solver: Solver) -> QuarterPlan:
    placed = tuple(option.placed() for option in sorted(chosen, key=lambda option: option.rank))
    return QuarterPlan(placed, float(sum(item.value for item in placed)), gap, solver)
