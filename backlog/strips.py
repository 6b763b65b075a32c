"""Where the dots of a strip stand: one scale from 1 to 10, a dot for each ballot, equal scores stacked."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

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
class Stack:
    """Nameless dots above one number, `step` pixels apart: `bottom` and `top` are the middles of the outer two."""

    x: float
    bottom: float
    top: float
    step: float

    @property
    def end(self) -> float:
        """A hair beyond `top`: of a dotted line that ends at a dot's middle browsers leave that dot out."""
        return self.top - 0.1


@dataclass(frozen=True, slots=True)
class Strip:
    """A drawing `height` pixels high and as wide as its place; every x is in percent, so that text keeps its size.

    What has a name or a mark is one of `dots`, the rest is in `stacks`. `top` is where the strip itself begins: above
    it stand the dots of an earlier round, where there was one, and `moves` join each to the same voter's dot below.
    """

    height: float
    axis_y: float
    ticks: list[tuple[int, float]]
    dots: list[Dot]
    median_x: float | None
    band_x: float | None
    band_width: float | None
    top: float = 0
    stacks: list[Stack] = field(default_factory=list)
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
    moves = [(dot, below[dot.point.voter]) for dot in earlier_dots if dot.point.voter in below]
    return _strip(summary, axis_y, dots, top=top, earlier=earlier_dots, moves=moves)


def draw_nameless(summary: ScaleSummary, *, mine: int | None) -> Strip:
    """A stack for each number that was given, with one's own score as a dot at the foot of its stack.

    However many ballots there are, there is little to draw: this one is drawn anew for every voter who looks on.
    """
    step, axis_y = _frame(max(summary.counts), top=0)
    foot = axis_y - EDGE
    stacks = [
        Stack(_x(score), foot - step * (score == mine), foot - step * (count - 1), step)
        for score, count in enumerate(summary.counts, start=LOWEST)
        if count > (score == mine)
    ]
    own = [] if mine is None else [Dot(_x(mine), foot, Point(mine, is_mine=True))]
    return _strip(summary, axis_y, own, stacks=stacks)


def _strip(summary: ScaleSummary, axis_y: float, dots: list[Dot], **more: Any) -> Strip:
    return Strip(
        height=axis_y + 24,
        axis_y=axis_y,
        ticks=[(number, _x(number)) for number in range(LOWEST, HIGHEST + 1)],
        dots=dots,
        median_x=None if summary.median is None else _x(float(summary.median)),
        band_x=None if summary.lower is None else _x(float(summary.lower)) - 2,
        band_width=None if summary.spread is None else 10 * float(summary.spread) + 4,
        **more,
    )


def _frame(tallest: int, *, top: float) -> tuple[float, float]:
    """The pixels from dot to dot, and where the axis lies below the tallest stack of a row that begins at `top`."""
    step = min(STEP, HIGHEST_STACK / max(tallest, 1))
    return step, top + 2 * EDGE + step * max(tallest - 1, 1)


def _stacked(points: Iterable[Point], *, top: float) -> tuple[list[Dot], float]:
    """The dots of one row that begins at `top`, equal scores stacked, and the height of the axis they stand on."""
    ordered = sorted(points, key=lambda point: (point.score, point.mark, point.name))
    tallest = max(Counter(point.score for point in ordered).values(), default=0)
    step, axis_y = _frame(tallest, top=top)
    stacked: Counter[int] = Counter()
    dots = []
    for point in ordered:
        dots.append(Dot(_x(point.score), axis_y - EDGE - step * stacked[point.score], point))
        stacked[point.score] += 1
    return dots, axis_y


def _x(score: float) -> float:
    return 10 * (score - 0.5)
