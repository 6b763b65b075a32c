"""Where the dots of a strip stand: one scale from 1 to 10, a dot for each ballot, equal scores stacked."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from backlog.scoring import HIGHEST, LOWEST, ScaleSummary

STEP, HIGHEST_STACK, EDGE = 13, 104, 9  # pixels: from dot to dot, of the highest stack, from the axis to the first


@dataclass(frozen=True, slots=True)
class Point:
    """One score to draw; `mark` is a discipline where names are known, else empty."""

    score: int
    mark: str = ""
    is_mine: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A point and its place: `x` in percent of the width, `y` in pixels from the top."""

    x: float
    y: float
    point: Point


@dataclass(frozen=True, slots=True)
class Strip:
    """A drawing `height` pixels high and as wide as its place; every x is in percent, so that text keeps its size."""

    height: float
    axis_y: float
    ticks: list[tuple[int, float]]
    dots: list[Dot]
    median_x: float | None
    band_x: float | None
    band_width: float | None


def draw(points: Iterable[Point], summary: ScaleSummary) -> Strip:
    """Dots above their scores, with the median and the middle half behind them."""
    ordered = sorted(points, key=lambda point: (point.score, point.mark, point.name))
    tallest = max(summary.counts)
    step = min(STEP, HIGHEST_STACK / max(tallest, 1))
    axis_y = 2 * EDGE + step * max(tallest - 1, 1)
    stacked: Counter[int] = Counter()
    dots = []
    for point in ordered:
        dots.append(Dot(_x(point.score), axis_y - EDGE - step * stacked[point.score], point))
        stacked[point.score] += 1
    return Strip(
        height=axis_y + 24,
        axis_y=axis_y,
        ticks=[(number, _x(number)) for number in range(LOWEST, HIGHEST + 1)],
        dots=dots,
        median_x=None if summary.median is None else _x(float(summary.median)),
        band_x=None if summary.lower is None else _x(float(summary.lower)) - 2,
        band_width=None if summary.spread is None else 10 * float(summary.spread) + 4,
    )


def _x(score: float) -> float:
    return 10 * (score - 0.5)
