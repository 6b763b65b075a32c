"""The engagement maturity index: twelve factors on two axes, when each is at its mark, and what they come to."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

LOWEST, HIGHEST = 1, 5
RATING_MARK = 4.0
LEAST_RATERS = 3  # beside one's own rating a second one gives a person away, as with ballots


class Axis(StrEnum):
    EXPERIMENTATION = "experimentation"
    CHANNEL = "channel"


class Factor(StrEnum):
    EVIDENCE = "evidence"
    GUARDRAILS = "guardrails"
    DECISIONS = "decisions"
    SPEED = "speed"
    LEARNING = "learning"
    TRUST = "trust"
    CHANNELS = "channels"
    AUDIENCES = "audiences"
    CONSENT = "consent"
    PRESSURE = "pressure"
    LIMITS = "limits"
    LISTENING = "listening"


class Level(StrEnum):
    ACTIVATE = "activate"
    ACCELERATE = "accelerate"
    LEAD = "lead"


@dataclass(frozen=True, slots=True)
class Mark:
    """From where on a measured factor is at its mark: at least so much, or with `is_ceiling` at most so much.

    `unit`: share (0 to 1), days, messages or count.
    """

    value: float
    unit: str
    is_ceiling: bool = False

    def is_met(self, measured: float) -> bool:
        return measured <= self.value if self.is_ceiling else measured >= self.value


MARKS: dict[Factor, Mark] = {
    Factor.EVIDENCE: Mark(0.8, "share"),
    Factor.GUARDRAILS: Mark(0.9, "share"),
    Factor.DECISIONS: Mark(0.9, "share"),
    Factor.SPEED: Mark(60, "days", is_ceiling=True),
    Factor.LEARNING: Mark(0.9, "share"),
    Factor.TRUST: Mark(0.9, "share"),
    Factor.CHANNELS: Mark(3, "count"),
    Factor.AUDIENCES: Mark(0.8, "share"),
    Factor.CONSENT: Mark(0.8, "share"),
    Factor.PRESSURE: Mark(4, "messages", is_ceiling=True),
    Factor.LIMITS: Mark(2, "count"),
    Factor.LISTENING: Mark(2, "count"),
}

AXES: dict[Axis, tuple[Factor, ...]] = {
    Axis.EXPERIMENTATION: (
        Factor.EVIDENCE, Factor.GUARDRAILS, Factor.DECISIONS, Factor.SPEED, Factor.LEARNING, Factor.TRUST,
    ),
    Axis.CHANNEL: (
        Factor.CHANNELS, Factor.AUDIENCES, Factor.CONSENT, Factor.PRESSURE, Factor.LIMITS, Factor.LISTENING,
    ),
}  # fmt: skip


def is_at_mark(factor: Factor, *, measured: float | None, rating: float | None) -> bool:
    """Whether all that is known of a factor is at its mark, and anything is.

    measured: None where the data cannot tell. rating: the members' average, None with fewer than `LEAST_RATERS`.
    """
    known = []
    if measured is not None:
        known.append(MARKS[factor].is_met(measured))
    if rating is not None:
        known.append(rating >= RATING_MARK)
    return bool(known) and all(known)


def level(at_mark: Collection[Factor]) -> Level:
    """Lead: every factor of both axes is at its mark. Accelerate: at least half of each axis is. Else activate."""
    shares = [sum(factor in at_mark for factor in factors) / len(factors) for factors in AXES.values()]
    if min(shares) == 1:
        return Level.LEAD
    return Level.ACCELERATE if min(shares) >= 0.5 else Level.ACTIVATE
