"""The workspace's limits on messages, as an administrator types them."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from engagement.messaging.models import SendingLimits


class LimitsForm(forms.ModelForm[SendingLimits]):
    class Meta:
        model = SendingLimits
        fields = ["most", "days", "quiet_from", "quiet_to", "sender_name"]
        widgets = {
            name: forms.TimeInput({"type": "time"}, format="%H:%M") for name in ("quiet_from", "quiet_to")
        }  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_to") is None):
            self.add_error("quiet_to", _("Quiet hours have a beginning and an end, or neither."))
        return cleaned
