"""What readers answer to a report's asks, and how it reaches whoever waits for it."""

from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.services import audit
from engagement.core import jobs
from engagement.core.errors import Conflict, InvalidInput, NotFound
from engagement.core.jobs import Progress
from experiments.choices import Reply
from experiments.models import Ask, AskAnswer, ReportRevision


@transaction.atomic
def answer(*, ask: Ask, reply: str, name: str, member: Member | None) -> AskAnswer:
    """Records the answer with name and time and sends it to the ask's owner within minutes.

    Refused for an ask that no released report holds: nobody has been asked yet.
    """
    if reply not in Reply.values:
        raise InvalidInput(_("Answer yes, no, or let us talk."), field="reply")
    if not name.strip():
        raise InvalidInput(_("Say who answers."), field="name")
    released = ReportRevision.objects.filter(quarter=ask.quarter).first()
    if released is None or ask.pk not in [one["id"] for one in released.document["asks"]]:
        raise Conflict(_("This is not asked in a released report."))
    made = AskAnswer.objects.create(ask=ask, reply=reply, name=name.strip()[:100], member=member)
    audit.record(actor=member, verb="answered ask", target=ask, after={"reply": reply, "name": made.name})
    jobs.enqueue(
        "experiments.tasks.tell_ask_owner", label=_("Telling %(name)s an answer") % {"name": ask.owner},
        answer_id=made.pk,
    )  # fmt: skip
    return made


def tell_owner(*, answer_id: int, progress: Progress) -> str:
    """The mail to the ask's owner; what was done, as a sentence."""
    found = AskAnswer.objects.select_related("ask__owner").filter(pk=answer_id).first()
    if found is None:
        raise NotFound(_("That answer is gone."))
    progress.doing(_("Sending the answer"))
    values: dict[str, Any] = {
        "name": found.name, "reply": found.get_reply_display(), "ask": found.ask.text, "quarter": found.ask.quarter,
    }  # fmt: skip
    send_mail(
        _("%(name)s: %(reply)s") % values,
        _("“%(ask)s” (report of %(quarter)s)\n\n%(name)s answered: %(reply)s.\n") % values,
        settings.DEFAULT_FROM_EMAIL,
        [found.ask.owner.email],
    )
    return _("%(owner)s knows.") % {"owner": found.ask.owner}
