"""Bringing people in."""

import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.accounts import queries, rules
from engagement.accounts.models import Invitation, Member, Pod
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput

SESSION_KEY = "invitation_id"  # under which a visitor's session remembers the invitation whose link they followed
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Invited:
    """The link, to be handed over in person too. Whether its mail left is known once the invitation is committed."""

    link: str
    is_unsent: bool = False


@transaction.atomic
def invite(*, email: str, role: str, discipline: str, pods: Iterable[Pod], actor: Member) -> Invited:
    """Sends the invitation. It replaces those to the same address that are still open."""
    rules.require_administrator(actor)
    if Member.objects.filter(email__iexact=email).exists():
        raise InvalidInput(_("%(email)s is a member already.") % {"email": email}, field="email")
    for earlier in queries.open_invitations().filter(email__iexact=email):
        withdraw(invitation=earlier, actor=actor)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        email=email.lower(),
        role=role,
        discipline=discipline,
        token_hash=sha256(token.encode()).hexdigest(),
        invited_by=actor,
    )
    invitation.pods.set(pods)
    audit.record(actor=actor, verb="invited", target=invitation, after={"role": role, "discipline": discipline})
    invited = Invited(settings.BASE_URL + reverse("invitation", args=[token]))
    transaction.on_commit(lambda: _send(invitation, invited))
    return invited


@transaction.atomic
def accept(*, invitation: Invitation | None, member: Member, name: str) -> Member:
    """Turns the invitation into `member`, who has set a password and nothing else yet."""
    taken = invitation and Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(accepted_at=now())
    if invitation is None or not taken:
        raise Conflict(_("This invitation is used up or too old. Ask for a new one."))
    member.email, member.name = invitation.email, name
    member.role, member.discipline = invitation.role, invitation.discipline
    member.save()
    member.pods.set(invitation.pods.all())
    audit.record(actor=member, verb="joined", target=member, after={"role": member.role})
    return member


@transaction.atomic
def withdraw(*, invitation: Invitation, actor: Member) -> None:
    """Makes the link worthless. One that was accepted is history and stays."""
    rules.require_administrator(actor)
    if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None).exists():
        raise Conflict(_("This invitation was accepted already. You can still stop the member from signing in."))
    audit.record(actor=actor, verb="withdrew", target=invitation, before={"role": invitation.role})
    invitation.delete()


def _send(invitation: Invitation, invited: Invited) -> None:
    try:
        _mail(invitation, invited.link)
    except OSError:  # whatever a mail server does or does not do, `SMTPException` included
        log.exception("the invitation %s could not be mailed", invitation.pk)
        invited.is_unsent = True


def _mail(invitation: Invitation, link: str) -> None:
    workspace = queries.workspace()
    send_mail(
        subject=_("%(name)s invites you to %(workspace)s") % {"name": invitation.invited_by, "workspace": workspace},
        message=_("Follow this link to choose a password. It works once, for two weeks:\n\n%(link)s\n")
        % {"link": link},
        from_email=None,
        recipient_list=[invitation.email],
    )
