"""A quarter in weeks: bars in lanes over what is booked of a capacity. Places are weeks from the left edge."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engagement.core.figures.axes import round_step
from engagement.core.figures.still import Box, Drawing, Line, Word

# The broad one stands in for the wide one where there is room; see `.still-broad` in the style sheet.
WIDTHS = {"broad": 940.0, "wide": 740.0, "mid": 470.0, "narrow": 328.0}
LETTER = 6.9  # a letter's width at 13 px, on average
HEAD = 22.0
PITCH = 5.0  # between the lines of a hatch


@dataclass(frozen=True, slots=True)
class Span:
    """A bar from `start` to `end`. Its `kind` says how it is drawn: ended, running, planned, proposed.

    `planned`: where it was to lie, drawn as a thin line below where it came otherwise.
    """

    label: str
    start: float
    end: float
    kind: str
    planned: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """Bars under one title; `empty` is said where there are none."""

    title: str
    sub: str
    spans: Sequence[Span]
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    """One week's tick and load. `month` is set in a month's first week. What is over `free` is hatched."""

    tick: str
    month: str
    booked: float
    planned: float
    free: float

    @property
    def over(self) -> float:
        return max(0.0, self.booked + self.planned - self.free)


@dataclass(frozen=True, slots=True)
class Words:
    """What the drawing says besides its bars."""

    load: tuple[str, str]
    free: str
    today: str


def timeline(
    lanes: Sequence[Lane], weeks: Sequence[Week], *, today: float | None, words: Words, tick: Callable[[float], str]
) -> list[Drawing]:
    """The drawing at four widths. `today` is a place, None where it lies elsewhere; `tick` writes a load."""
    return [_Sheet(name, width, lanes, weeks, words, tick).drawn(today) for name, width in WIDTHS.items()]


class _Sheet:
    def __init__(
        self, name: str, width: float, lanes: Sequence[Lane], weeks: Sequence[Week], words: Words,
        tick: Callable[[float], str],
    ) -> None:  # fmt: skip
        self.lanes, self.weeks, self.words, self.tick = lanes, weeks, words, tick
        self.is_wide = name in ("broad", "wide")
        self.left, self.right = (156.0 if self.is_wide else 0.0), width - 4.0
        self.load_height = 120.0 if self.is_wide else 104.0
        self.out = Drawing(name, width, 0.0)

    def drawn(self, today: float | None) -> Drawing:
        bottom = HEAD
        for lane in self.lanes:
            bottom = self._lane(lane, bottom)
        top = bottom + (14.0 if self.is_wide else 26.0)
        base = top + self.load_height
        self._load(top, base)
        self._weeks(base)
        if today is not None:
            self._today(today, base)
        self.out.height = base + (24.0 if today is not None else 8.0)
        return self.out

    def x(self, place: float) -> float:
        inside = min(max(place, 0.0), float(len(self.weeks)))
        return round(self.left + inside / len(self.weeks) * (self.right - self.left), 1)

    def _weeks(self, base: float) -> None:
        for place, week in enumerate(self.weeks):
            x = self.x(place)
            self.out.lines.append(Line(x, HEAD, x, base, "grid"))
            text = week.tick if self.is_wide else week.month
            if text:
                self.out.words.append(Word(x + 3, 14, text, is_soft=True))
        self.out.lines.append(Line(self.right, HEAD, self.right, base, "grid"))

    def _today(self, place: float, base: float) -> None:
        x = self.x(place)
        self.out.above.append(Line(x, HEAD - 2, x, base, "rule"))
        is_late = place > len(self.weeks) / 2
        self.out.words.append(Word(x, base + 18, self.words.today, "end" if is_late else "start", is_soft=True))

    def _lane(self, lane: Lane, top: float) -> float:
        if not self.is_wide:
            return self._tall_lane(lane, top)
        title = textwrap.wrap(lane.title, width=18, max_lines=3, placeholder="…")
        for row, text in enumerate(title):
            self.out.words.append(Word(0, top + 23 + 16 * row, text, look="strong"))
        self.out.words.append(Word(0, top + 23 + 16 * len(title), _cut(lane.sub, self.left - 8), is_soft=True))
        for row, span in enumerate(lane.spans):
            y = top + 8 + 32 * row
            self._bar(span, y, 22.0)
            self._beside(span, y + 15.5)
        if not lane.spans:
            self.out.words.append(Word(self.left + 6, top + 23, lane.empty, is_soft=True))
        return self._closed(top + max(32.0 * len(lane.spans), 16.0 * (len(title) + 1) + 2) + 14)

    def _tall_lane(self, lane: Lane, top: float) -> float:
        """On narrow places all words go above their bar."""
        self.out.words.append(Word(0, top + 18, _cut(lane.title, self.right), look="strong"))
        self.out.words.append(Word(0, top + 35, _cut(lane.sub or lane.empty, self.right), is_soft=True))
        y = top + 46
        for span in lane.spans:
            x = min(self.x(span.start), max(0.0, self.right - LETTER * len(span.label)))
            self.out.words.append(Word(x, y + 11, _cut(span.label, self.right), look="haloed"))
            self._bar(span, y + 17, 10.0)
            y += 40
        return self._closed(y + 2)

    def _closed(self, bottom: float) -> float:
        self.out.lines.append(Line(0, bottom, self.right, bottom, "grid"))
        return bottom

    def _bar(self, span: Span, y: float, height: float) -> None:
        x, end = self.x(span.start), self.x(span.end)
        self.out.boxes.append(Box(x, y, round(max(end - x, 3.0), 1), height, span.kind))
        if span.planned is not None:
            first, last = (self.x(place) for place in span.planned)
            self.out.above.append(Line(first, y + height + 4, last, y + height + 4, "was"))

    def _beside(self, span: Span, y: float) -> None:
        """The label in its bar where that has room, else behind it, else before it, else cut."""
        x, end, needed = self.x(span.start), self.x(span.end), LETTER * len(span.label)
        look = f"on-{span.kind}"
        if needed + 14 > end - x and end + needed + 8 <= self.right:
            self.out.words.append(Word(end + 6, y, span.label, look="haloed"))
        elif needed + 14 > end - x and x - needed - 8 >= self.left:
            self.out.words.append(Word(x - 6, y, span.label, "end", look="haloed"))
        else:
            self.out.words.append(Word(x + 8, y, _cut(span.label, end - x - 12), look=look))

    def _load(self, top: float, base: float) -> None:
        highest = max([*(max(week.free, week.booked + week.planned) for week in self.weeks), 1.0])
        step = round_step(highest / 3)
        ceiling = max(highest * 1.08, step)

        def y(load: float) -> float:
            return round(base - load / ceiling * (base - top), 1)

        self._load_words(top, y(self.weeks[0].free))
        ticks = [step * number for number in range(int(ceiling / step) + 1)]
        for value in ticks:
            self.out.lines.append(Line(self.left, y(value), self.right, y(value), "grid"))
            if self.is_wide:
                self.out.words.append(Word(self.left - 8, y(value) + 4.5, self.tick(value), "end", is_soft=True))
        for place, week in enumerate(self.weeks):
            self._week_load(place, week, y)

    def _load_words(self, top: float, free: float) -> None:
        first, second = self.words.load
        if self.is_wide:
            self.out.words += [Word(0, top + 12, first, look="strong"), Word(0, top + 28, second, is_soft=True)]
        else:
            self.out.words.append(Word(0, top - 10, f"{first} {second}", look="strong"))
        self.out.words.append(Word(self.left + 6, free - 6, self.words.free, look="haloed"))

    def _week_load(self, place: int, week: Week, y: Callable[[float], float]) -> None:
        x, end = self.x(place) + 2, self.x(place + 1) - 2
        inside = min(week.booked + week.planned, week.free)
        booked = min(week.booked, inside)
        for low, high, kind in ((0.0, booked, "running"), (booked, inside, "planned")):
            if high > low:
                self.out.boxes.append(Box(x, y(high), round(end - x, 1), round(y(low) - y(high), 1), kind))
        if week.over:
            over = Box(x, y(inside + week.over), round(end - x, 1), round(y(inside) - y(inside + week.over), 1), "over")
            self.out.boxes.append(over)
            self.out.above += _hatch(over)
        self.out.above.append(Line(self.x(place), y(week.free), self.x(place + 1), y(week.free), "level"))
        if place and self.weeks[place - 1].free != week.free:
            self.out.above.append(Line(x - 2, y(self.weeks[place - 1].free), x - 2, y(week.free), "level"))


def _hatch(box: Box) -> list[Line]:
    """Slanted lines that fill a box: lines, for a pattern in a hidden drawing is drawn by no browser."""
    found, offset = [], -box.height + PITCH
    while offset < box.width:
        first, last = max(0.0, -offset), min(box.height, box.width - offset)
        x, y = box.x + offset, box.y + box.height
        found.append(Line(round(x + first, 1), round(y - first, 1), round(x + last, 1), round(y - last, 1), "hatch"))
        offset += PITCH
    return found


def _cut(text: str, width: float) -> str:
    fitting = int(max(width, 0.0) / LETTER)
    return text if len(text) <= fitting else text[: max(fitting - 1, 0)].rstrip() + "…" if fitting > 1 else ""
