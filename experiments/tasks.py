"""Long work around experiments, as jobs: resolved by dotted name, repeatable, each ends in a sentence."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.core.errors import NotFound
from engagement.core.jobs import Progress
from experiments import queries
from experiments.models import Alert, Experiment, Readout, ResultsUpload
from experiments.results_file import Columns, ResultsMetric
from experiments.services import alerting, analysis, reallocating, results_uploads, sending
from experiments.services.reporting import answering, mailing
from experiments.services.results_import import ResultsFile, import_results


def import_and_analyse(
    *, progress: Progress, upload_id: str, key: str, columns: dict[str, Any], primary: str | None, member_id: int
) -> tuple[str, str]:
    """Imports an uploaded file into experiment `key` and computes its readout; the upload is then deleted.

    A refused file stays, so that its columns can be chosen anew. A worker that dies leaves it in place, so that the
    retry finds it; one that died after deleting it has done all there was to do.
    """
    upload = ResultsUpload.objects.filter(pk=upload_id).first()
    experiment = Experiment.objects.filter(key=key).first()
    if upload is None and experiment is not None and experiment.readouts.exists():
        return _sentence(experiment.readouts.latest(), is_new=False), reverse("experiment", args=[key, "results"])
    if upload is None:
        raise NotFound(_("The uploaded file is gone: it was not read within two days. Upload it again."))
    metrics = tuple(ResultsMetric(**metric) for metric in columns["metrics"])
    file = ResultsFile(upload.path, upload.file_name, Columns(**{**columns, "metrics": metrics}), primary=primary)
    actor = Member.objects.get(pk=member_id)
    experiment, is_new = import_results(key=key, file=file, actor=actor, progress=progress)
    readout = analysis.analyse(experiment=experiment, progress=progress)
    results_uploads.discard(upload)
    return _sentence(readout, is_new=is_new), reverse("experiment", args=[key, "results"])


def analyse(*, progress: Progress, key: str) -> tuple[str, str]:
    """Computes the experiment's readout from what has arrived."""
    readout = analysis.analyse(experiment=queries.experiment(key), progress=progress)
    sentence = _("The readout of %(name)s is as of %(time)s UTC.")
    when = readout.as_of.strftime("%Y-%m-%d %H:%M")
    return sentence % {"name": readout.experiment, "time": when}, reverse("experiment", args=[key, "results"])


def send(*, progress: Progress, key: str) -> tuple[str, str]:
    """Sends what is due of an experiment by now."""
    sent, failed = sending.send(experiment=queries.experiment(key), progress=progress)
    sentence = _("%(sent)s messages sent, %(failed)s not sent; the page Health tells why.")
    url = reverse("experiment", args=[key, "health"])
    return sentence % {"sent": f"{sent:,}", "failed": f"{failed:,}"}, url


def reallocate(*, progress: Progress, key: str) -> tuple[str, str]:
    """Gives a running bandit the shares of its next batch."""
    made = reallocating.reallocate(experiment=queries.experiment(key), progress=progress)
    url = reverse("experiment", args=[key, "results"])
    if made is None:
        return _("No customer's window has closed since the last shares: they stay."), url
    return _("Batch %(number)d has new shares.") % {"number": made.number}, url


def tell_alert(*, progress: Progress, alert_id: int) -> tuple[str, str]:
    """Mails an alert to the experiment's owners."""
    found = Alert.objects.select_related("experiment").filter(pk=alert_id).first()
    if found is None:
        raise NotFound(_("That alert is gone."))
    return alerting.tell(alert=found, progress=progress), reverse("experiment", args=[found.experiment.key, "health"])


def tell_ask_owner(*, progress: Progress, answer_id: int) -> tuple[str, str]:
    """Mails the answer to whoever waits for it."""
    return answering.tell_owner(answer_id=answer_id, progress=progress), reverse("reports")


def mail_report(*, progress: Progress, revision_id: int, address: str) -> tuple[str, str]:
    """Mails a released report to its subscribers."""
    return mailing.mail(revision_id=revision_id, address=address, progress=progress), address


def _sentence(readout: Readout, *, is_new: bool) -> str:
    variants = readout.document["variants"]
    customers = sum(variant["customers"] for variant in variants)
    sentence = (
        _("%(count)s customers in %(variants)d variants read and analysed.")
        if is_new
        else _("These results are here already; %(count)s customers in %(variants)d variants analysed again.")
    )
    return sentence % {"count": f"{customers:,}", "variants": len(variants)}
