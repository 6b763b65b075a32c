"""What came out: imported results, readouts, the decision."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from experiments.choices import DecisionKind
from experiments.models.experiment import Experiment, Variant


class ResultsImport(models.Model):
    """The one file an experiment's results came from; its hash tells a repeat from another file."""

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, related_name="results_import")
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    options = models.JSONField(help_text="How the columns were read.")
    rows = models.BigIntegerField()
    imported_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    imported_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.file_name


class Readout(models.Model):
    """One analysis of one experiment as the `readout/1` document of the contracts. Never changed, only followed."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="readouts")
    as_of = models.DateTimeField()
    document = models.JSONField()
    series = models.JSONField(default=dict, help_text="Per metric its effect at the end of each day; {} while sealed.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-pk"]
        get_latest_by = ["created_at", "pk"]

    def __str__(self) -> str:
        return f"{self.experiment.key} as of {self.as_of:%Y-%m-%d %H:%M}"


class DefaultMessage(models.Model):
    """What a customer gets where no experiment decides: the variant that was shipped last in its place.

    The experiments that stand in this place (`experiments`) made it, replaced it, or test against it.
    """

    key = models.CharField(max_length=100, unique=True, help_text="Of the experiment that was shipped first.")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()

    class Meta:
        ordering = ["-since", "-pk"]

    def __str__(self) -> str:
        return f"{self.variant.experiment.name}: {self.variant.name}"


class Decision(models.Model):
    """What was decided on which readout, why, by whom, and what the next pod should know."""

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, related_name="decision")
    readout = models.ForeignKey(Readout, on_delete=models.PROTECT, related_name="decisions")
    kind = models.CharField(_("decision"), max_length=12, choices=DecisionKind.choices)
    variant = models.ForeignKey(Variant, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField(_("reason"))
    learning = models.CharField(_("what we learned"), max_length=300)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-decided_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=DecisionKind.SHIP, variant__isnull=False)
                | (~Q(kind=DecisionKind.SHIP) & Q(variant__isnull=True)),
                name="decision_ship_names_its_variant",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.experiment}"
