"""Shares over the days since something began: a line per variant in its band, named at its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engagement.core.figures.axes import COLOURS, DASHES, Axis
from engagement.core.figures.tracks import Track

HEIGHT = {"wide": 300, "narrow": 260}
MARGIN = {"l": 52, "r": 180, "t": 8, "b": 32}  # at the right stand the names


@dataclass(frozen=True, slots=True)
class NamedCurve:
    """A curve in %, its words for the end of the line, and the level at which it stopped falling, if it has."""

    track: Track
    label: str
    plateau: float | None = None
    plateau_from: float | None = None


def curves(lines: Sequence[NamedCurve], *, day_word: str = "day {}") -> dict[str, Any]:
    """A figure of curves from zero upwards, for `<c-chart>`; plateaus are dotted rules."""
    highest = max(max(line.track.highs) for line in lines)
    last = max(line.track.places[-1] for line in lines)
    scale = Axis.around([0.0, highest])
    step = next(days for days in (1, 2, 7, 14, 30) if last / days <= 7 or days == 30)
    ticks = [step * place for place in range(int(last // step) + 1)]
    texts = [day_word.format(day) if place == 0 else str(day) for place, day in enumerate(ticks)]
    return {
        "data": [trace for line in lines for trace in (_band(line.track), _line(line.track))],
        "layout": {
            "height": HEIGHT["wide"],
            "margin": MARGIN,
            "xaxis": {"range": [0, last], "tickvals": ticks, "ticktext": texts},
            "yaxis": {**scale.layout("%", is_difference=False), "range": [0, scale.high]},
            "shapes": [_rule(line, last) for line in lines if line.plateau is not None],
            "annotations": _names(lines, scale.high),
        },
        "narrow": {
            "layout": {"height": HEIGHT["narrow"], "margin": {"l": 44, "r": 8, "t": 8, "b": 32}, "annotations": []}
        },
        "heights": HEIGHT,
    }


def _quiet(**more: Any) -> dict[str, Any]:
    return {"type": "scatter", "mode": "lines", "hoverinfo": "skip", **more}


def _band(track: Track) -> dict[str, Any]:
    around = {"x": [*track.places, *reversed(track.places)], "y": [*track.highs, *reversed(track.lows)]}
    return _quiet(**around, fill="toself", fillcolor=_colour(track), opacity=0.16, line={"width": 0})


def _line(track: Track) -> dict[str, Any]:
    look = {"color": _colour(track), "dash": DASHES[track.variant % len(DASHES)], "width": 2}
    return _quiet(x=list(track.places), y=list(track.values), line=look)


def _colour(track: Track) -> str:
    return COLOURS[track.variant % len(COLOURS)]


def _rule(line: NamedCurve, last: float) -> dict[str, Any]:
    level = {"x0": line.plateau_from or 0, "x1": last, "y0": line.plateau, "y1": line.plateau}
    return {"type": "line", "yref": "y", **level, "line": {"color": _colour(line.track), "width": 1, "dash": "dot"}}


def _names(lines: Sequence[NamedCurve], highest: float) -> list[dict[str, Any]]:
    """Beside the ends, from the top down, a row apart at least."""
    apart, below = 0.075 * highest, float("inf")
    names = []
    for line in sorted(lines, key=lambda one: -one.track.values[-1]):
        below = min(line.track.values[-1], below - apart)
        place = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 8, "y": below, "yanchor": "middle"}
        names.append({**place, "text": line.label, "showarrow": False, "font": {"color": "var(--ink)"}})
    return names
