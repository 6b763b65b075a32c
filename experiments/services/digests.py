"""The digest: what became of ideas a member scored, by mail, in the rhythm that member chose."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backlog.models import Ballot
from engagement.accounts.choices import Digest
from engagement.accounts.models import Member
from engagement.core.clock import now
from experiments.models import Decision, DigestNote
from experiments.queries.outcomes import decisions_foretold_by, decisions_on_ideas
from experiments.reports.outcomes import Outcome, foretold

log = logging.getLogger(__name__)
# What was decided longer ago is no news: to somebody who was away from digests, or to an installation that had none.
NEWS_FOR = timedelta(days=14)
# A little under a day and a week, so that a worker that is late once is not late by a whole turn.
LEAST_APART = {Digest.DAILY: timedelta(hours=20), Digest.WEEKLY: timedelta(days=6, hours=12)}


def send_due(*, at: datetime | None = None) -> str:
    """Mails every voter whose digest is due what was decided since the last one; how many got a mail.

    Each decision reaches a voter once. A mail that the server refuses is tried again with the next digest.
    """
    moment = at or now()
    answers = [_send(member, moment) for member in _voters(moment)]
    sent, failed = answers.count(True), answers.count(False)
    sentence = ngettext("%(count)d digest sent.", "%(count)d digests sent.", sent) % {"count": sent}
    if failed:
        words = ngettext("%(count)d could not leave.", "%(count)d could not leave.", failed)
        sentence = f"{sentence} {words % {'count': failed}}"
    return sentence


def _voters(at: datetime) -> QuerySet[Member]:
    """Those who want a digest and cast a ballot on an idea decided lately."""
    ideas = _news(decisions_on_ideas(), at).values("experiment__idea")
    cast = Ballot.objects.filter(Q(round_idea__idea__in=ideas) | Q(round_idea__idea__merged_into__in=ideas))
    wanted = Member.objects.filter(is_active=True, is_demonstration=False, digest__in=LEAST_APART)
    return wanted.filter(pk__in=cast.values("voter")).order_by("pk")


def _news(decisions: QuerySet[Decision], at: datetime) -> QuerySet[Decision]:
    """What was made up for the demonstration is no news either."""
    return decisions.filter(decided_at__gt=at - NEWS_FOR, decided_at__lte=at, experiment__is_simulated=False)


def _send(member: Member, at: datetime) -> bool | None:
    """Whether the mail left; None where there is nothing to tell now."""
    decisions = _claim(member, at)
    if not decisions:
        return None
    try:
        send_mail(*_written(member, foretold(member, decisions)), settings.DEFAULT_FROM_EMAIL, [member.email])
    except OSError:
        log.exception("a digest could not leave")
        DigestNote.objects.filter(member=member, decision__in=decisions).delete()
        return False
    return True


@transaction.atomic
def _claim(member: Member, at: datetime) -> list[Decision]:
    """What this member is to be told now, noted as told; two workers at once get it once."""
    member = Member.objects.select_for_update().get(pk=member.pk)
    notes = DigestNote.objects.filter(member=member)
    last = notes.aggregate(last=Max("sent_at"))["last"]
    if member.digest not in LEAST_APART or (last and at - last < LEAST_APART[Digest(member.digest)]):
        return []
    decisions = list(_news(decisions_foretold_by(member), at).exclude(pk__in=notes.values("decision")))
    DigestNote.objects.bulk_create(DigestNote(member=member, decision=one, sent_at=at) for one in decisions)
    return decisions


def _written(member: Member, outcomes: list[Outcome]) -> tuple[str, str]:
    """Subject and text."""
    title = " ".join(str(outcomes[0].decision.experiment.idea).split())  # a line break would end a header
    more = len(outcomes) - 1
    subject = _("What became of “%(idea)s”") % {"idea": title}
    if more:
        words = ngettext("%(subject)s and %(count)d other idea", "%(subject)s and %(count)d other ideas", more)
        subject = words % {"subject": subject, "count": more}
    context = {"member": member, "outcomes": outcomes, "base": settings.BASE_URL}
    return subject, render_to_string("experiments/digest_mail.txt", context)
