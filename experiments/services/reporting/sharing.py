"""Handing a released report to readers without an account."""

import hashlib
import secrets
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from backlog.quarters import Quarter
from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput, NotFound
from experiments.models import ReportLink, ReportOpening, ReportRevision

TOKEN_BYTES = 24


@transaction.atomic
def make_link(*, quarter: Quarter, reader: str, expires_at: datetime, actor: Member) -> tuple[ReportLink, str]:
    """The link and its token, which is told this once and kept as a hash alone."""
    require_writer(actor)
    if not reader.strip():
        raise InvalidInput(_("Say for whom the link is: every opening is logged under that name."), field="reader")
    if expires_at <= now():
        raise InvalidInput(_("A link ends in the future."), field="expires_at")
    if not ReportRevision.objects.filter(quarter=str(quarter)).exists():
        raise Conflict(_("Only a released report can be shared."))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    link = ReportLink.objects.create(
        quarter=str(quarter), token_hash=_hash(token), reader=reader.strip(), made_by=actor, expires_at=expires_at
    )
    audit.record(actor=actor, verb="shared report", target=link, after={"expires_at": expires_at.isoformat()})
    return link, token


@transaction.atomic
def revoke(*, link: ReportLink, actor: Member) -> None:
    require_writer(actor)
    if ReportLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now()):
        audit.record(actor=actor, verb="revoked link to report", target=link)


def opened(*, token: str) -> ReportLink:
    """The link of this token, its opening logged; refused once it has expired or was revoked, and whom to ask."""
    link = ReportLink.objects.filter(token_hash=_hash(token)).select_related("made_by").first()
    if link is None:
        raise NotFound(_("This link leads nowhere. Ask whoever sent it for a new one."))
    if link.revoked_at or link.expires_at <= now():
        raise NotFound(_("This link is no longer valid. Ask %(name)s for a new one.") % {"name": link.made_by.name})
    ReportOpening.objects.create(link=link)
    return link


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
