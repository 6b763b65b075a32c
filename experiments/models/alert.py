"""What an experiment's owners are told of at once."""

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

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.experiment.key}"
