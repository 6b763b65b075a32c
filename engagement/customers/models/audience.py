"""Saved rules that select customers. A rule is never changed: a change is another version."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from engagement.core.clock import now


class Audience(models.Model):
    """A name for a rule that may change: what an experiment holds on to is a version."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    made_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AudienceVersion(models.Model):
    """One rule, for good."""

    audience = models.ForeignKey(Audience, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    rule = models.JSONField(help_text="See engagement.customers.audience_rules.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["audience", "number"], name="audience_version_once")]

    def __str__(self) -> str:
        return f"{self.audience}, version {self.number}"


class AudienceCount(models.Model):
    """How many a rule held, and how many of them could be reached, when somebody asked.

    Without a version it is of a rule that is still being written, known by its digest alone. What keeps customers out
    depends on who asks: `experiment` names it (its uid, as text: experiments live above), and is empty where the
    audience was counted by itself.
    """

    version = models.ForeignKey(AudienceVersion, null=True, on_delete=models.CASCADE, related_name="counts")
    digest = models.CharField(max_length=64, blank=True, help_text="SHA-256 of the rule; empty of counts of long ago.")
    experiment = models.CharField(max_length=36, blank=True)
    channels = models.CharField(max_length=60, blank=True, help_text="All that must reach a customer, with commas.")
    at = models.DateTimeField()
    matching = models.PositiveIntegerField()
    parts = models.JSONField(help_text="[[reason, customers]…] in their order; with `left` they add up to `matching`.")
    left = models.PositiveIntegerField()
    left_by_state = models.JSONField(default=dict)
    others = models.JSONField(default=list, help_text="[[who, customers]…]: who else talks to how many of those left.")
    removed_most = models.CharField(max_length=300, blank=True, help_text="Of an empty audience: which condition.")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["version", "experiment", "-at"], name="audience_count_newest"),
            models.Index(fields=["digest", "-at"], name="audience_count_of_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.version or 'a rule being written'} on {self.at:%Y-%m-%d}"
