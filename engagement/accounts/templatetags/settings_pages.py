"""The pages under Settings, as tabs."""

from typing import Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.accounts import rules

register = template.Library()
UNDER = {"member": "people", "pod": "people", "pod_new": "people", "account_change_password": "profile"}


@register.simple_tag(takes_context=True)
def settings_pages(context: template.Context, current: str) -> list[dict[str, Any]]:
    """Tabs of the pages this member may open; `current` is the URL name of the one shown or of a page under it."""
    current = UNDER.get(current, current)
    pages = [("settings", _("Workspace")), ("profile", _("Profile")), ("people", _("People and pods"))]
    pages.append(("sending_limits", _("Sending")))
    if rules.may_administer(context["user"]):
        pages += [("api_keys", _("API keys")), ("audit_trail", _("Audit trail"))]
    return [{"url": reverse(name), "label": label, "current": name == current} for name, label in pages]
