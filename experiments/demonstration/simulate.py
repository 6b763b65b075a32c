"""Day by day: who reads, whom an experiment meets, who becomes a supporter, who leaves.

Everything is drawn from the seed and the day's number, so that a longer simulation begins as a shorter one does.
Readers react to a variant by the numbers of its `Reaction`, known here and nowhere else: what the analysis makes of
it, it has to find out.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from experiments.demonstration import readers as people
from experiments.demonstration.readers import NEVER, Flags, Floats, Ints, Readers

DAY_S = 86_400
REACTION_DAYS = 28  # how long a variant changes how often somebody reads
WITHIN_S = 13 * DAY_S  # whoever acts on a message does so within this
BY_THEMSELVES = 0.0004  # chance a day of becoming a supporter unasked
WEARY = 0.0004  # chance a day of leaving the letters for no reason of ours
LAPSES = 0.03  # chance a month that a monthly payment was the last
WEEK = np.array([1.05, 1.0, 1.0, 1.0, 0.95, 0.9, 1.1])  # visits by weekday, Monday first
PEAKS = np.array([7.4, 12.6, 20.4])  # hours at which people read
PEAK_SHARES = np.array([0.45, 0.2, 0.35])
SENDING_HOUR = {"email": 6.5, "push": 20.0}


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a variant does to a reader who meets it.

    `reading`: factor on visits in the four weeks after. `supporting`, `leaving`: chance that it makes the reader become
    a supporter, or leave the letters. `amount`: factor on what is paid. `unrecorded`: share of exposures that get lost
    on their way to us.
    """

    reading: float = 1.0
    supporting: float = 0.0
    leaving: float = 0.0
    amount: float = 1.0
    unrecorded: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """An experiment as readers meet it, on the days [first_day, end_day) of the simulation."""

    first_day: int
    end_day: int
    channel: str
    reach: float
    shares: tuple[float, ...]
    reactions: tuple[Reaction, ...]


@dataclass(frozen=True, slots=True)
class Exposures:
    """First meetings of one run: reader, variant, seconds from the start; one entry each."""

    reader: Ints
    variant: Ints
    at: Ints


@dataclass(frozen=True, slots=True)
class Happenings:
    """All events of one name: reader, seconds from the start, and an amount where there is one."""

    reader: Ints
    at: Ints
    value: Floats | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """What came to pass."""

    exposures: list[Exposures]
    events: dict[str, Happenings]


def simulate(
    *, count: int, seed: int, days: int, runs: Sequence[Run], told: Callable[[int], None] | None = None
) -> Story:
    """What `count` readers did in `days` days from a Monday while these runs went on; `told` hears of each day."""
    rng = np.random.default_rng([seed, 2])
    readers = people.drawn(count, rng)
    audiences = [_Audience.drawn(run, count, rng) for run in runs]
    visits: list[tuple[Ints, Ints]] = []
    for day in range(days):
        today = np.random.default_rng([seed, 3, day])
        visits.append(_visits(readers, audiences, day, WEEK[day % 7], today))
        _act_unasked(readers, day, today)
        for audience in audiences:
            if audience.run.first_day <= day < audience.run.end_day:
                audience.meet(readers, day, visits[-1], today)
        if told is not None:
            told(day + 1)
    events = {"session": _joined(visits), **_outcomes(readers, days, np.random.default_rng([seed, 4]))}
    return Story([audience.exposures() for audience in audiences], events)


@dataclass(slots=True)
class _Audience:
    """The readers of one run: who is in it, which variant is theirs, when they are due, when they met it."""

    run: Run
    is_in: Flags
    variant: Ints
    due_day: Ints
    met_day: Ints
    met: list[tuple[Ints, Ints, Ints]] = field(default_factory=list)

    @classmethod
    def drawn(cls, run: Run, count: int, rng: np.random.Generator) -> "_Audience":
        borders = np.cumsum(run.shares)[:-1]
        return cls(
            run=run,
            is_in=rng.random(count) < run.reach,
            variant=np.searchsorted(borders, rng.random(count), side="right"),
            due_day=rng.integers(run.first_day, run.end_day, count),
            met_day=np.full(count, NEVER),
        )

    def meet(self, readers: Readers, day: int, visits: tuple[Ints, Ints], rng: np.random.Generator) -> None:
        """Readers who are due today meet their variant: at their first visit in the app, else when it is sent."""
        may = self.is_in & (self.met_day == NEVER) & readers.may_meet(self.run.channel, day)
        who, at = self._present(may, day, visits, rng)
        variant = self.variant[who]
        self.met_day[who] = day
        lost = np.array([reaction.unrecorded for reaction in self.run.reactions])[variant]
        is_recorded = rng.random(len(who)) >= lost
        self.met.append((who[is_recorded], variant[is_recorded], at[is_recorded]))
        self._react(readers, who, at, variant, rng)

    def _present(self, may: Flags, day: int, visits: tuple[Ints, Ints], rng: np.random.Generator) -> tuple[Ints, Ints]:
        if self.run.channel == "in_app":
            who, first = np.unique(visits[0], return_index=True)  # visits of a day are in the order of time
            return who[may[who]], visits[1][first][may[who]]
        who = np.flatnonzero(may & (self.due_day == day))
        hour = SENDING_HOUR[self.run.channel]
        return who, day * DAY_S + (3600 * (hour + 0.5 * rng.random(len(who)))).astype(np.int64)

    def _react(self, readers: Readers, who: Ints, at: Ints, variant: Ints, rng: np.random.Generator) -> None:
        def of(name: str) -> Floats:
            return np.array([getattr(reaction, name) for reaction in self.run.reactions])[variant]

        supports = rng.random(len(who)) < of("supporting")
        leaves = rng.random(len(who)) < of("leaving")
        later = np.minimum(300 + rng.exponential(2.5 * DAY_S, len(who)), WITHIN_S).astype(np.int64)
        readers.supporter_since[who[supports]] = (at + later)[supports]
        readers.amount[who[supports]] *= of("amount")[supports]
        readers.left_letters[who[leaves]] = (at + later)[leaves]

    def factor(self, day: int) -> Floats:
        """How much more or less each reader reads today for having met a variant of this run."""
        factors = np.array([reaction.reading for reaction in self.run.reactions])[self.variant]
        since = day - self.met_day  # far below zero for those who never met it
        return np.where((since > 0) & (since <= REACTION_DAYS), factors, 1.0)

    def exposures(self) -> Exposures:
        columns = zip(*self.met, strict=True) if self.met else [[np.array([], np.int64)]] * 3
        return Exposures(*(np.concatenate(list(column)) for column in columns))


def _visits(
    readers: Readers, audiences: Sequence[_Audience], day: int, weekday: float, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """The day's visits in the order of time: who, and when."""
    rate = readers.visits_a_day * weekday * (readers.registered_day <= day)
    for audience in audiences:
        if audience.run.first_day < day <= audience.run.end_day + REACTION_DAYS:
            rate = rate * audience.factor(day)
    who = np.repeat(np.arange(len(readers)), rng.poisson(rate))
    hour = rng.choice(PEAKS, len(who), p=PEAK_SHARES) + rng.normal(0, 0.8, len(who))
    at = day * DAY_S + (3600 * np.clip(hour, 5.0, 22.9)).astype(np.int64)
    order = np.argsort(at, kind="stable")
    return who[order], at[order]


def _act_unasked(readers: Readers, day: int, rng: np.random.Generator) -> None:
    is_here = readers.registered_day <= day
    at = day * DAY_S + rng.integers(6 * 3600, 22 * 3600, len(readers))
    supports = is_here & (readers.supporter_since == NEVER) & (rng.random(len(readers)) < BY_THEMSELVES)
    leaves = is_here & (readers.left_letters == NEVER) & (rng.random(len(readers)) < WEARY)
    readers.supporter_since[supports], readers.left_letters[leaves] = at[supports], at[leaves]


def _joined(visits: Sequence[tuple[Ints, Ints]]) -> Happenings:
    who, at = zip(*visits, strict=True)
    return Happenings(np.concatenate(who), np.concatenate(at))


def _outcomes(readers: Readers, days: int, rng: np.random.Generator) -> dict[str, Happenings]:
    """Support, payments and goodbyes that happened before the last day was over."""
    over = days * DAY_S
    supports = np.flatnonzero((readers.supporter_since >= 0) & (readers.supporter_since < over))
    leaves = np.flatnonzero(readers.left_letters < over)
    return {
        "support": Happenings(supports, readers.supporter_since[supports]),
        "payment": _payments(readers, over, rng),
        "unsubscribe": Happenings(leaves, readers.left_letters[leaves]),
    }


def _payments(readers: Readers, over: int, rng: np.random.Generator) -> Happenings:
    """A first payment with joining; monthly ones then every thirty days until they lapse."""
    payers = np.flatnonzero(readers.supporter_since < over)
    months = np.where(readers.pays_monthly[payers], rng.geometric(LAPSES, len(payers)), 1)
    who, month = np.repeat(payers, months), np.concatenate([np.arange(count) for count in months] or [months])
    at = readers.supporter_since[who] + (30 * DAY_S * month).astype(np.int64)
    is_inside = (at >= 0) & (at < over)
    return Happenings(who[is_inside], at[is_inside], np.round(readers.amount[who[is_inside]], 2))
