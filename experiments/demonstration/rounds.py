"""The voting rounds of the Larkmoor Courier, and the ballots cast in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from experiments.demonstration.calendar import MONDAY, THURSDAY, TUESDAY, WEDNESDAY, When, in_quarter, recently
from experiments.demonstration.ideas import IDEAS, IdeaText
from experiments.demonstration.people import PEOPLE


@dataclass(frozen=True, slots=True)
class RoundText:
    """A voting round; `scored` tells how many of its ideas each invited member has scored. `closes` passes or not."""

    name: str
    pod: str
    opened_by: str
    opens: When
    closes: When
    ideas: tuple[str, ...]
    scored: dict[str, int]
    is_closed: bool = True


ROUNDS = (
    RoundText(
        name="Round 7",
        pod="daily-habit",
        opened_by="kofi",
        opens=in_quarter(-10, MONDAY, 9),
        closes=in_quarter(-9, TUESDAY, 17),
        ideas=(
            "three-stories",
            "ask-on-top",
            "reporter-asks",
            "yearly-first",
            "kind-receipt",
            "noon-letter",
            "quiz-gate",
            "corrections",
        ),
        scored=dict.fromkeys(("aoife", "samir", "lucie", "ruth", "kofi", "elin", "mina", "tomas", "benedikt"), 8),
    ),
    RoundText(
        name="Round 8",
        pod="supporters",
        opened_by="orla",
        opens=in_quarter(0, MONDAY, 9),
        closes=in_quarter(1, WEDNESDAY, 17),
        ideas=(
            "where-you-stopped",
            "neighbours",
            "follow-council",
            "newsroom-evening",
            "saturday-crossword",
            "pause-letters",
            "read-aloud",
            "household",
            "red-counter",
        ),
        scored={
            **dict.fromkeys(("orla", "mina", "priya", "tomas", "aoife", "kofi", "lucie", "ruth"), 9),
            "benedikt": 6,
            "samir": 0,
        },
    ),
    RoundText(
        name="Round 9",
        pod="supporters",
        opened_by="orla",
        opens=recently(-1, THURSDAY, 9),
        closes=recently(1, TUESDAY, 17),
        ideas=(
            "first-month-story",
            "own-amount",
            "quiet-month",
            "market-stall",
            "open-archive",
            "student-price",
            "card-expiry",
        ),
        scored={"mina": 3, "tomas": 7, "aoife": 7, "priya": 5, "samir": 4, "benedikt": 2, "elin": 1, "orla": 0},
        is_closed=False,
    ),
)


@dataclass(frozen=True, slots=True)
class BallotText:
    """One ballot, cast `after` the round opened; None where the voter could not judge.

    `about` is the scale that the comment is about; empty where that is the whole idea.
    """

    idea: str
    voter: str
    impact: int | None
    confidence: int | None
    ease: int | None
    comment: str
    about: str
    expected_lift: float | None
    after: timedelta


SCALES = ("impact", "confidence", "ease")
SPREAD = 1.1  # how far one voter's number lies from the next one's
DISPUTE = 2.4  # how far two camps lie apart from the middle, each to its side
FIRST_DAYS = 3  # ballots come in on the first days of a round


def ballots(number: int, *, seed: int) -> list[BallotText]:
    """The ballots of round `number` of `ROUNDS`, in the order they were cast: the same for the same seed."""
    rng = np.random.default_rng([seed, 1, number])
    texts = {idea.key: idea for idea in IDEAS}
    places = ROUNDS[number].ideas
    cast = [
        ballot
        for voter, count in ROUNDS[number].scored.items()
        for ballot in _of_one(voter, [texts[key] for key in places[:count]], rng)
    ]
    return sorted(cast, key=lambda ballot: ballot.after)


def _of_one(voter: str, ideas: list[IdeaText], rng: np.random.Generator) -> Iterator[BallotText]:
    """One sitting of one member: a temper that is theirs, a minute or so for each idea."""
    temper = rng.normal(0, 0.5, size=3)
    camp = 1 if _is_maker(voter) else -1
    after = timedelta(days=int(rng.integers(FIRST_DAYS)), minutes=int(rng.integers(10, 400)))
    for idea in ideas:
        after += timedelta(seconds=int(rng.integers(25, 150)))
        dispute = np.array([camp * DISPUTE if scale == idea.disputed else 0.0 for scale in SCALES])
        drawn = np.array(idea.leaning) + temper + dispute + rng.normal(0, SPREAD, size=3)
        impact, confidence, ease = (int(score) for score in np.clip(np.rint(drawn), 1, 10))
        is_unsure = rng.random() < 0.08  # of how much work it is, if of anything
        forecast = round(float(rng.normal(0.004 * drawn[0], 0.01)), 3) if rng.random() < 0.4 else None
        yield BallotText(
            idea=idea.key,
            voter=voter,
            impact=impact,
            confidence=confidence,
            ease=None if is_unsure else ease,
            comment=idea.comments.get(voter, ""),
            about=idea.disputed,
            expected_lift=forecast,
            after=after,
        )


def _is_maker(voter: str) -> bool:
    """Those who build, against those who write and sell: the two camps where an idea is disputed."""
    discipline = next(person.discipline for person in PEOPLE if person.key == voter)
    return discipline in ("engineering", "design", "marketing")
