"""Long work around experiments, as jobs: resolved by dotted name, repeatable, each ends in a sentence."""

from pathlib import Path
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.core.errors import DomainError
from engagement.core.jobs import Progress
from experiments.results_file import Columns, ResultsMetric
from experiments.services import analysis
from experiments.services.results_import import ResultsFile, import_results


def import_and_analyse(
    *, progress: Progress, key: str, path: str, name: str, columns: dict[str, Any], primary: str | None, member_id: int
) -> tuple[str, str]:
    """Imports the uploaded file at `path` into experiment `key` and computes its readout; the upload is then deleted.

    A worker that dies leaves the upload in place, so that the retry finds it.
    """
    upload = Path(path)
    metrics = tuple(ResultsMetric(**metric) for metric in columns["metrics"])
    file = ResultsFile(upload, name, Columns(**{**columns, "metrics": metrics}), primary=primary)
    try:
        experiment, is_new = import_results(
            key=key, file=file, actor=Member.objects.get(pk=member_id), progress=progress
        )
        readout = analysis.analyse(experiment=experiment, progress=progress)
    except DomainError:
        upload.unlink(missing_ok=True)
        raise
    upload.unlink(missing_ok=True)
    customers = sum(variant["customers"] for variant in readout.document["variants"])
    sentence = (
        _("%(count)s customers in %(variants)d variants read and analysed.")
        if is_new
        else _("These results are here already; %(count)s customers in %(variants)d variants analysed again.")
    )
    values = {"count": f"{customers:,}", "variants": len(readout.document["variants"])}
    return sentence % values, reverse("experiment", args=[key, "results"])
