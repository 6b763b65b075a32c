"""What people put under a launch: ticks by hand, the approval, waivers."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.core.clock import now
from experiments.choices import MarkKind
from experiments.models.experiment import Experiment


class ChecklistMark(models.Model):
    """One member's word on one item of the launch checklist. Never changed, only followed by a newer one."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="checklist_marks")
    item = models.CharField(max_length=30)
    kind = models.CharField(max_length=10, choices=MarkKind.choices)
    reason = models.TextField(_("reason"), blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)
    agreed_to = models.JSONField(help_text="A hash of each part of the plan as it was; any other lets the mark lapse.")

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.item}"
