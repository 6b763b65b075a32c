"""An estimate as it moves through time, inside the limits that hold at every look."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engagement.core.figures.axes import COLOURS, DASHES, MARKS, Axis, round_step, zero_line

HEIGHT = {"wide": 240, "narrow": 220}


@dataclass(frozen=True, slots=True)
class Track:
    """Values with their limits at places along the axis (days, say), all of one length and without gaps."""

    places: Sequence[float]
    values: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    variant: int = 1


@dataclass(frozen=True, slots=True)
class Moment:
    """A vertical line with its word."""

    place: float
    label: str


def track(
    line: Track,
    *,
    unit: str = "",
    scale: Axis | None = None,
    band: tuple[float, float] | None = None,
    moments: Sequence[Moment] = (),
    shut: tuple[float, float] | None = None,
    shut_word: str = "",
    place_word: str = "{}",
) -> dict[str, Any]:
    """A figure of one line in its band of limits, for `<c-chart>`.

    `scale`: the vertical axis, where several figures share one (see `shared_scale`). `band`: values too small to
    matter, shaded. `shut`: a stretch of the horizontal axis in which nobody could see, hatched under its
    `shut_word`. `place_word` writes a place, such as "day {}".
    """
    colour, (mark, size) = COLOURS[line.variant % len(COLOURS)], MARKS[line.variant % len(MARKS)]
    dash = DASHES[line.variant % len(DASHES)]
    scale = scale or shared_scale([line], band=band)
    limits = {"x": [*line.places, *reversed(line.places)], "y": [*line.highs, *reversed(line.lows)]}
    filled = {"fill": "toself", "fillcolor": colour, "opacity": 0.18, "line": {"width": 0}}
    middle = {"x": list(line.places), "y": list(line.values), "line": {"color": colour, "dash": dash}}
    ends = [*line.places, *(moment.place for moment in moments), *(shut or ())]
    return {
        "data": [
            *_hatched(shut, scale),
            {**_quiet("lines"), **limits, **filled},
            {**_quiet("lines"), **middle},
            {**_quiet("markers"), **_last(line), "marker": {"symbol": mark, "size": size, "color": colour}},
        ],
        "layout": {
            "height": HEIGHT["wide"],
            "margin": {"l": 56, "r": 16, "t": 8, "b": 32},
            "xaxis": _places(min(ends), max(ends), place_word),
            "yaxis": scale.layout(unit, is_difference=True),
            "shapes": [*_band(band), *_flat(zero_line(0.0)), *(_upright(moment) for moment in moments)],
            "annotations": [
                *(_word(moment, max(ends), row) for row, moment in enumerate(moments)),
                *_shut_word(shut, shut_word),
            ],
        },
        "narrow": {"layout": {"height": HEIGHT["narrow"]}},
        "heights": HEIGHT,
    }


def shared_scale(lines: Sequence[Track], *, band: tuple[float, float] | None = None) -> Axis:
    """One vertical axis that holds the zero, the band, every line, and of its limits what is not far off the chart.

    The first days' limits are so wide that all else would be flat: those wider than four times the last ones are cut.
    """
    ends = [line.highs[-1] - line.lows[-1] for line in lines]
    reach = 4 * max(ends)
    limits = [edge for line in lines for edges in (line.lows, line.highs) for edge in edges if abs(edge) <= reach]
    return Axis.around([0.0, *limits, *(band or ()), *(value for line in lines for value in line.values[-1:])])


def _quiet(mode: str) -> dict[str, Any]:
    return {"type": "scatter", "mode": mode, "hoverinfo": "skip"}


def _last(line: Track) -> dict[str, Any]:
    return {"x": [line.places[-1]], "y": [line.values[-1]]}


def _hatched(shut: tuple[float, float] | None, scale: Axis) -> list[dict[str, Any]]:
    if shut is None:
        return []
    first, last = shut
    area = {"x": [first, last, last, first], "y": [scale.low, scale.low, scale.high, scale.high]}
    pattern = {"shape": "/", "size": 8, "solidity": 0.06, "fgcolor": "var(--line-strong)", "bgcolor": "rgba(0,0,0,0)"}
    return [{**_quiet("lines"), **area, "fill": "toself", "fillpattern": pattern, "line": {"width": 0}}]


def _places(first: float, last: float, place_word: str) -> dict[str, Any]:
    step = max(1.0, round_step(max(last - first, 1) / 5))
    values = [first + step * index for index in range(int((last - first) // step) + 1)]
    texts = [place_word.format(f"{value:g}") if index == 0 else f"{value:g}" for index, value in enumerate(values)]
    air = 0.02 * max(last - first, 1)
    return {"range": [first - air, last + air], "tickvals": values, "ticktext": texts}


def _band(band: tuple[float, float] | None) -> list[dict[str, Any]]:
    if band is None:
        return []
    area = {"xref": "paper", "x0": 0, "x1": 1, "y0": band[0], "y1": band[1]}
    look = {"fillcolor": "var(--ink)", "opacity": 0.07, "line": {"width": 0}, "layer": "below"}
    return [{"type": "rect", **area, **look}]


def _flat(lines: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The zero line lying down: its value on the vertical axis."""
    return [
        {**line, "name": "level", "xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": line["x0"], "y1": line["x1"]}
        for line in lines
    ]


def _upright(moment: Moment) -> dict[str, Any]:
    place = {"x0": moment.place, "x1": moment.place, "yref": "paper", "y0": 0, "y1": 1}
    return {"type": "line", **place, "line": {"color": "var(--ink)", "width": 2}}


def _word(moment: Moment, last: float, row: int) -> dict[str, Any]:
    """Beside the line, on the side where there is room; each a row lower than the one before, lest they meet."""
    is_last = moment.place >= last
    side = {"xanchor": "right", "xshift": -4} if is_last else {"xanchor": "left", "xshift": 4}
    place = {"x": moment.place, "y": 1, "yref": "paper", "yanchor": "top", "yshift": -18 * row, "showarrow": False}
    return {**place, **side, "text": moment.label, "font": {"color": "var(--ink-soft)"}}


def _shut_word(shut: tuple[float, float] | None, word: str) -> list[dict[str, Any]]:
    if shut is None or not word:
        return []
    place = {"x": sum(shut) / 2, "y": 0, "yref": "paper", "yanchor": "bottom", "yshift": 2, "showarrow": False}
    return [{**place, "text": word, "font": {"color": "var(--ink)"}}]
