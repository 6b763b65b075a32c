"""What is to be done before a launch, by whom and by when."""

from datetime import date

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from experiments.choices import STEP_CHOICES
from experiments.models.experiment import Experiment


class Milestone(models.Model):
    """One step of one experiment on its way to the launch. Once done it is a record."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="milestones")
    step = models.CharField(_("step"), max_length=10, choices=STEP_CHOICES)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="milestones",
        verbose_name=_("owner"),
    )  # fmt: skip
    due = models.DateField(_("due"))
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["due", "pk"]
        constraints = [models.UniqueConstraint(fields=["experiment", "step"], name="milestone_once")]

    def __str__(self) -> str:
        return f"{self.get_step_display()}, {self.experiment}"

    def is_late(self, today: date) -> bool:
        return self.done_at is None and self.due < today
