"""That this site itself sends an experiment's messages, and how far it is."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.core.clock import now
from experiments.models.experiment import Experiment


class Sending(models.Model):
    """One sending to all who are in the experiment, from its launch on. Without a row another system sends."""

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, related_name="sending")
    local_time = models.TimeField(
        _("at the customer’s own time of day"), null=True, blank=True, help_text=_("Empty: as soon as it is launched.")
    )
    per_minute = models.PositiveIntegerField(
        _("messages a minute at most"), default=600, validators=[MinValueValidator(1)]
    )
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField(default=now)
    last_customer = models.BigIntegerField(null=True, help_text="Whoever came later than the launch is in no sending.")
    prepared_to = models.BigIntegerField(default=0, help_text="Customers up to this number have their variant.")
    prepared_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"sending of {self.experiment.key}"
