"""A report is drafted from what there is now, and released once for good; a correction is another revision."""

from typing import Any

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from backlog.quarters import Quarter
from engagement.accounts.models import Member
from engagement.accounts.services import audit
from engagement.core.errors import Conflict, InvalidInput
from experiments import rules
from experiments.models import ReportRevision, ReportText
from experiments.reports.quarterly.differences import differences
from experiments.reports.quarterly.document import quarter_report
from experiments.services.reporting.contacts import contacts
from experiments.services.reporting.measuring import felt, holdouts


def draft(*, quarter: Quarter) -> dict[str, Any]:
    """The report as it would be released now."""
    return quarter_report(
        quarter,
        felt=felt(quarter=quarter),
        holdouts=holdouts(quarter=quarter),
        contacts=contacts(quarter=quarter),
    )


def release(*, quarter: Quarter, actor: Member | None, seen_version: int | None = None) -> ReportRevision:
    """Freezes the report as the quarter's next revision, whose numbers never change.

    Refused for whoever wrote the text last, before anybody wrote one, over a text newer than `seen_version`, and for
    a further revision that does not say what it corrects. Of two releases at once one wins and the other is told.
    """
    text = ReportText.objects.filter(quarter=str(quarter)).select_related("edited_by").first()
    rules.require_may_release(actor, text)
    if text is None:
        raise Conflict(_("Write the learnings first: numbers alone are no report."))
    if seen_version is not None and text.version != seen_version:
        raise Conflict(_("The text has changed since you opened this page. Read it before you release it."))
    document = draft(quarter=quarter)
    try:
        return _release(quarter, text, document, actor)
    except IntegrityError:
        raise Conflict(_("Somebody else has just released this report.")) from None


@transaction.atomic
def _release(quarter: Quarter, text: ReportText, document: dict[str, Any], actor: Member | None) -> ReportRevision:
    before = ReportRevision.objects.filter(quarter=str(quarter)).first()
    # The text's version is the lock: a release spends it, so that of two at once the second finds it gone.
    spent = ReportText.objects.filter(pk=text.pk, version=text.version).update(version=text.version + 1, correction="")
    if not spent:
        raise Conflict(_("Somebody else has just released or changed this report."))
    if before and not text.correction:
        raise InvalidInput(_("Say what this revision corrects: the first one stays beside it."), field="correction")
    revision = ReportRevision.objects.create(
        quarter=str(quarter), number=before.number + 1 if before else 1, document=document,
        correction=text.correction if before else "",
        differences=differences(before.document, document) if before else [],
        written_by=text.edited_by, released_by=actor,
    )  # fmt: skip
    audit.record(
        actor=actor, verb="released report", target=revision, reason=revision.correction,
        after={"quarter": str(quarter), "revision": revision.number},
    )  # fmt: skip
    return revision


def address(revision: ReportRevision) -> str:
    return reverse("report_revision", args=[revision.quarter, revision.number])
