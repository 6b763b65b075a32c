"""Where a message can go, and what becomes of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.customers.choices import Channel

__all__ = ["REFUSAL_CHOICES", "Channel", "DeliveryState"]


class DeliveryState(models.TextChoices):
    """`sending` is written before the message is handed over: found so later, its outcome is unknown."""

    DUE = "due", _("Due")
    SENDING = "sending", _("Being sent")
    SENT = "sent", _("Sent")
    NOT_SENT = "not_sent", _("Not sent")


# In the order in which they are asked; see `gate.Refusal`.
REFUSAL_CHOICES = [
    ("erased", _("Erased")),
    ("suppressed", _("Suppressed")),
    ("no_consent", _("Without consent")),
    ("no_address", _("Without an address")),
    ("cap", _("Over the frequency cap")),
    ("stopped", _("Stopped before it was due")),
    ("refused", _("Refused by the receiving side")),
    ("unknown", _("Outcome unknown")),
]
