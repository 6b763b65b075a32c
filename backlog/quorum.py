"""Whether enough members of enough disciplines have voted for a round to count. Values in, values out."""

import itertools
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

HALF, TWO = 0.5, 2
FALLING_ROUNDS, FALLEN_BY = 3, 0.1


@dataclass(frozen=True, slots=True)
class Quorum:
    """What is needed and what is there. Never more disciplines are needed than were invited."""

    members_needed: int
    members: int
    disciplines_needed: int
    disciplines: int

    @property
    def is_met(self) -> bool:
        return self.members >= self.members_needed and self.disciplines >= self.disciplines_needed

    @property
    def members_missing(self) -> int:
        return max(0, self.members_needed - self.members)

    @property
    def disciplines_missing(self) -> int:
        return max(0, self.disciplines_needed - self.disciplines)


def quorum(*, invited: Collection[str], voted: Collection[str], share: float, disciplines: int) -> Quorum:
    """`invited` and `voted`: the discipline of each member invited, and of each who has sent a ballot."""
    return Quorum(
        members_needed=math.ceil(share * len(invited) - 1e-9),
        members=len(voted),
        disciplines_needed=min(disciplines, len(set(invited))),
        disciplines=len(set(voted)),
    )


def is_falling(turnouts: Sequence[float]) -> bool:
    """Whether the last three turnouts, oldest first, each lie below the one before, and a tenth or more was lost."""
    last = turnouts[-FALLING_ROUNDS:]
    if len(last) < FALLING_ROUNDS:
        return False
    falls = all(after < before for before, after in itertools.pairwise(last))
    return falls and last[0] - last[-1] >= FALLEN_BY - 1e-9
