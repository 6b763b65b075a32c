"""The people whose behaviour is measured. The one erasable place: the store knows them by `pk` alone."""

from django.db import models
from django.db.models import Value
from django.utils.translation import gettext_lazy as _


class Customer(models.Model):
    """A person by the id that the organisation uses for them; without one as long as they are anonymous.

    One who turned out to be somebody else stays as a row that points there (`merged_into`, never through another
    pointer): the store's rows keep the number under which they were written.
    """

    external_id = models.CharField(max_length=255, unique=True, null=True)
    email = models.EmailField(blank=True, db_default="")
    time_zone = models.CharField(max_length=64, blank=True, db_default="")
    locale = models.CharField(max_length=35, blank=True, db_default="")
    first_seen = models.DateTimeField(null=True)
    traits = models.JSONField(db_default=Value({}, models.JSONField()))
    told_at = models.JSONField(
        db_default=Value({}, models.JSONField()),
        help_text="Per trait, and per column above: when it was said or taken back, in microseconds since 1970.",
    )
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")

    def __str__(self) -> str:
        return f"customer {self.pk}"


class IdentityKind(models.TextChoices):
    """By what else than the customer id somebody is known."""

    ANONYMOUS = "anonymous", _("Anonymous id")
    EMAIL = "email", _("E-mail")
    DEVICE = "device", _("Device")


class Identity(models.Model):
    """One more name of a customer; a merge re-points it."""

    kind = models.CharField(max_length=10, choices=IdentityKind.choices)
    value = models.CharField(max_length=255)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identities")
    first_seen = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="identity_once")]

    def __str__(self) -> str:
        return f"{self.kind} of customer {self.customer_id}"


class Merge(models.Model):
    """One line of the merge log: two customers turned out to be one."""

    merged = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    into = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges")
    at = models.DateTimeField(db_index=True)
    cause = models.CharField(max_length=20, help_text="What told us: identify, alias, import or a member.")

    def __str__(self) -> str:
        return f"customer {self.merged_id} into {self.into_id}"
