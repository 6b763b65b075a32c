"""May we stop? The primary metric's effect day by day, inside limits that hold whenever somebody looks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.utils.translation import gettext as _

from engagement.core.figures import Moment, Track, track
from engagement.core.figures.tracks import shared_scale
from experiments.metrics.definition import SHARES
from experiments.models import Experiment, Readout, Variant
from experiments.reports.results import is_invalid
from experiments.reports.sentences import listed
from experiments.reports.wording import metric_name

FEWEST_DAYS = 2
HEADER = (
    "metric", "variant", "day", "date", "customers", "control_customers", "unit", "difference", "difference_low",
    "difference_high", "e_value",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayRow:
    """Where one treatment stood at the end of a day; numbers as they are written: shares in percentage points."""

    number: int
    day: date
    customers: int
    control_customers: int
    value: float
    low: float
    high: float
    e_value: float | None


@dataclass(frozen=True, slots=True)
class Course:
    """One treatment from day to day; only the days for which there is an estimate with limits."""

    name: str
    place: int
    days: Sequence[DayRow]

    @property
    def last(self) -> DayRow:
        return self.days[-1]

    @property
    def clear_since(self) -> int | None:
        """The day from which on the limits leave zero out without a break; None while they hold it."""
        side = 1 if self.last.low > 0 else -1 if self.last.high < 0 else 0
        if not side:
            return None
        since = self.last.number
        for row in reversed(self.days):
            if not (row.low > 0 if side > 0 else row.high < 0):
                break
            since = row.number
        return since

    @property
    def track(self) -> Track:
        return Track(
            [row.number for row in self.days],
            [row.value for row in self.days],
            [row.low for row in self.days],
            [row.high for row in self.days],
            variant=self.place,
        )


@dataclass(frozen=True, slots=True)
class Stopping:
    """The section of the page: its sentence, a figure per treatment, the days behind them."""

    title: str
    metric: str
    unit: str
    first: int
    level: str
    has_band: bool
    courses: Sequence[Course]
    figures: Sequence[dict[str, Any]]


def stopping(readout: Readout, experiment: Experiment, variants: Sequence[Variant]) -> Stopping | None:
    """None where nothing may be shown (sealed, invalid) or too few days are there to see a course."""
    primary = next((part for part in readout.document["metrics"] if part["role"] == "primary"), None)
    if primary is None or is_invalid(readout.document) or experiment.starts is None:
        return None
    found = [course for course in courses(readout, experiment.starts, variants, primary) if len(course.days) > 1]
    if not found or max(len(course.days) for course in found) < FEWEST_DAYS:
        return None
    unit = "pp" if primary["kind"] in SHARES else primary["unit"]
    return Stopping(
        title=_title(found),
        metric=metric_name(primary["key"]),
        unit=unit,
        first=min(course.days[0].number for course in found),
        level=f"{100 * readout.document['level']:g}%",
        has_band=_too_small(experiment, primary) is not None,
        courses=found,
        figures=_figures(found, experiment, primary, unit),
    )


def courses(
    readout: Readout, starts: datetime, variants: Sequence[Variant], primary: Mapping[str, Any]
) -> Iterator[Course]:
    """Each treatment's days, in the order of the variants."""
    told = readout.series.get("metrics", {}).get(primary["key"], {})
    control, *treatments = variants
    scale = 100 if primary["kind"] in SHARES else 1
    first = starts.astimezone(UTC).date()
    for variant in treatments:
        numbers = told.get("comparisons", {}).get(variant.key)
        if numbers:
            counts = (told["n"][variant.key], told["n"][control.key])
            rows = zip(told["days"], *counts, *(numbers[name] for name in _NUMBERS), strict=True)
            yield Course(variant.name, variant.position, [_row(row, first, scale) for row in rows if _is_told(row)])


_NUMBERS = ("estimate", "low", "high", "e_value")


def _is_told(row: tuple[Any, ...]) -> bool:
    _day, _customers, _control, *limits, _e_value = row
    return None not in limits


def _row(row: tuple[Any, ...], first: date, scale: int) -> DayRow:
    day, customers, control, value, low, high, e_value = row
    on = date.fromisoformat(day)
    return DayRow((on - first).days + 1, on, customers, control, scale * value, scale * low, scale * high, e_value)


def _title(found: Sequence[Course]) -> str:
    """Such as “A stays above zero from day 32; B still includes zero”."""
    parts = []
    for course in found:
        if course.clear_since is None:
            continue
        words = _("%(name)s stays above zero from day %(day)s")
        if course.last.high < 0:
            words = _("%(name)s stays below zero from day %(day)s")
        parts.append(words % {"name": course.name, "day": course.clear_since})
    unclear = {"names": listed([course.name for course in found if course.clear_since is None])}
    if not parts:
        return _("The range of %(names)s still holds zero") % unclear
    if unclear["names"]:
        parts.append(_("the range of %(names)s still holds zero") % unclear)
    return "; ".join(parts)


def _figures(
    found: Sequence[Course], experiment: Experiment, primary: Mapping[str, Any], unit: str
) -> list[dict[str, Any]]:
    band = _too_small(experiment, primary)
    scale = shared_scale([course.track for course in found], band=band)
    opened, ends = _day_number(experiment, experiment.sealed_until), _day_number(experiment, experiment.ends)
    first = min(course.days[0].number for course in found)
    moments = [Moment(opened, _("planned minimum"))] if opened is not None and opened > first else []
    moments += [Moment(ends, _("latest end"))] if ends is not None else []
    shut = (first, opened) if opened is not None and opened > first else None
    day = _("day {}")
    given: dict[str, Any] = {"unit": unit, "scale": scale, "band": band, "moments": moments, "place_word": day}
    return [track(course.track, shut=shut, shut_word=_("sealed"), **given) for course in found]


def _too_small(experiment: Experiment, primary: Mapping[str, Any]) -> tuple[float, float] | None:
    """The effects that the plan calls too small to matter, in the unit that is drawn."""
    share, mean = (experiment.plan or {}).get("minimum_effect"), primary["variants"][0]["mean"]
    if not share or not mean:
        return None
    edge = share * abs(mean) * (100 if primary["kind"] in SHARES else 1)
    return -edge, edge


def _day_number(experiment: Experiment, moment: datetime | None) -> float | None:
    """How many days after the start, as the days are numbered: 1.0 is the end of the first day."""
    if moment is None or experiment.starts is None:
        return None
    return (moment - experiment.starts).total_seconds() / 86_400


def by_day(readout: Readout, experiment: Experiment, variants: Sequence[Variant]) -> Iterator[tuple[Any, ...]]:
    """Rows under `HEADER`: the primary metric's course as plain numbers; none where the page shows none."""
    primary = next((part for part in readout.document["metrics"] if part["role"] == "primary"), None)
    if primary is None or is_invalid(readout.document) or experiment.starts is None:
        return
    unit = "pp" if primary["kind"] in SHARES else primary["unit"]
    for course in courses(readout, experiment.starts, variants, primary):
        for row in course.days:
            yield (
                primary["key"], course.name, row.number, row.day.isoformat(), row.customers, row.control_customers,
                unit, row.value, row.low, row.high, row.e_value,
            )  # fmt: skip
