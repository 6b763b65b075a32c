"""What a variant says to a customer, and what became of each message that was due."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.messaging.choices import REFUSAL_CHOICES, Channel, DeliveryState
from engagement.messaging.content import clean
from engagement.messaging.gate import Limits


class Message(models.Model):
    """What one variant says, on every channel that it goes by."""

    contents = models.JSONField(_("contents"), default=dict, help_text="See engagement.messaging.content.FIELDS.")
    version = models.PositiveIntegerField(default=1, help_text="Another one with each change.")

    def __str__(self) -> str:
        said = (text for texts in self.said.values() for text in texts.values())
        return str(next(said, _("No message")))[:60]

    @property
    def said(self) -> dict[str, dict[str, str]]:
        """The contents in the order of channels and fields, which a database need not keep."""
        return clean(self.contents)

    @property
    def channels(self) -> list[str]:
        return list(self.said)


class SendingLimits(models.Model):
    """The workspace's limits on messages to one customer, whatever experiment they belong to. At most one row."""

    most = models.PositiveSmallIntegerField(
        _("messages to one customer at most"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("Over all channels. Empty: no cap."),
    )  # fmt: skip
    days = models.PositiveSmallIntegerField(
        _("in so many days"), default=7, validators=[MinValueValidator(1), MaxValueValidator(90)]
    )
    quiet_from = models.TimeField(
        _("quiet from"), null=True, blank=True, help_text=_("By the customer’s own clock; without it by yours.")
    )
    quiet_to = models.TimeField(_("quiet to"), null=True, blank=True)
    sender_name = models.CharField(_("sender’s name"), max_length=60, blank=True)

    class Meta:
        verbose_name_plural = "sending limits"
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="sending_limits_one_row"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_to=None) | Q(quiet_from__isnull=False, quiet_to__isnull=False),
                name="sending_limits_quiet_whole",
            ),
        ]

    def __str__(self) -> str:
        return "the workspace's sending limits"

    @property
    def limits(self) -> Limits:
        return Limits(self.most, self.days, self.quiet_from, self.quiet_to)


class Delivery(models.Model):
    """One message that is due to one customer: sent, or not sent for one reason. Experiments are named by their uid."""

    experiment = models.CharField(max_length=36)
    variant = models.CharField(max_length=100)
    customer = models.ForeignKey("customers.Customer", on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=10, choices=Channel.choices)
    occurrence = models.PositiveIntegerField(default=0, help_text="Of a message that comes again: which time.")
    state = models.CharField(max_length=10, choices=DeliveryState.choices, default=DeliveryState.DUE)
    reason = models.CharField(max_length=12, choices=REFUSAL_CHOICES, blank=True, help_text="Why it was not sent.")
    due_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, help_text="When it was sent, or found not to be.")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "customer", "channel", "occurrence"], name="delivery_once_per_occurrence"
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.NOT_SENT) & ~Q(reason="")
                | ~Q(state=DeliveryState.NOT_SENT) & Q(reason=""),
                name="delivery_not_sent_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["experiment", "state", "due_at"], name="delivery_due"),
            models.Index(fields=["customer", "done_at"], condition=Q(state="sent"), name="delivery_sent_to"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to customer {self.customer_id}, {self.state}"
