"""The short mail of a release: three learnings, one number with its range, a link. Worth reading by itself."""

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.accounts.models import Member
from engagement.core.jobs import Progress
from experiments.models import ReportRevision, ReportSubscription
from experiments.reports.quarterly.page import quarter_page


def subscribe(*, member: Member) -> None:
    ReportSubscription.objects.get_or_create(member=member)


def unsubscribe(*, member: Member) -> None:
    ReportSubscription.objects.filter(member=member).delete()


def mail(*, revision_id: int, address: str, progress: Progress) -> str:
    """Sends the revision's mail to every subscriber, one by one; how many got it."""
    revision = ReportRevision.objects.get(pk=revision_id)
    people = list(Member.objects.filter(pk__in=ReportSubscription.objects.values("member"), is_active=True))
    subject, text = written(revision, address=address)
    progress.doing(_("Sending the report"), total=len(people))
    with get_connection() as connection:
        for done, member in enumerate(people, start=1):
            message = EmailMessage(subject, text, settings.DEFAULT_FROM_EMAIL, [member.email], connection=connection)
            message.send()
            progress.reached(done)
    sent = ngettext("%(count)d subscriber has it.", "%(count)d subscribers have it.", len(people))
    return sent % {"count": len(people)}


def written(revision: ReportRevision, *, address: str) -> tuple[str, str]:
    """Subject and text."""
    page = quarter_page(revision.document)
    title = page["report"]["title"] or _("What we learned")
    subject = f"{page['label']}: {title}"
    return subject, render_to_string("experiments/report_mail.txt", {**page, "revision": revision, "address": address})
