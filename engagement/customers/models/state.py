"""By what rule customers have their states, and how many had which."""

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.core.clock import now

FALL = _("The thresholds must fall from power to casual, between 100 and 1 percent.")


def _percent(label: Any, default: int) -> "models.PositiveSmallIntegerField[int, int]":
    limits = [MinValueValidator(1), MaxValueValidator(100)]
    return models.PositiveSmallIntegerField(label, default=default, validators=limits)


class StateDefinition(models.Model):
    """One version of the thresholds, in % of the intervals looked at; the newest holds. Versions are never changed."""

    version = models.PositiveIntegerField(unique=True)
    power = _percent(_("power from, %"), 100)
    core = _percent(_("core from, %"), 50)
    casual = _percent(_("casual from, %"), 25)
    defined_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    defined_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(power__gt=models.F("core"), core__gt=models.F("casual"), casual__gte=1),
                name="state_thresholds_fall",
                violation_error_message=FALL,
            )
        ]

    def __str__(self) -> str:
        return f"version {self.version}"


class StateCount(models.Model):
    """How many customers had which state at a moment, and where they had been one look-back before."""

    as_of = models.DateTimeField(db_index=True)
    version = models.PositiveIntegerField(help_text="Of the definition; 0 is the one the product comes with.")
    interval_days = models.PositiveIntegerField()
    look_back_days = models.PositiveIntegerField()
    customers = models.JSONField(help_text="Per state how many.")
    new = models.PositiveBigIntegerField()
    dormant = models.PositiveBigIntegerField()
    moved = models.JSONField(help_text="Per state then (“new” for those not there) per state now how many.")
    cohorts = models.JSONField(
        default=list, help_text="Newest first: the Monday it began, customers, per week who returned (null: not over)."
    )
    monthly_cohorts = models.JSONField(default=list, help_text="The same by calendar month and months of thirty days.")
    counted_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"states as of {self.as_of}"
