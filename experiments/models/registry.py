"""The workspace's metrics: what success means, said once, with an owner and a place in the goal tree."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from engagement.core.clock import now
from experiments.choices import Direction, MetricGroup, MetricKind
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.library import is_mechanics


class RegisteredMetric(models.Model):
    """One metric. An experiment copies its definition when it is planned, so a change moves nothing that runs."""

    key = models.CharField(_("key"), max_length=100, unique=True)
    name = models.CharField(_("name"), max_length=100)
    words = models.CharField(_("definition in words"), max_length=500)
    group = models.CharField(_("group"), max_length=12, choices=MetricGroup.choices, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=MetricKind.choices)
    direction = models.CharField(_("direction"), max_length=4, choices=Direction.choices, default=Direction.UP)
    columns = models.JSONField(default=dict, help_text="The rest of the definition, as an experiment's metric has it.")
    version = models.PositiveIntegerField(default=1)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("owner")
    )
    serves = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="served_by", verbose_name=_("serves")
    )
    is_top = models.BooleanField(_("a goal of its own"), default=False, help_text="The root of a goal tree.")
    retired_at = models.DateTimeField(null=True, blank=True)
    added_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(serves=None) | ~Q(serves=F("pk")), name="metric_serves_another"),
            models.CheckConstraint(condition=Q(serves=None) | Q(is_top=False), name="metric_top_serves_none"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def definition(self) -> MetricDefinition:
        return MetricDefinition.from_json(
            {"key": self.key, "kind": self.kind, "direction": self.direction, **self.columns}
        )

    @property
    def is_diagnostic(self) -> bool:
        """Opens and clicks: they may be watched and never decide."""
        return is_mechanics(self.definition)

    @property
    def is_orphan(self) -> bool:
        """Hangs on no goal: nobody knows what it is good for."""
        return not self.is_top and self.serves_id is None and not self.is_diagnostic

    def parts(self) -> dict[str, Any]:
        """What an experiment's metric takes over."""
        return {"kind": self.kind, "direction": self.direction, "columns": self.columns}


class MetricLevel(models.Model):
    """Where a metric stood among active customers, with its interval, when it was measured last."""

    metric = models.ForeignKey(RegisteredMetric, on_delete=models.CASCADE, related_name="levels")
    as_of = models.DateTimeField()
    customers = models.PositiveIntegerField()
    mean = models.FloatField()
    variance = models.FloatField()
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)

    class Meta:
        ordering = ["-as_of", "-pk"]

    def __str__(self) -> str:
        return f"{self.metric} as of {self.as_of:%Y-%m-%d}"
