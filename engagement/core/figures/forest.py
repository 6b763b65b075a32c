"""Forest plots: estimates with their intervals, one line each, and the words beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engagement.core.figures.axes import COLOURS, MARKS, Axis, zero_line

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
            "xaxis": axis.layout(unit, is_difference=zero is not None),
            "yaxis": {"range": [bottom, EDGE]},
            "shapes": [*bands, *zero_line(zero)],
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


def _axis(drawn: Sequence[tuple[int, Interval]], *, zero: float | None, bands: Sequence[dict[str, Any]]) -> Axis:
    """An axis that holds every interval, the zero and the bands."""
    numbers = [number for _, row in drawn for number in (row.value, row.low, row.high) if number is not None]
    numbers += [] if zero is None else [zero]
    return Axis.around([*numbers, *(edge for band in bands for edge in (band["x0"], band["x1"]))])


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


def _heights(rows: float, *, has_columns: bool, has_axis_words: bool) -> dict[str, int]:
    """What the drawing will take, so that the page keeps its room before the script runs."""
    below = 52 if has_axis_words else 32
    wide = rows * ROW_PX + (28 if has_columns else 4) + below
    return {"wide": round(wide), "narrow": round(rows * NARROW_ROW_PX + 4 + below)}
