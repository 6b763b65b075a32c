"""The rail's and the bars' entries for the page at hand."""

from typing import Any

from django import template

from engagement.core.navigation import places

register = template.Library()


@register.simple_tag(takes_context=True)
def navigation(context: template.Context) -> list[dict[str, Any]]:
    """Each place with whether it is the current one and, from the context's `counts` by key, what waits there."""
    request = context.get("request")
    path = request.path if request else ""
    counts = context.get("counts") or {}
    return [
        {"place": place, "is_current": place.is_current(path), "count": counts.get(place.key)} for place in places()
    ]


@register.simple_tag
def path_of(key: str) -> str:
    """The path of a place, empty while its page is not there."""
    return next((place.path for place in places() if place.key == key), "")
