"""What a variant says to a customer."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.messaging.choices import Channel


class Message(models.Model):
    """Content for one channel in one variant."""

    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices, default=Channel.EMAIL)
    subject = models.CharField(_("subject or title"), max_length=200, blank=True)
    body = models.TextField(_("text"), blank=True)

    def __str__(self) -> str:
        return self.subject or self.body[:60]
