"""Telling people what cannot wait: each owner once, by mail."""

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.errors import DomainError
from engagement.core.jobs import Progress
from experiments.models import Alert, AlertNote, Experiment
from experiments.reports.sentences import listed


class NotTold(DomainError):
    """The mail server takes nothing now. The next readout tries again."""

    status = 503


def tell_untold(*, experiment: Experiment) -> None:
    """Queues the telling of every alert of which somebody does not know yet; nothing where customers are made up."""
    if experiment.is_simulated:
        return
    for alert in experiment.alerts.filter(told_at=None):
        jobs.enqueue(
            "experiments.tasks.tell_alert", label=_("Telling the owners of %(name)s") % {"name": experiment},
            back_url=reverse("experiment", args=[experiment.key, "health"]), alert_id=alert.pk,
        )  # fmt: skip


def tell(*, alert: Alert, progress: Progress) -> str:
    """Mails the alert to each owner who was not told yet; who knows now, as a sentence."""
    owners = _owners(alert.experiment)
    progress.doing(_("Telling the owners"), total=len(owners))
    for done, owner in enumerate(owners, start=1):
        _mail(alert, owner)
        progress.reached(done)
    Alert.objects.filter(pk=alert.pk).update(told_at=now())
    if not owners:
        return _("It has no owner, so nobody was told.")
    return _("%(names)s: told.") % {"names": listed([owner.name for owner in owners])}


def _owners(experiment: Experiment) -> list[Member]:
    """Each once. Whoever was made up for the demonstration reads no mail."""
    owners = (experiment.strategy_owner, experiment.launch_owner, experiment.analysis_owner)
    found = {owner.pk: owner for owner in owners if owner and owner.is_active and not owner.is_demonstration}
    return list(found.values())


def _mail(alert: Alert, owner: Member) -> None:
    note = _claim(alert, owner)
    if note is None:
        return
    try:
        send_mail(*_written(alert, owner), settings.DEFAULT_FROM_EMAIL, [owner.email])
    except OSError as error:
        note.delete()
        raise NotTold(_("The mail server cannot be reached: %(why)s") % {"why": error}) from error
    AlertNote.objects.filter(pk=note.pk).update(sent_at=now())


@transaction.atomic
def _claim(alert: Alert, owner: Member) -> AlertNote | None:
    """The note that may be sent now; of two workers one gets it."""
    note, is_new = AlertNote.objects.get_or_create(alert=alert, member=owner)
    return note if is_new else None


def _written(alert: Alert, owner: Member) -> tuple[str, str]:
    """Subject and text."""
    experiment = alert.experiment
    name = " ".join(experiment.name.split())  # a line break would end a header
    subject = _("%(kind)s: %(name)s") % {"kind": alert.get_kind_display(), "name": name}
    context = {
        "alert": alert, "owner": owner, "base": settings.BASE_URL,
        "escalation": experiment.checklist_marks.filter(item="escalation").first(),
    }  # fmt: skip
    return subject, render_to_string("experiments/alert_mail.txt", context)
