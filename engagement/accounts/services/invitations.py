"""Bringing people in."""

import secrets
from collections.abc import Iterable
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

SESSION_KEY = "invitation"  # under which a visitor's session remembers the token of the link they followed


@transaction.atomic
def invite(*, email: str, role: str, discipline: str, pods: Iterable[Pod], actor: Member) -> str:
    """Sends the invitation and returns its link, so that it can also be handed over in person."""
    rules.require_administrator(actor)
    if Member.objects.filter(email__iexact=email).exists():
        raise InvalidInput(_("%(email)s is a member already.") % {"email": email}, field="email")
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
    link = settings.BASE_URL + reverse("invitation", args=[token])
    transaction.on_commit(lambda: _send(invitation, link))
    return link


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


def _send(invitation: Invitation, link: str) -> None:
    workspace = queries.workspace()
    send_mail(
        subject=_("%(name)s invites you to %(workspace)s") % {"name": invitation.invited_by, "workspace": workspace},
        message=_("Follow this link to choose a password. It works once, for two weeks:\n\n%(link)s\n")
        % {"link": link},
        from_email=None,
        recipient_list=[invitation.email],
    )
