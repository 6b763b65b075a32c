"""Who works here: the workspace, its members and pods, invitations, and the trail of what they changed."""

from datetime import timedelta
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from engagement.accounts.choices import Digest, Discipline, KeyKind, Role, Scope, Theme
from engagement.core.clock import now

INVITATION_VALID = timedelta(days=14)


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("“%(name)s” is no time zone; use a name such as Europe/Berlin."), params={"name": name})


class Workspace(models.Model):
    """The organisation's closed area. There is one row; a migration makes it."""

    name = models.CharField(_("name"), max_length=100, default="Workspace")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_time_zone])
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}\Z", _("Three capital letters, such as EUR."))],
    )
    naming_pattern = models.CharField(_("naming pattern"), max_length=200, default="{quarter}-{pod}-{channel}-{title}")
    ideal_usage_interval_days = models.PositiveIntegerField(
        _("ideal usage interval, days"), default=7, validators=[MinValueValidator(1)]
    )
    is_demonstration = models.BooleanField(
        default=False, help_text="Filled with made-up members and simulated customers."
    )

    def __str__(self) -> str:
        return self.name


class MemberManager(BaseUserManager["Member"]):
    def create_user(self, email: str, password: str | None = None, **columns: Any) -> "Member":
        member = self.model(email=self.normalize_email(email), **columns)
        member.set_password(password)
        member.save(using=self._db)
        return member

    def create_superuser(self, email: str, password: str | None = None, **columns: Any) -> "Member":
        return self.create_user(
            email, password, **{"role": Role.ADMINISTRATOR, "name": email.partition("@")[0], **columns}
        )

    def get_by_natural_key(self, username: str | None) -> "Member":
        return self.get(email__iexact=username)


class Member(AbstractBaseUser):
    """A person who signs in and works here."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=100)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.MEMBER)
    discipline = models.CharField(_("discipline"), max_length=20, choices=Discipline.choices)
    theme = models.CharField(_("colours"), max_length=5, choices=Theme.choices, blank=True, default=Theme.SYSTEM)
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, validators=[validate_time_zone])
    digest = models.CharField(
        _("digest"), max_length=6, choices=Digest.choices, default=Digest.DAILY,
        help_text=_("By mail: what became of ideas you scored."),
    )  # fmt: skip
    has_shortcuts = models.BooleanField(_("single-key shortcuts"), default=True)
    is_active = models.BooleanField(default=True)
    is_demonstration = models.BooleanField(default=False, help_text="May sign in from this very machine only.")
    joined_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[MemberManager] = MemberManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("email"), name="member_email_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_administrator(self) -> bool:
        return self.is_active and self.role == Role.ADMINISTRATOR

    @property
    def may_write(self) -> bool:
        """Readers look; administrators and members also change things."""
        return self.is_active and self.role != Role.READER

    @property
    def is_staff(self) -> bool:
        """Django's word for who may open the admin site."""
        return self.is_administrator

    def has_perm(self, permission: str, obj: object = None) -> bool:
        return self.is_administrator

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_administrator


class Pod(models.Model):
    """A lasting cross-discipline group around one outcome."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    outcome = models.CharField(_("outcome"), max_length=200, blank=True, help_text=_("What this pod is there to move."))
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, related_name="pods", blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Invitation(models.Model):
    """The only way to a new member's account: a link sent to one address, good once, for two weeks."""

    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.MEMBER)
    discipline = models.CharField(_("discipline"), max_length=20, choices=Discipline.choices)
    pods = models.ManyToManyField(Pod, blank=True, verbose_name=_("pods"))
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="invitations_sent")
    sent_at = models.DateTimeField(auto_now_add=True)
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-sent_at"]

    def __str__(self) -> str:
        return self.email


class AuditEntry(models.Model):
    """Who changed what, when, from what to what. Written once, never changed."""

    at = models.DateTimeField(default=now, editable=False, db_index=True)
    actor = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="audit_entries")
    actor_name = models.CharField(max_length=100)
    verb = models.CharField(max_length=100)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=100)
    target_label = models.CharField(max_length=300)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["target_type", "target_id"])]
        verbose_name_plural = "audit trail"

    def __str__(self) -> str:
        return f"{self.actor_name} {self.verb} {self.target_label}"

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """(what, before, after) of each value, None where there was or is none."""
        names = {**self.before, **self.after}
        return [(name.replace("_", " "), self.before.get(name), self.after.get(name)) for name in names]


class ApiKey(models.Model):
    """What a program signs in with. The key itself was shown once; its hash is all that is kept.

    A publishable key stands in web pages for everybody to read: it says from which origins it may be used.
    """

    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=12, choices=KeyKind.choices)
    start = models.CharField(max_length=12, help_text="Its first characters, to tell keys apart.")
    key_hash = models.CharField(max_length=64, unique=True)
    origins = models.JSONField(_("origins"), default=list, blank=True)
    scopes = models.JSONField(_("scopes"), db_default=Value([Scope.TRACK.value], models.JSONField()))
    made_by = models.ForeignKey(Member, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-made_at", "-pk"]
        verbose_name = "API key"

    def __str__(self) -> str:
        return self.name

    @property
    def is_publishable(self) -> bool:
        return self.kind == KeyKind.PUBLISHABLE

    @property
    def scope_labels(self) -> list[str]:
        return [str(Scope(scope).label) for scope in self.scopes]
