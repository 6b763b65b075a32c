"""Changing the workspace's limits on messages."""

from typing import Any

from django.db import transaction

from engagement.accounts.models import Member
from engagement.accounts.rules import require_administrator
from engagement.accounts.services import audit
from engagement.messaging.models import SendingLimits
from engagement.messaging.queries import sending_limits


@transaction.atomic
def change(*, actor: Member | None, **values: Any) -> SendingLimits:
    """They hold for every message from the next look on, those already waiting included."""
    require_administrator(actor)
    before, after = audit.changed(sending_limits(), values)
    made, _is_new = SendingLimits.objects.update_or_create(pk=1, defaults=values)
    if after:
        audit.record(actor=actor, verb="changed the sending limits", target=made, before=before, after=after)
    return made
