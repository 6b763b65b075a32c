"""The audit trail's one pen."""

from datetime import datetime
from typing import Any

from django.db import models

from engagement.accounts.models import AuditEntry, Member
from engagement.core.clock import now

COMMAND_LINE = "command line"


def record(
    *,
    actor: Member | None,
    verb: str,
    target: models.Model,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
    at: datetime | None = None,
    actor_name: str = "",
) -> AuditEntry:
    """One entry, in the caller's transaction. Values must be JSON and must not hold a ballot's scores:
    the trail is read by people who may not see them yet. `actor_name`: what acted where no member did."""
    return AuditEntry.objects.create(
        at=at or now(),
        actor=actor,
        actor_name=actor.name if actor else actor_name or COMMAND_LINE,
        verb=verb,
        target_type=target._meta.model_name or "",
        target_id=str(target.pk),
        target_label=str(target)[:300],
        before=before or {},
        after=after or {},
        reason=reason,
    )


def changed(instance: models.Model, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of `values`, what differs from the instance's columns: (before, after), as JSON-ready text."""
    differing = {name: value for name, value in values.items() if getattr(instance, name) != value}
    return {name: str(getattr(instance, name)) for name in differing}, {
        name: str(value) for name, value in differing.items()
    }
