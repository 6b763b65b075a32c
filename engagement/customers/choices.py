"""Words for where customers can be reached, what they allowed and why they are left in peace."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """Where a message can go."""

    EMAIL = "email", _("E-mail")
    PUSH = "push", _("Push")
    IN_APP = "in_app", _("In-app")
    WEBHOOK = "webhook", _("Webhook")


# Channels on which silence is no permission; in the product itself customers are guests who came by themselves. Whoever
# is called by a webhook may write a text message.
BY_CONSENT = frozenset({Channel.EMAIL, Channel.PUSH, Channel.WEBHOOK})


# The keys are those of `states.CustomerState`, which knows no Django.
STATE_CHOICES = [("power", _("Power")), ("core", _("Core")), ("casual", _("Casual")), ("low", _("Low"))]


class SuppressionScope(models.TextChoices):
    EVERYWHERE = "everywhere", _("Everywhere")
    CHANNEL = "channel", _("One channel")
    TOPIC = "topic", _("One topic")
    EXPERIMENT = "experiment", _("One experiment")


class SuppressionReason(models.TextChoices):
    ASKED = "asked", _("Asked for it")
    COMPLAINED = "complained", _("Complained")
    BOUNCED = "bounced", _("Address does not exist")
    LEGAL = "legal", _("Legal matter")
    ERASED = "erased", _("Erased")
    OTHER = "other", _("Other")
