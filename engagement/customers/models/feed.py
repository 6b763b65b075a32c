"""How far each feed of events can be relied on."""

from datetime import timedelta

from django.db import models

STATED_DELAY = timedelta(hours=1)


class Feed(models.Model):
    """The events of one name: complete to a stated time when imported, to now less its delay when live."""

    event = models.CharField(max_length=255, unique=True)
    complete_through = models.DateTimeField(
        null=True, help_text="Every event that occurred before this is in the store; imports state it."
    )
    is_live = models.BooleanField(default=False, help_text="It arrives over the tracking API.")
    stated_delay = models.DurationField(default=STATED_DELAY, help_text="Live events are in by then.")
    newest_at = models.DateTimeField(null=True, help_text="When its newest live event occurred.")

    def __str__(self) -> str:
        return self.event


class TraitFeed(models.Model):
    """When a trait was last told of anybody, whatever was said: by a file or over the tracking API."""

    trait = models.CharField(max_length=255, unique=True)
    newest_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.trait
