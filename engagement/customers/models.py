"""The people whose behaviour is measured. The one erasable place: the store knows them by `pk` alone."""

from django.db import models
from django.db.models import Value


class Customer(models.Model):
    """A person by the id that the organisation uses for them."""

    external_id = models.CharField(max_length=255, unique=True)
    email = models.EmailField(blank=True, db_default="")
    time_zone = models.CharField(max_length=64, blank=True, db_default="")
    locale = models.CharField(max_length=35, blank=True, db_default="")
    first_seen = models.DateTimeField(null=True)
    traits = models.JSONField(db_default=Value({}, models.JSONField()))

    def __str__(self) -> str:
        return f"customer {self.pk}"


class Feed(models.Model):
    """How far the events of one name are known to be complete."""

    event = models.CharField(max_length=255, unique=True)
    complete_through = models.DateTimeField(help_text="Every event that occurred before this is in the store.")

    def __str__(self) -> str:
        return self.event
