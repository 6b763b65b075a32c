"""How numbers and times are written on every page: three significant digits, a true minus, no exponent."""

import math
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.utils.formats import date_format, number_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.core.clock import now

register = template.Library()
SOON = timedelta(hours=2)
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


@register.filter
def duration(seconds: Any) -> str:
    """A length of time as people say it: "20 s", "3 min", "2 h 5 min"."""
    if seconds is None:
        return "–"
    whole = max(1, round(seconds))
    if whole < 60:
        return _("%(count)d s") % {"count": whole}
    minutes = round(whole / 60)
    if minutes < 60:
        return _("%(count)d min") % {"count": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


@register.filter
def exact(value: Any) -> str:
    """A decimal number with the digits it needs and no more: 7, 5.5, 1.25; an en dash where there is none."""
    return "–" if value is None else number_format(f"{Decimal(value).normalize():f}")


@register.filter
def sentence(text: str) -> str:
    """What somebody wrote, with the full stop that another sentence may follow; nothing stays nothing."""
    written = text.strip()
    return written if not written or written[-1] in ".!?…。" else f"{written}."


@register.filter
def deadline(moment: datetime) -> str:
    """A time by which somebody is to act, with its day; less than two hours off, the minutes left come first."""
    written = date_format(localtime(moment), _("l j F, H:i"))
    left = moment - now()
    if not timedelta() < left < SOON:
        return written
    minutes = max(1, round(left / timedelta(minutes=1)))
    words = ngettext("%(minutes)d minute from now (%(time)s)", "%(minutes)d minutes from now (%(time)s)", minutes)
    return words % {"minutes": minutes, "time": written}
