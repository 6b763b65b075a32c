"""What templates ask about a form's fields."""

from django import template
from django.db.models.fields import BLANK_CHOICE_DASH
from django.forms import BoundField, CheckboxInput

register = template.Library()


@register.filter
def is_check(field: BoundField) -> bool:
    """A single box: its label stands behind it."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def may_stay_empty(field: BoundField) -> bool:
    """True where the form insists on other fields but not on this one; a form that insists on none marks none."""
    if field.field.required or is_check(field) or _names_its_blank(field):
        return False
    return any(other.required for other in field.form.fields.values())


def _names_its_blank(field: BoundField) -> bool:
    """True for a list in which nothing chosen has a name of its own, such as "As the device"."""
    unnamed = BLANK_CHOICE_DASH[0][1]
    return bool(dict(getattr(field.field, "choices", ())).get("", unnamed) != unnamed)
