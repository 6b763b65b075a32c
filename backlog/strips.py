"""Where the dots of a strip stand: one scale from 1 to 10, a dot for each ballot, equal scores stacked."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from backlog.scoring import HIGHEST, LOWEST, ScaleSummary

STEP, HIGHEST_STACK, EDGE = 13, 104, 9  # pixels: from dot to dot, of the highest stack, from the axis to the first
BETWEEN = 26  # pixels between the rows of two rounds, for the lines that join their dots


@dataclass(frozen=True, slots=True)
class Point:
    """One score to draw; `mark` is a discipline where names are known, else empty; `voter` a number, else 0."""

    score: int
    mark: str = ""
    is_mine: bool = False
    name: str = ""
    voter: int = 0


@dataclass(frozen=True, slots=True)
class Dot:
    """A point and its place: `x` in percent of the width, `y` in pixels from the top."""

    x: float
    y: float
    point: Point


@dataclass(frozen=True, slots=True)
class Strip:
    """A drawing `height` pixels high and as wide as its place; every x is in percent, so that text keeps its size.

    `top` is where the strip itself begins: above it stand the dots of an earlier round, where there was one, and
    `moves` join each of them to the same voter's dot below.
    """

    height: float
    axis_y: float
    ticks: list[tuple[int, float]]
    dots: list[Dot]
    median_x: float | None
    band_x: float | None
    band_width: float | None
    top: float = 0
    earlier: list[Dot] = field(default_factory=list)
    moves: list[tuple[Dot, Dot]] = field(default_factory=list)

    @property
    def row_height(self) -> float:
        """From `top` to the axis."""
        return self.axis_y - self.top


def draw(points: Iterable[Point], summary: ScaleSummary, *, earlier: Iterable[Point] = ()) -> Strip:
    """Dots above their scores, with the median and the middle half behind them; above all that an earlier round's."""
    before = list(earlier)
    earlier_dots, earlier_y = _stacked(before, top=0)
    top = earlier_y + BETWEEN if before else 0
    dots, axis_y = _stacked(points, top=top)
    below = {dot.point.voter: dot for dot in dots if dot.point.voter}
    return Strip(
        height=axis_y + 24,
        axis_y=axis_y,
        ticks=[(number, _x(number)) for number in range(LOWEST, HIGHEST + 1)],
        dots=dots,
        median_x=None if summary.median is None else _x(float(summary.median)),
        band_x=None if summary.lower is None else _x(float(summary.lower)) - 2,
        band_width=None if summary.spread is None else 10 * float(summary.spread) + 4,
        top=top,
        earlier=earlier_dots,
        moves=[(dot, below[dot.point.voter]) for dot in earlier_dots if dot.point.voter in below],
    )


def _stacked(points: Iterable[Point], *, top: float) -> tuple[list[Dot], float]:
    """The dots of one row that begins at `top`, equal scores stacked, and the height of the axis they stand on."""
    ordered = sorted(points, key=lambda point: (point.score, point.mark, point.name))
    tallest = max(Counter(point.score for point in ordered).values(), default=0)
    step = min(STEP, HIGHEST_STACK / max(tallest, 1))
    axis_y = top + 2 * EDGE + step * max(tallest - 1, 1)
    stacked: Counter[int] = Counter()
    dots = []
    for point in ordered:
        dots.append(Dot(_x(point.score), axis_y - EDGE - step * stacked[point.score], point))
        stacked[point.score] += 1
    return dots, axis_y


def _x(score: float) -> float:
    return 10 * (score - 0.5)
