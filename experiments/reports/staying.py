"""Do people stay? A retention curve per variant, and whether it has stopped falling."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.accounts.queries import workspace
from engagement.core.figures import NamedCurve, Track, curves
from experiments import stats
from experiments.models import Readout, Variant
from experiments.reports.results import is_invalid
from experiments.reports.sentences import listed
from experiments.reports.wording import metric_name

FEWEST_DAYS = 3
FEWEST_CUSTOMERS = 30  # of each variant, behind a point: fewer are too early to say (statistics, “immature”)
SHAPES = {
    stats.CurveShape.FLATTENED: gettext_lazy("has stopped falling"),
    stats.CurveShape.FALLING: gettext_lazy("still falling"),
    stats.CurveShape.RISING: gettext_lazy("rising"),
    stats.CurveShape.TOO_EARLY: gettext_lazy("too early to say"),
}
HEADER = ("metric", "variant", "day", "customers", "retained", "share", "share_low", "share_high")


@dataclass(frozen=True, slots=True)
class DayShare:
    """How many of those whose day has closed came back on it; shares in % with their 95% interval."""

    day: int
    customers: int
    retained: int
    percent: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Stay:
    """One variant's curve; `plateau` holds level, low and high in % where it has stopped falling."""

    name: str
    place: int
    days: Sequence[DayShare]
    shape: stats.CurveShape
    plateau: tuple[float, float, float] | None

    @property
    def shape_words(self) -> str:
        return str(SHAPES[self.shape])

    @property
    def last(self) -> DayShare:
        return self.days[-1]


@dataclass(frozen=True, slots=True)
class Staying:
    title: str
    metric: str
    curves: Sequence[Stay]
    figure: dict[str, Any]


def staying(readout: Readout, variants: Sequence[Variant]) -> Staying | None:
    """None where nothing may be shown (sealed, invalid), or there is no retention metric or hardly a day of it."""
    found = stays(readout, variants)
    if not found or min(len(stay.days) for stay in found) < FEWEST_DAYS:
        return None
    drawn = [
        NamedCurve(
            Track(
                [day.day for day in stay.days],
                [day.percent for day in stay.days],
                [day.low for day in stay.days],
                [day.high for day in stay.days],
                variant=stay.place,
            ),
            _("%(name)s %(share)s%% on day %(day)s")
            % {"name": stay.name, "share": f"{stay.last.percent:.1f}", "day": stay.last.day},
            plateau=stay.plateau[0] if stay.plateau else None,
            plateau_from=stay.days[len(stay.days) // 2].day,
        )
        for stay in found
    ]
    return Staying(
        _title(found), metric_name(readout.series["curve"]["metric"]), found, curves(drawn, day_word=_("day {}"))
    )


def stays(readout: Readout, variants: Sequence[Variant]) -> list[Stay]:
    """Each variant's curve over the days that enough customers of every variant have behind them, control first."""
    told = readout.series.get("curve")
    if told is None or is_invalid(readout.document):
        return []
    closed = np.array([told["closed"][variant.key] for variant in variants], dtype=float)
    retained = np.array([told["retained"][variant.key] for variant in variants], dtype=float)
    days = int((closed >= FEWEST_CUSTOMERS).all(axis=0).sum())
    if not days:
        return []
    closed, retained = closed[:, :days], retained[:, :days]
    low, high = stats.wilson_interval(stats.Counts(closed, retained))
    shapes = _shapes(closed, retained)
    return [
        Stay(
            variant.name,
            variant.position,
            [
                DayShare(day, int(n), int(x), 100 * x / n, 100 * lo, 100 * hi)
                for day, (n, x, lo, hi) in enumerate(zip(closed[i], retained[i], low[i], high[i], strict=True))
            ],
            stats.CurveShape(shapes.shape[i]),
            (100 * shapes.level[i], 100 * shapes.low[i], 100 * shapes.high[i])
            if shapes.shape[i] == stats.CurveShape.FLATTENED
            else None,
        )
        for i, variant in enumerate(variants)
    ]


def _shapes(closed: np.ndarray, retained: np.ndarray) -> stats.Plateau:
    """Days on which nobody or everybody came back have no variance of their own; half a customer is lent to them."""
    rate = (retained + 0.5) / (closed + 1.0)
    variance = rate * (1 - rate) / closed
    interval = workspace().ideal_usage_interval_days
    days = np.arange(closed.shape[-1], dtype=float)
    return stats.plateau(days[1:], (retained / closed)[:, 1:], variance[:, 1:], usage_interval_days=interval)


def _title(found: Sequence[Stay]) -> str:
    flat = [stay.name for stay in found if stay.shape == stats.CurveShape.FLATTENED]
    if len(flat) == len(found):
        return _("All curves have stopped falling")
    if flat:
        return _("The curve of %(names)s has stopped falling") % {"names": listed(flat)}
    if all(stay.shape == stats.CurveShape.TOO_EARLY for stay in found):
        return _("It is too early to say whether the curves stop falling")
    return _("No curve has stopped falling yet")


def by_day(readout: Readout, variants: Sequence[Variant]) -> Iterator[tuple[Any, ...]]:
    """Rows under `HEADER`; shares in %."""
    for stay in stays(readout, variants):
        for day in stay.days:
            told = (day.customers, day.retained, day.percent, day.low, day.high)
            yield (readout.series["curve"]["metric"], stay.name, day.day, *told)
