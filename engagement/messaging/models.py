"""What a variant says to a customer."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.messaging.choices import Channel


class Message(models.Model):
    """What one variant says, on every channel that it goes by."""

    contents = models.JSONField(_("contents"), default=dict, help_text="See engagement.messaging.content.FIELDS.")
    version = models.PositiveIntegerField(default=1, help_text="Another one with each change.")

    def __str__(self) -> str:
        said = (text for texts in self.contents.values() for text in texts.values())
        return str(next(said, _("No message")))[:60]

    @property
    def channels(self) -> list[str]:
        return [channel for channel in Channel.values if channel in self.contents]
