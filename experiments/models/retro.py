"""The meeting note after a decision."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.core.clock import now
from experiments.models.experiment import Experiment


class Retro(models.Model):
    """What happened, why, what surprised, and the one sentence for the next pod. Writing it closes the experiment."""

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, related_name="retro")
    why = models.TextField(_("why it came out so"))
    surprise = models.TextField(_("what surprised us"), blank=True)
    learning = models.CharField(_("what we learned"), max_length=300)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.learning
