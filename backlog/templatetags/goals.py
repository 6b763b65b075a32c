"""How goals and quarters are written."""

from decimal import Decimal

from django import template

from backlog.choices import GoalDirection, GoalKind
from backlog.models import Goal
from engagement.core.templatetags.formats import MINUS, exact

register = template.Library()


@register.filter
def quarter_words(quarter: object) -> str:
    """Q3 2026, as people say 2026-Q3."""
    year, name = str(quarter).split("-")
    return f"{name} {year}"


@register.filter
def target_words(goal: Goal) -> str:
    """Such as 33%, 2.2 or 45 EUR for a value, +5% for a lift."""
    if goal.kind == GoalKind.LIFT:
        return ("+" if goal.direction == GoalDirection.UP else MINUS) + exact(100 * goal.target) + "%"
    return amount_words(goal.target, goal.unit)


@register.filter
def baseline_words(goal: Goal) -> str:
    return amount_words(goal.baseline, goal.unit)


def amount_words(value: Decimal | None, unit: str) -> str:
    """A value in its unit, a share in %; an en dash where there is none."""
    if value is None:
        return exact(None)
    if unit == "%":
        return exact(100 * value) + "%"
    return f"{exact(value)}\N{NO-BREAK SPACE}{unit}" if unit else exact(value)
