"""What there is to see about the people here."""

from hashlib import sha256

from django.db.models import F, QuerySet

from engagement.accounts.choices import KeyKind
from engagement.accounts.models import INVITATION_VALID, ApiKey, AuditEntry, Invitation, Member, Pod, Workspace
from engagement.core.clock import now


def workspace() -> Workspace:
    return Workspace.objects.get()


def active_members() -> QuerySet[Member]:
    return Member.objects.filter(is_active=True).prefetch_related("pods")


def members_shown_to(viewer: Member) -> QuerySet[Member]:
    """Everybody who may sign in; an administrator also sees those who no longer may, to let them in again."""
    return Member.objects.prefetch_related("pods") if viewer.is_administrator else active_members()


def writing_members() -> QuerySet[Member]:
    return Member.objects.filter(is_active=True).exclude(role="reader")


def pods() -> QuerySet[Pod]:
    return Pod.objects.prefetch_related("members")


def open_invitations() -> QuerySet[Invitation]:
    """Those that can still be accepted, newest first."""
    return Invitation.objects.filter(accepted_at=None, sent_at__gt=now() - INVITATION_VALID).select_related(
        "invited_by"
    )


def open_invitation(token: str) -> Invitation | None:
    """The invitation that this token opens; none when it is unknown, used or older than two weeks."""
    return open_invitations().filter(token_hash=sha256(token.encode()).hexdigest()).first()


def followed_invitation(invitation_id: int | None) -> Invitation | None:
    """The invitation whose link a visitor followed earlier; none once it is used, withdrawn or too old."""
    return None if invitation_id is None else open_invitations().filter(pk=invitation_id).first()


def audit_trail(*, target_type: str | None = None, target_id: str | None = None) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.all()
    if target_type is not None:
        entries = entries.filter(target_type=target_type, target_id=str(target_id))
    return entries


def api_keys() -> QuerySet[ApiKey]:
    """Those in use first, then the revoked ones."""
    return ApiKey.objects.select_related("made_by").order_by(F("revoked_at").asc(nulls_first=True), "-made_at", "-pk")


def api_key(key_hash: str) -> ApiKey | None:
    """The key with this hash, unless it was revoked."""
    return ApiKey.objects.filter(key_hash=key_hash, revoked_at__isnull=True).first()


def active_member(pk: int) -> Member | None:
    return Member.objects.filter(pk=pk, is_active=True).first()


def publishable_keys() -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(kind=KeyKind.PUBLISHABLE, revoked_at__isnull=True)
