"""Figures as plain data for `static/js/charts.js`, whose head tells the shape.

Colours are names of CSS variables, so that light and dark need no second figure. No Django here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Colour and mark by the variant's position, control first.
COLOURS = tuple(f"var(--v{index})" for index in range(5))
MARKS = (("square", 8), ("circle", 9), ("triangle-up", 11), ("diamond", 10), ("pentagon", 10))  # of one visible size
ROW_PX, NARROW_ROW_PX = 30, 46
EDGE = 0.6  # rows' worth of air above the first and below the last line


@dataclass(frozen=True, slots=True)
class Interval:
    """One line of a forest plot: an estimate with its interval, and the words beside it, ready to show.

    `variant` is the variant's position. An estimate that cannot be given has None for its numbers; its words say so.
    """

    label: str
    value: float | None
    low: float | None
    high: float | None
    variant: int = 1
    value_words: str = ""
    interval_words: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Intervals under one heading, such as a metric's variants.

    `band` is the shaded stretch of effects too small to matter, where the plan names one for this metric.
    """

    title: str
    intervals: Sequence[Interval]
    band: tuple[float, float] | None = None


def forest(
    groups: Sequence[Group],
    *,
    unit: str = "",
    zero: float | None = 0.0,
    columns: tuple[str, str] | None = None,
    axis_words: tuple[str, str] | None = None,
) -> dict[str, Any]:
    """A figure of horizontal intervals, one line each, for `<c-chart>`.

    `columns` head the words at the right; `axis_words` say what lies left and right of `zero`, which may be None
    where values are no differences. Values are drawn as given: multiply shares by 100 for a `unit` of %.
    """
    rows, drawn = _rows(groups)
    bottom = min((row["y"] for row in rows), default=0) - EDGE
    bands = _bands(groups)
    axis = _axis(drawn, zero=zero, bands=bands)
    figure: dict[str, Any] = {
        "data": [_trace(drawn, variant) for variant in sorted({row.variant for _, row in drawn})],
        "layout": {
            "xaxis": _value_axis(axis, unit, is_difference=zero is not None),
            "yaxis": {"range": [bottom, EDGE]},
            "shapes": [*bands, *_zero_line(zero)],
        },
        "rows": rows,
        "heights": _heights(EDGE - bottom, has_columns=columns is not None, has_axis_words=axis_words is not None),
    }
    if columns:
        figure["columns"] = list(columns)
    if axis_words and zero is not None:
        figure["axis_words"] = list(axis_words)
    return figure


def _rows(groups: Sequence[Group]) -> tuple[list[dict[str, Any]], list[tuple[int, Interval]]]:
    """The rows of words from y = 0 downwards, and the intervals that can be drawn with their y."""
    rows: list[dict[str, Any]] = []
    drawn: list[tuple[int, Interval]] = []
    for group in groups:
        if group.title:
            rows.append({"y": -len(rows), "label": group.title, "is_head": True})
        for interval in group.intervals:
            if interval.value is not None:
                drawn.append((-len(rows), interval))
            rows.append(_words(interval, -len(rows)))
    return rows, drawn


def _words(interval: Interval, y: int) -> dict[str, Any]:
    return {
        "y": y,
        "label": interval.label,
        "value": interval.value_words,
        "interval": interval.interval_words,
        "verdict": interval.verdict,
        "is_head": False,
    }


def _trace(drawn: Sequence[tuple[int, Interval]], variant: int) -> dict[str, Any]:
    mine = [(y, row) for y, row in drawn if row.variant == variant]
    colour = COLOURS[variant % len(COLOURS)]
    mark, size = MARKS[variant % len(MARKS)]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [row.value for _, row in mine],
        "y": [y for y, _ in mine],
        "marker": {"symbol": mark, "size": size, "color": colour, "opacity": 1},
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [_reach(row.value, row.high) for _, row in mine],
            "arrayminus": [_reach(row.low, row.value) for _, row in mine],
            "color": colour,
            "thickness": 2,
            "width": 0,
        },
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _reach(start: float | None, end: float | None) -> float:
    return 0.0 if start is None or end is None else end - start


@dataclass(frozen=True, slots=True)
class _Axis:
    """What the drawing spans, and the round numbers named on it."""

    low: float
    high: float
    step: float

    @property
    def ticks(self) -> list[float]:
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        return [index * self.step for index in range(first, last + 1)]


def _axis(drawn: Sequence[tuple[int, Interval]], *, zero: float | None, bands: Sequence[dict[str, Any]]) -> _Axis:
    """An axis that holds every interval, the zero and the bands with a little air, and names three to six numbers."""
    numbers = [number for _, row in drawn for number in (row.value, row.low, row.high) if number is not None]
    numbers += [] if zero is None else [zero]
    numbers += [edge for band in bands for edge in (band["x0"], band["x1"])]
    low, high = min(numbers, default=0.0), max(numbers, default=1.0)
    width = high - low or abs(high) or 1.0
    return _Axis(low - 0.04 * width, high + 0.04 * width, _round_step(width / 5))


def _round_step(rough: float) -> float:
    power = float(10 ** math.floor(math.log10(rough)))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))


def _value_axis(axis: _Axis, unit: str, *, is_difference: bool) -> dict[str, Any]:
    places = next(places for places in range(12) if math.isclose(round(axis.step, places), axis.step))
    texts = [_tick(value, places, unit, is_difference=is_difference) for value in axis.ticks]
    return {"range": [axis.low, axis.high], "tickvals": axis.ticks, "ticktext": texts, "showgrid": not is_difference}


def _tick(value: float, places: int, unit: str, *, is_difference: bool) -> str:
    if abs(value) < 10 ** -(places + 1):
        return "0"
    sign = "\N{MINUS SIGN}" if value < 0 else "+" if is_difference else ""
    return f"{sign}{abs(value):,.{places}f}" + ("%" if unit == "%" else f"\N{NO-BREAK SPACE}{unit}" if unit else "")


def _bands(groups: Sequence[Group]) -> list[dict[str, Any]]:
    bands: list[dict[str, Any]] = []
    y = 0
    for group in groups:
        first = y - bool(group.title)
        y = first - len(group.intervals)
        if group.band:
            area = {"x0": group.band[0], "x1": group.band[1], "y0": first + 0.5, "y1": y + 0.5}
            look = {"fillcolor": "var(--ink)", "opacity": 0.07, "line": {"width": 0}, "layer": "below"}
            bands.append({"name": "band", "type": "rect", "yref": "y", **area, **look})
    return bands


def _zero_line(zero: float | None) -> list[dict[str, Any]]:
    if zero is None:
        return []
    place = {"x0": zero, "x1": zero, "yref": "paper", "y0": 0, "y1": 1}
    return [{"name": "zero", "type": "line", **place, "line": {"color": "var(--ink)", "width": 1}, "layer": "below"}]


def _heights(rows: float, *, has_columns: bool, has_axis_words: bool) -> dict[str, int]:
    """What the drawing will take, so that the page keeps its room before the script runs."""
    below = 52 if has_axis_words else 32
    wide = rows * ROW_PX + (28 if has_columns else 4) + below
    return {"wide": round(wide), "narrow": round(rows * NARROW_ROW_PX + 4 + below)}
