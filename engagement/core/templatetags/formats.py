"""How numbers are written on every page: three significant digits, a true minus, an estimate never without its range."""

import math
from typing import Any

from django import template

register = template.Library()
MINUS = "\N{MINUS SIGN}"


def significant(value: float, digits: int = 3) -> str:
    """`value` at `digits` significant digits, thousands grouped, no exponent."""
    if value == 0:
        return "0"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    rounded = round(value, places) if places else round(value, digits - 1 - math.floor(math.log10(abs(value))))
    return f"{abs(rounded):,.{places}f}"


@register.filter
def number(value: Any) -> str:
    """A plain count or amount; an en dash where there is none."""
    if value is None:
        return "–"
    return (MINUS if value < 0 else "") + significant(float(value))


@register.filter
def signed(value: Any) -> str:
    """A difference with its sign; an en dash where there is none."""
    if value is None:
        return "–"
    return ("+" if value > 0 else MINUS if value < 0 else "") + significant(float(value))


@register.filter
def percent(value: Any) -> str:
    return "–" if value is None else number(100 * value) + "%"


@register.filter
def signed_percent(value: Any) -> str:
    return "–" if value is None else signed(100 * value) + "%"
