"""A quarter's report: what people write into it, what it asks of its readers, its frozen revisions, who may open it."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from engagement.core.clock import now
from experiments.choices import AskKind, Reply


class ReportText(models.Model):
    """What people write for a quarter before it is released; the numbers write themselves."""

    quarter = models.CharField(max_length=7, unique=True, help_text="2026-Q3")
    title = models.CharField(_("title"), max_length=120, blank=True)
    learnings = models.JSONField(default=list, help_text="At most three of {text, experiment}, in order.")
    correction = models.CharField(_("what is corrected"), max_length=300, blank=True)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    edited_at = models.DateTimeField(default=now)
    version = models.PositiveIntegerField(default=1, help_text="Tells an editor that somebody else was faster.")

    class Meta:
        ordering = ["-quarter"]

    def __str__(self) -> str:
        return self.quarter


class Ask(models.Model):
    """One thing a quarter asks of its readers, with who waits for the answer and until when."""

    quarter = models.CharField(max_length=7, db_index=True)
    text = models.CharField(_("ask"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=AskKind.choices)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="asks", verbose_name=_("owner")
    )
    due = models.DateField(_("by"))
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due", "pk"]
        constraints = [models.CheckConstraint(condition=Q(kind__in=AskKind.values), name="ask_kind_known")]

    def __str__(self) -> str:
        return self.text


class AskAnswer(models.Model):
    """What one reader answered; every answer is kept, the newest of a reader counts."""

    ask = models.ForeignKey(Ask, on_delete=models.PROTECT, related_name="answers")
    reply = models.CharField(max_length=5, choices=Reply.choices)
    name = models.CharField(_("your name"), max_length=100)
    member = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(reply__in=Reply.values), name="ask_answer_known")]

    def __str__(self) -> str:
        return f"{self.name}: {self.get_reply_display()}"


class ReportRevision(models.Model):
    """The report as it was released, for good. A correction is another revision; this one keeps its address."""

    quarter = models.CharField(max_length=7)
    number = models.PositiveIntegerField()
    document = models.JSONField(help_text="report/1, never changed.")
    correction = models.CharField(max_length=300, blank=True)
    differences = models.JSONField(default=list, help_text="Against the revision before, as sentences.")
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["-quarter", "-number"]
        constraints = [models.UniqueConstraint(fields=["quarter", "number"], name="report_revision_once")]

    def __str__(self) -> str:
        return f"{self.quarter}, revision {self.number}"


class ReportLink(models.Model):
    """A way in for one reader without an account, until it expires or is revoked. Only its hash is kept."""

    quarter = models.CharField(max_length=7)
    token_hash = models.CharField(max_length=64, unique=True)
    reader = models.CharField(_("for whom"), max_length=100)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=now)
    expires_at = models.DateTimeField(_("until"))
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.quarter} for {self.reader}"


class ReportOpening(models.Model):
    """One time that a link was followed."""

    link = models.ForeignKey(ReportLink, on_delete=models.CASCADE, related_name="openings")
    at = models.DateTimeField(default=now)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.link} at {self.at:%Y-%m-%d %H:%M}"


class ReportSubscription(models.Model):
    """A member who gets the short mail of every release."""

    member = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return str(self.member)
