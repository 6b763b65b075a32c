"""What people write into a report before it is released."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backlog.quarters import Quarter
from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from experiments.choices import AskKind
from experiments.models import Ask, Experiment, ReportText
from experiments.reports.quarterly.document import MOST_LEARNINGS

LONGEST_LEARNING = 140


@transaction.atomic
def write(
    *,
    quarter: Quarter,
    title: str,
    learnings: Sequence[dict[str, str]],
    correction: str,
    actor: Member | None,
    seen_version: int = 0,
) -> ReportText:
    """The quarter's title and learnings, each {text, experiment}; empty ones are left out.

    `seen_version`: of the text that whoever writes had before them (0: none yet); somebody else's newer text is not
    written over. `correction`: what a new revision corrects.
    """
    require_writer(actor)
    kept = [{"text": one["text"].strip(), "experiment": one["experiment"]} for one in learnings if one["text"].strip()]
    _check(kept)
    text, _is_new = ReportText.objects.select_for_update().get_or_create(quarter=str(quarter), defaults={"version": 0})
    if text.version != seen_version:
        raise Conflict(_("Somebody else has changed this report meanwhile. Their text is below yours."))
    before = {"title": text.title, "learnings": text.learnings}
    text.title, text.learnings, text.correction = title.strip(), kept, correction.strip()
    text.edited_by, text.edited_at, text.version = actor, now(), text.version + 1
    text.save()
    audit.record(
        actor=actor, verb="wrote report", target=text, before=before, after={"title": text.title, "learnings": kept}
    )
    return text


def _check(learnings: Sequence[dict[str, str]]) -> None:
    if len(learnings) > MOST_LEARNINGS:
        raise InvalidInput(_("At most three learnings: a leader has five minutes."), field="learnings")
    for one in learnings:
        if len(one["text"]) > LONGEST_LEARNING:
            sentence = _("A learning is one sentence of at most %(most)d characters.")
            raise InvalidInput(sentence % {"most": LONGEST_LEARNING}, field="learnings")
        if one["experiment"] and not Experiment.objects.filter(key=one["experiment"], decision__isnull=False).exists():
            sentence = _("There is no decided experiment “%(key)s”.")
            raise InvalidInput(sentence % {"key": one["experiment"]}, field="learnings")


@transaction.atomic
def ask(*, quarter: Quarter, text: str, kind: str, owner: Member, due: date, actor: Member | None) -> Ask:
    """Puts an ask into the quarter's report; its owner gets the answers."""
    require_writer(actor)
    if not text.strip():
        raise InvalidInput(_("Say what is asked for."), field="text")
    if kind not in AskKind.values:
        raise InvalidInput(_("An ask is for a decision, for money or for access."), field="kind")
    made = Ask.objects.create(quarter=str(quarter), text=text.strip(), kind=kind, owner=owner, due=due)
    after: dict[str, Any] = {"quarter": str(quarter), "kind": kind, "owner": owner.name, "due": due.isoformat()}
    audit.record(actor=actor, verb="asked in report", target=made, after=after)
    return made


@transaction.atomic
def withdraw(*, ask: Ask, actor: Member | None) -> None:
    """Takes the ask out of the next revision; those that are released keep it."""
    require_writer(actor)
    if Ask.objects.filter(pk=ask.pk, withdrawn_at=None).update(withdrawn_at=now()):
        audit.record(actor=actor, verb="withdrew ask", target=ask)
