"""One experiment's division of customers: holdout, then exclusion group, then variant."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from experiments.assignment.hashing import encoded, unit, units

HELD_OUT: Final = -1
ELSEWHERE: Final = -2
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Slice:
    """Those customers whose number under this salt lies in [low, high).

    A slice that grows keeps everybody it had; two that do not overlap under one salt share nobody.
    """

    salt: UUID
    low: float
    high: float

    def holds(self, customer: str) -> bool:
        return self.low <= unit(self.salt, customer) < self.high

    def held(self, keys: Sequence[bytes]) -> NDArray[np.bool_]:
        numbers = units(self.salt, keys)
        return (self.low <= numbers) & (numbers < self.high)


@dataclass(frozen=True, slots=True)
class Division:
    """What decides about a customer before and in the hash.

    salt:    the experiment's own. Were it shared, the same people would meet the second variant in every experiment.
    shares:  of the variants in their order, each above 0, together 1. They are cumulated to ranges: a share that
             changes moves only those customers whose number lies between an old and a new boundary.
    holdout: who is kept from every experiment of the period, None when nobody is.
    group:   the experiment's range in its exclusion group, None without one.
    """

    salt: UUID
    shares: tuple[float, ...]
    holdout: Slice | None = None
    group: Slice | None = None
    boundaries: tuple[float, ...] = field(init=False)

    def __post_init__(self) -> None:
        # The last range ends at 1 by definition: rounding must leave nobody without a variant.
        object.__setattr__(self, "boundaries", tuple(accumulate(self.shares[:-1])))

    def place(self, customer: str) -> int:
        """The place of the customer's variant; `HELD_OUT` or `ELSEWHERE` for those who get none."""
        if self.holdout is not None and self.holdout.holds(customer):
            return HELD_OUT
        if self.group is not None and not self.group.holds(customer):
            return ELSEWHERE
        return bisect_right(self.boundaries, unit(self.salt, customer))

    def places(self, customers: Sequence[str]) -> Places:
        """`place` of each customer, in their order."""
        keys = encoded(customers)
        found = np.searchsorted(self.boundaries, units(self.salt, keys), side="right").astype(np.int64)
        if self.group is not None:
            found[~self.group.held(keys)] = ELSEWHERE
        if self.holdout is not None:
            found[self.holdout.held(keys)] = HELD_OUT
        return found
