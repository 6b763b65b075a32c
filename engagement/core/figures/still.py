"""Drawings that need no script: lines, dots and words placed by the server, at three widths of which the fitting one
is shown, so that text stays of one size. Classes carry the colours, so that light, dark and grey paper all work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engagement.core.figures.axes import Axis

WIDTHS = {"wide": 768.0, "mid": 470.0, "narrow": 328.0}
DOT = 5.5
ROW = 34.0
TALL_ROW = 62.0
FOOT = 30.0
LETTER = 7.0  # about as wide as a letter of a tick


@dataclass(frozen=True, slots=True)
class Line:
    x1: float
    y1: float
    x2: float
    y2: float
    kind: str


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    radius: float = DOT


@dataclass(frozen=True, slots=True)
class Box:
    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Word:
    """`anchor`: start, middle or end of the text lies at x. `look` is a class beside `soft`, such as strong."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    is_soft: bool = False
    look: str = ""


@dataclass(slots=True)
class Drawing:
    """One drawing at one width; `name` says which. Lines lie below boxes, what is in `above` on them."""

    name: str
    width: float
    height: float
    lines: list[Line] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    above: list[Line] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Row:
    """An interval with its dot and its words: what it is of, and how it is written."""

    label: str
    value: float
    low: float
    high: float
    written: str


def at_three_widths(draw: Callable[[str, float], Drawing]) -> list[Drawing]:
    return [draw(name, width) for name, width in WIDTHS.items()]


def intervals(rows: Sequence[Row], *, tick: Callable[[float], str]) -> list[Drawing]:
    """Intervals under each other on one axis with the line at zero; on narrow places words go above their line."""
    axis = Axis.around([0.0, *(end for row in rows for end in (row.low, row.high))])
    return at_three_widths(lambda name, width: _intervals(rows, axis, name, width, tick))


def _intervals(rows: Sequence[Row], axis: Axis, name: str, width: float, tick: Callable[[float], str]) -> Drawing:
    is_wide = name == "wide"
    left, right = (270.0, 590.0) if is_wide else (8.0, width - 8.0)
    step = ROW if is_wide else TALL_ROW
    drawn = Drawing(name, width, step * len(rows) + FOOT)

    def x(value: float) -> float:
        return round(left + (value - axis.low) / (axis.high - axis.low) * (right - left), 1)

    for index, row in enumerate(rows):
        top = step * index
        y = top + (21.0 if is_wide else 36.0)
        drawn.lines += [Line(x(0), y - 9, x(0), y + 9, "zero"), Line(x(row.low), y, x(row.high), y, "range")]
        drawn.dots.append(Dot(x(row.value), y))
        drawn.words.append(Word(0, top + (25.5 if is_wide else 20.0), row.label))
        aside = (604.0, top + 25.5, "start") if is_wide else (width, top + 57.0, "end")
        drawn.words.append(Word(aside[0], aside[1], row.written, aside[2]))
    base = step * len(rows)
    drawn.lines.append(Line(left, base, right, base, "axis"))
    for value in axis.ticks:
        drawn.lines.append(Line(x(value), base, x(value), base + 5, "axis"))
        text = tick(value)
        half = LETTER * len(text) / 2  # a tick near an edge is moved inside, so that its word is not cut
        place = min(max(x(value), half), width - half)
        drawn.words.append(Word(place, base + 20, text, "middle", is_soft=True))
    return drawn


@dataclass(frozen=True, slots=True)
class Share:
    """Something stated against what was observed, both shares, with the observed one's interval."""

    stated: float
    observed: float
    low: float
    high: float
    written: str


def against_diagonal(shares: Sequence[Share], *, stated: str, percent: Callable[[float], str]) -> list[Drawing]:
    """Dots on a square of shares; on the dotted diagonal what was stated came true."""
    return at_three_widths(lambda name, width: _against_diagonal(shares, name, width, stated, percent))


def _against_diagonal(
    shares: Sequence[Share], name: str, width: float, stated: str, percent: Callable[[float], str]
) -> Drawing:
    side = {"wide": 368.0, "mid": 400.0, "narrow": 262.0}[name]
    left, top, height = 44.0, 12.0, 244.0
    drawn = Drawing(name, width, top + height + 44)

    def place(across: float, up: float) -> tuple[float, float]:
        return round(left + across * side, 1), round(top + (1 - up) * height, 1)

    for part in (0.0, 0.5, 1.0):
        x, y = place(part, part)
        drawn.lines.append(Line(left, y, left + side, y, "grid"))
        drawn.words.append(Word(left - 6, y + 4.5, percent(part), "end", is_soft=True))
        drawn.words.append(Word(x, top + height + 18, percent(part), "middle", is_soft=True))
    drawn.lines += [Line(*place(0, 0), *place(1, 1), "rule"), Line(*place(0, 0), *place(1, 0), "axis")]
    drawn.words.append(Word(left + side / 2, top + height + 37, stated, "middle", is_soft=True))
    for share in shares:
        x, y = place(share.stated, share.observed)
        drawn.lines.append(Line(x, place(0, share.low)[1], x, place(0, share.high)[1], "range"))
        drawn.dots.append(Dot(x, y))
        drawn.words.append(Word(x + 11, y + 4.5, share.written))
    return drawn
