"""What all figures share: colours and marks by position, round numbers on an axis, the line at zero."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Colour, mark and line by the variant's position, control first.
COLOURS = tuple(f"var(--v{index})" for index in range(5))
MARKS = (("square", 8), ("circle", 9), ("triangle-up", 11), ("diamond", 10), ("pentagon", 10))  # of one visible size
DASHES = ("dot", "solid", "dash", "longdash", "dashdot")


@dataclass(frozen=True, slots=True)
class Axis:
    """What the drawing spans, and the round numbers named on it."""

    low: float
    high: float
    step: float

    @classmethod
    def around(cls, numbers: Sequence[float]) -> "Axis":
        """An axis that holds all the numbers with a little air, and names three to six."""
        low, high = min(numbers, default=0.0), max(numbers, default=1.0)
        width = high - low or abs(high) or 1.0
        return cls(low - 0.04 * width, high + 0.04 * width, round_step(width / 5))

    @property
    def ticks(self) -> list[float]:
        first, last = math.ceil(self.low / self.step - 1e-9), math.floor(self.high / self.step + 1e-9)
        return [index * self.step for index in range(first, last + 1)]

    def layout(self, unit: str, *, is_difference: bool) -> dict[str, Any]:
        """The axis for Plotly; a difference has its sign written, and no grid: the line at zero is what counts."""
        places = next(places for places in range(12) if math.isclose(round(self.step, places), self.step))
        texts = [tick(value, places, unit, is_difference=is_difference) for value in self.ticks]
        return {
            "range": [self.low, self.high],
            "tickvals": self.ticks,
            "ticktext": texts,
            "showgrid": not is_difference,
        }


def round_step(rough: float) -> float:
    """The next of 1, 2, 2.5, 5 and 10 times a power of ten."""
    power = float(10 ** math.floor(math.log10(rough)))
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))


def tick(value: float, places: int, unit: str, *, is_difference: bool) -> str:
    if abs(value) < 10 ** -(places + 1):
        return "0"
    sign = "\N{MINUS SIGN}" if value < 0 else "+" if is_difference else ""
    return f"{sign}{abs(value):,.{places}f}" + ("%" if unit == "%" else f"\N{NO-BREAK SPACE}{unit}" if unit else "")


def zero_line(zero: float | None) -> list[dict[str, Any]]:
    if zero is None:
        return []
    place = {"x0": zero, "x1": zero, "yref": "paper", "y0": 0, "y1": 1}
    return [{"name": "zero", "type": "line", **place, "line": {"color": "var(--ink)", "width": 1}, "layer": "below"}]
