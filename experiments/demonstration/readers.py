"""The readers a simulation begins with, and what is true of each of them on a given day."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

VISITS_A_DAY = 0.16  # on average; most readers come far less, a few come daily
UNEVENNESS = 0.65  # shape of the gamma distribution of visits: the smaller, the fewer readers make most visits
SUPPORTERS_AT_FIRST = 0.16
KNOWN_AT_FIRST = 0.75
REGISTER_WITHIN_DAYS = 280  # the others, while the simulation runs; longer than it ever does
NEVER = np.iinfo(np.int64).max
AMOUNT_MEDIAN, AMOUNT_SPREAD = 30.0, 0.55  # EUR, log-normal
PAYS_MONTHLY = 0.6


@dataclass(slots=True)
class Readers:
    """One entry a reader. Times are seconds from the start of the simulation; `NEVER` where it did not happen."""

    visits_a_day: Floats
    registered_day: Ints
    supporter_since: Ints
    amount: Floats
    pays_monthly: Flags
    left_letters: Ints

    def __len__(self) -> int:
        return len(self.visits_a_day)

    def may_meet(self, channel: str, day: int) -> Flags:
        """Free readers who have registered; for letters, those who have not unsubscribed from them."""
        meets: Flags = (self.registered_day <= day) & (self.supporter_since == NEVER)
        if channel == "email":
            meets &= self.left_letters == NEVER
        return meets


def drawn(count: int, rng: np.random.Generator) -> Readers:
    """That many readers on the eve of the first day."""
    registered = np.where(rng.random(count) < KNOWN_AT_FIRST, 0, rng.integers(0, REGISTER_WITHIN_DAYS, count))
    supports = (rng.random(count) < SUPPORTERS_AT_FIRST) & (registered == 0)
    amount = AMOUNT_MEDIAN * np.exp(rng.normal(0, AMOUNT_SPREAD, count))
    return Readers(
        visits_a_day=rng.gamma(UNEVENNESS, VISITS_A_DAY / UNEVENNESS, count),
        registered_day=registered,
        supporter_since=np.where(supports, -rng.integers(0, 30 * 86_400, count), NEVER),
        amount=np.maximum(np.rint(2 * amount) / 2, 2.0),
        pays_monthly=rng.random(count) < PAYS_MONTHLY,
        left_letters=np.full(count, NEVER),
    )
