"""Whether enough members of enough disciplines have voted for a round to count. Values in, values out."""

import math
from collections.abc import Collection
from dataclasses import dataclass

HALF, TWO = 0.5, 2


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
