"""Who may be in an experiment, and what keeps experiments apart: holdout, exclusion groups, kept decisions."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from experiments.models.experiment import Experiment, Variant

LONGEST_KEY = 255  # as Customer.external_id


class Holdout(models.Model):
    """The share of all customers kept from every experiment that starts in a quarter."""

    quarter = models.CharField(_("quarter"), max_length=7, unique=True, help_text="2026-Q3")
    share = models.FloatField(_("share"))
    salt = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        ordering = ["-quarter"]
        constraints = [
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=0.5), name="holdout_at_most_half"),
        ]

    def __str__(self) -> str:
        return f"{self.quarter}: {self.share:.1%}"


class ExclusionGroup(models.Model):
    """Experiments that may not share customers: each holds a range of [0, 1) under the group's salt."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    salt = models.UUIDField(default=uuid.uuid4, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ExclusionRange(models.Model):
    """The part of a group's customers that one experiment has for itself, from its plan to its end."""

    experiment = models.OneToOneField(Experiment, on_delete=models.CASCADE, related_name="exclusion_range")
    group = models.ForeignKey(ExclusionGroup, on_delete=models.PROTECT, related_name="ranges")
    low = models.FloatField()
    high = models.FloatField(help_text="Exclusive.")

    class Meta:
        ordering = ["low"]
        constraints = [
            models.CheckConstraint(
                condition=Q(low__gte=0, high__lte=1, low__lt=models.F("high")), name="exclusion_range_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.group}: {self.low:.0%} to {self.high:.0%}"


class EligibleCustomer(models.Model):
    """A customer of the audience whom every variant may reach. Asked at the first decision of an experiment that is
    for eligible customers only."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="eligible_customers")
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["experiment", "customer"], name="eligible_customer_once")]

    def __str__(self) -> str:
        return f"customer {self.customer_id} for {self.experiment.key}"


class BatchShares(models.Model):
    """The shares of a bandit's variants that are in force for new customers from a moment on, and what made them.

    The policy draws no lot, so there is no seed to keep: `used` under `policy` and `floor` gives `shares` again.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="batch_shares")
    number = models.PositiveIntegerField(help_text="Batch 0 has the planned shares and no row.")
    shares = models.JSONField(help_text="In the order of the variants.")
    at = models.DateTimeField()
    before = models.JSONField(default=list, help_text="The shares that these replaced.")
    chances = models.JSONField(default=list, help_text="Each variant's probability of being the best.")
    used = models.JSONField(
        default=dict,
        help_text="As of when, the metric, and per variant the sums over customers whose window closed.",
    )
    policy = models.CharField(max_length=40, blank=True)
    floor = models.FloatField(default=0.0)

    class Meta:
        ordering = ["number"]
        verbose_name_plural = "batch shares"
        constraints = [models.UniqueConstraint(fields=["experiment", "number"], name="batch_shares_once")]

    def __str__(self) -> str:
        return f"batch {self.number} of {self.experiment.key}"


class Assignment(models.Model):
    """A bandit's first decision about a customer. Kept for good: later shares move nobody."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="assignments")
    customer_key = models.CharField(max_length=LONGEST_KEY, help_text="The customer id as it was hashed.")
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="+")
    batch = models.PositiveIntegerField()
    propensity = models.FloatField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["experiment", "customer_key"], name="assignment_once"),
            models.CheckConstraint(condition=Q(propensity__gt=0, propensity__lte=1), name="assignment_propensity"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_key} in {self.experiment.key}"
