"""Who was still there and who left, day by day: all that survival analysis needs of the data."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.validation import FloatArray


@dataclass(frozen=True, eq=False)
class RiskTable:
    """`at_risk[..., day]` customers just before each day and `events[..., day]` of them that day.

    day: (day,), rising, from 0 up; one grid for all cells. A customer who leaves unseen (censored) on a day is still
    at risk that day: events come before censorings. Customers may enter late: counts at risk need not fall.
    Raises `ValueError` for days that do not rise and for more events than customers at risk.
    """

    day: FloatArray
    at_risk: FloatArray
    events: FloatArray

    def __post_init__(self) -> None:
        day = validation.finite("day", self.day)
        if day.ndim != 1 or not day.size:
            raise ValueError(f"day must have one axis and at least one entry, got shape {day.shape}")
        validation.refuse("day", day, np.diff(day, prepend=-1.0) <= 0, "days must rise from 0 up")
        at_risk, events = validation.broadcast(
            at_risk=validation.whole_counts("at_risk", self.at_risk),
            events=validation.whole_counts("events", self.events),
        )
        validation.broadcast(day=day, at_risk=at_risk)
        validation.at_most("events", events, "at_risk", at_risk)
        for name, value in {"day": day, "at_risk": at_risk, "events": events}.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_times(
        cls,
        times: ArrayLike,
        is_event: ArrayLike,
        *,
        group: ArrayLike | None = None,
        entries: ArrayLike | None = None,
    ) -> Self:
        """The table of raw follow-up times, on the grid of all distinct times; for tests and small data.

        times:    day of the event or of the last sight, above the entry. is_event: 1 for an event, 0 for censored.
        group:    whole numbers from 0; the table then has a group axis before the days.
        entries:  day from which each customer is under observation, at risk only afterwards; 0 if not given.
        """
        last, seen = validation.finite("times", times), validation.whole_counts("is_event", is_event)
        start = validation.finite("entries", np.zeros(last.shape) if entries is None else entries)
        label = validation.whole_counts("group", np.zeros(last.shape) if group is None else group)
        last, seen, start, label = validation.broadcast(times=last, is_event=seen, entries=start, group=label)
        day = np.unique(last)
        member = label == np.arange(label.max() + 1.0)[:, None]
        at_risk = [[np.sum(one & (start < d) & (last >= d)) for d in day] for one in member]
        events = [[np.sum(one & (last == d) & (seen > 0)) for d in day] for one in member]
        return cls(day, *(np.array(count if group is not None else count[0]) for count in (at_risk, events)))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the cells, without the day axis."""
        return self.at_risk.shape[:-1]

    @property
    def customers(self) -> FloatArray:
        """The most customers ever at risk on one day, per cell."""
        return np.asarray(self.at_risk.max(axis=-1))

    @property
    def last_day(self) -> FloatArray:
        """The last day on which anyone is at risk, -1 for a cell without customers."""
        return np.asarray(np.where(self.at_risk > 0, self.day, -1.0).max(axis=-1))

    def __getitem__(self, index: Any) -> "RiskTable":
        """The cells at `index`; the days stay. Name every cell axis or use no ellipsis."""
        return RiskTable(self.day, self.at_risk[index], self.events[index])

    def split(self, *, axis: int = -1, control: int = 0) -> tuple["RiskTable", "RiskTable"]:
        """Control (its axis kept, 1 long) and all other variants; `axis` counts the cell axes only."""
        others = [i for i in range(self.shape[axis]) if i != control % self.shape[axis]]
        rest = (slice(None),) * (axis % len(self.shape))
        return self[(*rest, [control])], self[(*rest, others)]
