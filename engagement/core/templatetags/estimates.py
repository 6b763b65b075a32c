"""Estimates in words and as small drawings: one number of decimals for the value and its interval, never one alone."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.translation import gettext as _

from engagement.core.templatetags.formats import MINUS

register = template.Library()
MINI_WIDTH, MINI_EDGE = 132.0, 4.0
MOST_MORE = 2


@dataclass(frozen=True, slots=True)
class Written:
    value: str
    interval: str


def decimals(value: float, low: float, high: float) -> int:
    """How exactly an estimate is written: as its interval allows, the largest number with three digits at most.

    Two digits of half the interval's width, or one where they would begin above 3.5 (the rule of the Particle Data
    Group for uncertainties); from a width of one upwards a single decimal.
    """
    half = abs(high - low) / 2
    largest = max(abs(value), abs(low), abs(high))
    by_size = 2 - math.floor(math.log10(largest)) if largest else 2
    return max(0, min(max(1, _telling_places(half)), by_size))


def _telling_places(half: float) -> int:
    if not half:
        return 2
    power = math.floor(math.log10(half))
    return (1 if half / 10**power < 3.55 else 0) - power


def _telling_zero_apart(places: int, ends: Sequence[float]) -> int:
    """One or two places more where an end that is not zero would read as zero, which says something else."""
    for more in range(MOST_MORE + 1):
        if all(round(end, places + more) for end in ends if end):
            return places + more
    return places


@register.simple_tag
def written_estimate(
    value: Any, low: Any, high: Any, unit: str = "", scale: Any = 1, level: bool = False
) -> Written | None:
    """Such as +2.3 pp and +0.9 to +3.7; `level` drops the plus of what is no difference. None for a missing number."""
    if value is None or low is None or high is None:
        return None
    numbers = [float(number) * float(scale or 1) for number in (value, low, high)]
    places = _telling_zero_apart(decimals(*numbers), numbers[1:])
    texts = [_signed(number, places, plus="" if level else "+") for number in numbers]
    tight = "%" if unit == "%" else ""
    loose = f"\N{NO-BREAK SPACE}{unit}" if unit and not tight else ""
    interval = _("%(low)s to %(high)s") % {"low": texts[1], "high": texts[2] + tight}
    return Written(texts[0] + tight + loose, interval)


def _signed(number: float, places: int, *, plus: str) -> str:
    text = f"{abs(number):,.{places}f}"
    if not float(text.replace(",", "")):
        return text
    return (MINUS if number < 0 else plus) + text


@dataclass(frozen=True, slots=True)
class Drawn:
    """Positions in a drawing 132 wide; `zero` is None where the axis does not hold it."""

    low: float
    value: float
    high: float
    zero: float | None


@register.simple_tag
def drawn_interval(value: Any, low: Any, high: Any, axis: Any) -> Drawn | None:
    """The interval on `axis` (its two ends, shared by all rows of a table). Ends beyond it are drawn at its edge."""
    if value is None or low is None or high is None or not axis:
        return None
    start, end = (float(edge) for edge in axis)
    zero = _position(0, start, end) if start <= 0 <= end else None
    return Drawn(_position(low, start, end), _position(value, start, end), _position(high, start, end), zero)


def _position(number: Any, start: float, end: float) -> float:
    share = (float(number) - start) / (end - start) if end > start else 0.5
    return round(MINI_EDGE + min(1.0, max(0.0, share)) * (MINI_WIDTH - 2 * MINI_EDGE), 1)
