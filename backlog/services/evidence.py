"""Linking evidence to an idea, and taking it away again."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from backlog import rules
from backlog.models import Evidence, Idea
from backlog.services import columns
from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Forbidden


@transaction.atomic
def link(
    *,
    idea: Idea,
    source: str,
    grade: str,
    says: str,
    actor: Member,
    url: str = "",
    at: datetime | None = None,
) -> Evidence:
    """One more source under the idea, by anybody who writes here. While the idea is scored its voters are told."""
    require_writer(actor)
    evidence = Evidence(
        idea=idea,
        source=source.strip(),
        grade=grade,
        says=says.strip(),
        url=url.strip(),
        added_by=actor,
        added_at=at or now(),
    )
    columns.check(evidence)
    evidence.save()
    audit.record(
        actor=actor,
        verb="linked evidence",
        target=idea,
        after={"source": evidence.source, "grade": evidence.grade, "says": evidence.says},
        at=evidence.added_at,
    )
    return evidence


@transaction.atomic
def unlink(*, evidence: Evidence, actor: Member, at: datetime | None = None) -> None:
    """Takes a source away; what it said stays in the trail."""
    require_writer(actor)
    may_change = rules.may_change_idea(actor, evidence.idea)
    if not rules.may_unlink_evidence(actor, evidence, may_change=may_change):
        raise Forbidden(_("Only who linked it, the idea’s author, its pod and administrators may take it away."))
    told = {"source": evidence.source, "grade": evidence.grade, "says": evidence.says}
    audit.record(actor=actor, verb="took evidence away", target=evidence.idea, before=told, at=at)
    evidence.delete()
