"""Long work and how far it is."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    QUEUED = "queued", _("Waiting for the worker")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


class Job(models.Model):
    """One piece of long work: what was asked, how far it is, how it ended in one sentence."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200, help_text="Dotted name of the function that does the work.")
    arguments = models.JSONField(default=dict)
    label = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="jobs")
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    doing = models.CharField(max_length=200, blank=True)
    outcome = models.TextField(blank=True)
    result_url = models.CharField(max_length=300, blank=True)
    back_url = models.CharField(max_length=300, blank=True, help_text="Where to try again if it is refused.")
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True, help_text="Last sign of life of the process that runs it.")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.label

    @property
    def is_over(self) -> bool:
        return self.state in (JobState.DONE, JobState.REFUSED, JobState.FAILED)

    @property
    def percent(self) -> int | None:
        return None if not self.total else min(100, round(100 * self.done / self.total))

    @property
    def elapsed_s(self) -> float | None:
        if self.started_at is None or self.beat_at is None:
            return None
        return ((self.ended_at or self.beat_at) - self.started_at).total_seconds()

    @property
    def rate_per_s(self) -> float | None:
        elapsed = self.elapsed_s
        return self.done / elapsed if elapsed and self.done else None

    @property
    def left_s(self) -> float | None:
        rate = self.rate_per_s
        return (self.total - self.done) / rate if rate and self.total else None
