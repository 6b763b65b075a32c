"""Lying bars, one line each, with the words beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engagement.core.figures.forest import EDGE, NARROW_ROW_PX, ROW_PX


@dataclass(frozen=True, slots=True)
class Bar:
    """A value from zero upwards, its words, and a second number beside them."""

    label: str
    value: float
    value_words: str
    more_words: str = ""


def bars(lines: Sequence[Bar]) -> dict[str, Any]:
    """A figure of bars from zero, for `<c-chart>`; the first on top."""
    rows = [
        {"y": -place, "label": bar.label, "value": bar.value_words, "interval": bar.more_words, "is_head": False}
        for place, bar in enumerate(lines)
    ]
    bottom = 1 - max(len(lines), 1) - EDGE
    highest = max((bar.value for bar in lines), default=0.0) or 1.0
    places = [-place for place in range(len(lines))]
    return {
        "data": [_trace(lines, places, width=0.62)],
        "layout": {
            "xaxis": {"range": [0, highest * 1.02], "visible": False},
            "yaxis": {"range": [bottom, EDGE]},
        },
        # On a phone the words stand above their bar.
        "narrow": {"data": [_trace(lines, [place - 0.2 for place in places], width=0.28)]},
        "rows": rows,
        "heights": {
            "wide": round((EDGE - bottom) * ROW_PX + 36),
            "narrow": round((EDGE - bottom) * NARROW_ROW_PX + 36),
        },
    }


def _trace(lines: Sequence[Bar], places: Sequence[float], *, width: float) -> dict[str, Any]:
    return {
        "type": "bar",
        "orientation": "h",
        "x": [bar.value for bar in lines],
        "y": list(places),
        "width": width,
        "marker": {"color": "var(--accent)"},
        "hoverinfo": "skip",
    }
