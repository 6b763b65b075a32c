"""What an experiment's owners are told of at once."""

from django.conf import settings
from django.db import models

from engagement.core.clock import now
from experiments.choices import AlertKind
from experiments.models.experiment import Experiment


class Alert(models.Model):
    """Something about a running experiment that a readout was the first to show: told once."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(max_length=20, choices=AlertKind.choices)
    about = models.JSONField(default=list, help_text="What of this kind it told: none of it is told again.")
    sentence = models.TextField()
    has_paused = models.BooleanField(default=False, help_text="The plan said so, and the experiment ran.")
    at = models.DateTimeField(default=now)
    told_at = models.DateTimeField(null=True, help_text="When all who are to know had been told.")

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.experiment.key}"


class AlertNote(models.Model):
    """Who was told of an alert: written before the note leaves, so that none leaves twice."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="notes")
    member = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sent_at = models.DateTimeField(null=True, help_text="Empty: it may have left, and its worker died before it knew.")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["alert", "member"], name="alert_note_once")]

    def __str__(self) -> str:
        return f"{self.member}, {self.alert}"
