"""What customers allowed, and who is left in peace. Both are kept as words with their time, never written over."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from engagement.core.clock import now
from engagement.customers.choices import Channel, SuppressionReason, SuppressionScope
from engagement.customers.models.customer import Customer

LONGEST_TOPIC = 50


class Consent(models.Model):
    """One word of a customer on one channel and topic (empty: all topics); the newest word holds."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    topic = models.CharField(_("topic"), max_length=LONGEST_TOPIC, blank=True)
    is_granted = models.BooleanField(_("granted"))
    at = models.DateTimeField(_("said"))
    source = models.CharField(_("source"), max_length=100, help_text=_("Where it was said, such as a sign-up form."))
    is_newest = models.BooleanField(default=True, help_text="No later word on this channel and topic is known.")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(
                fields=["channel", "topic", "customer"], condition=Q(is_newest=True), name="consent_newest_by_channel"
            )
        ]
        constraints = [models.CheckConstraint(condition=Q(channel__in=Channel.values), name="consent_channel_known")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {'granted' if self.is_granted else 'withdrawn'}"


class Suppression(models.Model):
    """A customer who must not be messaged, where, why and until when. Lifting leaves the row."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="suppressions")
    scope = models.CharField(_("scope"), max_length=12, choices=SuppressionScope.choices)
    what = models.CharField(
        _("which"), max_length=100, blank=True, help_text=_("The channel, the topic or the experiment's key.")
    )
    reason = models.CharField(_("reason"), max_length=12, choices=SuppressionReason.choices)
    note = models.CharField(_("note"), max_length=300, blank=True)
    starts_at = models.DateTimeField(_("from"), default=now)
    ends_at = models.DateTimeField(_("until"), null=True, blank=True, help_text=_("Empty: for good."))
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_because = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["scope", "what", "customer"], condition=Q(lifted_at=None), name="suppression_in_force")
        ]
        constraints = [
            models.CheckConstraint(condition=Q(scope__in=SuppressionScope.values), name="suppression_scope_known"),
            models.CheckConstraint(
                condition=Q(scope=SuppressionScope.EVERYWHERE, what="")
                | ~Q(scope=SuppressionScope.EVERYWHERE) & ~Q(what=""),
                name="suppression_says_which",
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="suppression_ends_after_start"
            ),
            # Said twice at once, it is there once.
            models.UniqueConstraint(
                fields=["customer", "scope", "what", "reason"],
                condition=Q(lifted_at=None),
                name="suppression_once_while_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"customer {self.customer_id}, {self.get_scope_display()}"


class Tombstone(models.Model):
    """The hash of a name that was erased: who comes back under it stays in peace."""

    name_hash = models.CharField(max_length=64, primary_key=True)
    erased_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.name_hash[:12]


class Erasure(models.Model):
    """A customer whose personal data are gone from the database; from the store once `stripped_at` is there."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, related_name="erasure")
    erased_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    erased_at = models.DateTimeField(default=now)
    stripped_at = models.DateTimeField(null=True, help_text="When the properties of its events were rewritten.")

    def __str__(self) -> str:
        return f"customer {self.customer_id}"
