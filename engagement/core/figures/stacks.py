"""Shares of a whole that change step by step: stacked bands, and lines of what each part's chance is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engagement.core.figures.axes import COLOURS, DASHES

HEIGHT = {"wide": 240, "narrow": 220}
MARGIN = {"l": 52, "r": 190, "t": 8, "b": 32}  # at the right stand the names
APART = 7.5  # per cent of the height between two names at least


@dataclass(frozen=True, slots=True)
class Part:
    """One variant's shares in %, a value a step, with the words at its end. `variant`: its position."""

    values: Sequence[float]
    label: str
    variant: int


def stacks(parts: Sequence[Part], *, steps: Sequence[str], floor: float | None = None) -> dict[str, Any]:
    """A figure of the parts stacked to 100%, a step wide each, for `<c-chart>`. `floor`: a dotted line, in %."""
    edges = list(range(len(steps) + 1))
    ends, below = [], 0.0
    for part in parts:
        ends.append((below + part.values[-1] / 2, part))
        below += part.values[-1]
    line = [] if floor is None else [{"y0": floor, "y1": floor, "dash": "dot", "color": "var(--ink)"}]
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "hoverinfo": "skip",
                "stackgroup": "shares",
                "x": edges,
                "y": [*part.values, part.values[-1]],
                "line": {"shape": "hv", "width": 1, "color": "var(--paper)"},
                "fillcolor": COLOURS[part.variant % len(COLOURS)],
            }
            for part in parts
        ],
        "layout": {
            "height": HEIGHT["wide"],
            "margin": MARGIN,
            "xaxis": _steps([place + 0.5 for place in range(len(steps))], steps, (0, len(steps))),
            "yaxis": _percent(),
            "shapes": [
                {
                    "type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": one["y0"], "y1": one["y1"],
                    "line": {"color": one["color"], "width": 1, "dash": one["dash"]},
                }
                for one in line
            ],
            "annotations": _names(ends),
        },
        "narrow": _narrow(),
        "heights": HEIGHT,
    }  # fmt: skip


def chances(parts: Sequence[Part], *, steps: Sequence[str]) -> dict[str, Any]:
    """A figure of one line a part over the steps, 0 to 100%, for `<c-chart>`."""
    places = list(range(len(steps)))
    return {
        "data": [
            {
                "type": "scatter",
                "mode": "lines",
                "hoverinfo": "skip",
                "x": places,
                "y": list(part.values),
                "line": {
                    "color": COLOURS[part.variant % len(COLOURS)],
                    "dash": DASHES[part.variant % len(DASHES)],
                    "width": 2,
                },
            }
            for part in parts
        ],
        "layout": {
            "height": HEIGHT["wide"],
            "margin": MARGIN,
            "xaxis": _steps(places, steps, (0, max(len(steps) - 1, 1))),
            "yaxis": {**_percent(), "range": [-2, 102]},
            "annotations": _names([(part.values[-1], part) for part in parts]),
        },
        "narrow": _narrow(),
        "heights": HEIGHT,
    }


def _steps(places: Sequence[float], words: Sequence[str], span: tuple[float, float]) -> dict[str, Any]:
    every = max(1, -(-len(words) // 7))  # no more names than there is room for
    return {"range": list(span), "tickvals": list(places[::every]), "ticktext": list(words[::every])}


def _percent() -> dict[str, Any]:
    return {"range": [0, 100], "tickvals": [0, 50, 100], "ticktext": ["0%", "50%", "100%"]}


def _narrow() -> dict[str, Any]:
    bare = {"l": 44, "r": 8, "t": 8, "b": 32}
    return {"layout": {"height": HEIGHT["narrow"], "margin": bare, "annotations": []}}


def _names(ends: Sequence[tuple[float, Part]]) -> list[dict[str, Any]]:
    """Beside the ends, from the top down, a row apart at least; where the last would fall below, all move up."""
    placed, above = [], 100.0 + APART
    for place, part in sorted(ends, key=lambda end: -end[0]):
        above = min(place, above - APART)
        placed.append((above, part))
    lift = max(0.0, -placed[-1][0]) if placed else 0.0
    at = {"x": 1, "xref": "paper", "xanchor": "left", "xshift": 8, "yanchor": "middle", "showarrow": False}
    return [{**at, "y": place + lift, "text": part.label, "font": {"color": "var(--ink)"}} for place, part in placed]
