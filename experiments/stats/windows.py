"""Did customers come back in a window some days after exposure? Only closed windows count.

A customer whose window is still open is not lost, only not yet known. Such customers are left out of both variants by
the calendar, which is independent of the variant, so that nothing is censored inside the estimand.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.counts import Counts
from experiments.stats.estimate import Estimate
from experiments.stats.proportions import newcombe
from experiments.stats.rate_ratio import proportion_lift
from experiments.stats.status import Status
from experiments.stats.validation import Alternative, BoolArray, FloatArray

FEWEST_MATURED = 30.0


@dataclass(frozen=True)
class Window:
    """The half-open time `[exposed_at + day, exposed_at + day + width)`, in days of 24 hours since exposure."""

    day: int
    width: int = 1

    def __post_init__(self) -> None:
        if self.day < 0 or self.width < 1:
            raise ValueError(f"a window starts at day 0 or later and is at least 1 day wide, got {self}")

    @property
    def closes_after(self) -> int:
        """Days from exposure until the window is closed."""
        return self.day + self.width

    def is_closed(self, exposed_at: ArrayLike, as_of: ArrayLike) -> BoolArray:
        """Whether the whole window lies before `as_of`; both times in days on one clock, fractions allowed."""
        start, end = validation.finite("exposed_at", exposed_at), validation.finite("as_of", as_of)
        return np.asarray(start + self.closes_after <= end)

    def contains(self, event_at: ArrayLike, exposed_at: ArrayLike) -> BoolArray:
        """Whether an event counts for this window; times as for `is_closed`."""
        since = validation.finite("event_at", event_at) - validation.finite("exposed_at", exposed_at)
        return np.asarray((since >= self.day) & (since < self.closes_after))


@dataclass(frozen=True, eq=False)
class Matured:
    """Customers exposed, those of them whose window is closed, and those of these who came back; all broadcast.

    Use one cut-off for all variants. Raises `ValueError` where `retained <= matured <= exposed` does not hold.
    """

    exposed: FloatArray
    matured: FloatArray
    retained: FloatArray

    def __post_init__(self) -> None:
        counts = {name: validation.whole_counts(name, getattr(self, name)) for name in self.__dataclass_fields__}
        arrays = dict(zip(counts, validation.broadcast(**counts), strict=True))
        validation.at_most("matured", arrays["matured"], "exposed", arrays["exposed"])
        validation.at_most("retained", arrays["retained"], "matured", arrays["matured"])
        for name, array in arrays.items():
            object.__setattr__(self, name, array)

    @property
    def counts(self) -> Counts:
        """Who came back among those who can be judged."""
        return Counts(self.matured, self.retained)

    @property
    def matured_share(self) -> FloatArray:
        """Share of the exposed whose window is closed, NaN for nobody; test it with `same_share_test`."""
        return Counts(self.exposed, self.matured).rate


def retention(
    control: Matured, treatment: Matured, *, alpha: ArrayLike = 0.05, alternative: str = Alternative.TWO_SIDED
) -> Estimate:
    """Retention under treatment minus retention under control, Newcombe's interval, among closed windows.

    Unit: a difference of shares. Edge: `immature` (no interval) where fewer than 30 windows are closed in a variant,
    `empty_arm` where nobody was exposed; else as `newcombe`.
    """
    return _unless_immature(
        newcombe(control.counts, treatment.counts, alpha=alpha, alternative=alternative), control, treatment
    )


def retention_lift(
    control: Matured, treatment: Matured, *, alpha: ArrayLike = 0.05, alternative: str = Alternative.TWO_SIDED
) -> Estimate:
    """The same as a share of the control's retention; edges as `retention` and `proportion_lift`."""
    return _unless_immature(
        proportion_lift(control.counts, treatment.counts, alpha=alpha, alternative=alternative), control, treatment
    )


def _unless_immature(found: Estimate, control: Matured, treatment: Matured) -> Estimate:
    is_exposed = np.minimum(control.exposed, treatment.exposed) > 0
    return found.overruled(
        is_exposed & (np.minimum(control.matured, treatment.matured) < FEWEST_MATURED), Status.IMMATURE
    )
