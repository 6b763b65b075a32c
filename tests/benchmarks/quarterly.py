"""The report of a quarter of sixty decided experiments: drafted, shown as a page, set as paper.

The demonstration's year with its store; what was decided in its fullest quarter is copied until there are enough.
"""

import json
import os
import re
import tempfile
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

from tests.benchmarks.lines import measured
from tests.benchmarks.timing import best, median_seconds
from tests.installation import Installation

EXPERIMENTS = 60
MOST_DRAFT_S, MOST_PAGE_MS, MOST_PAGE_KB, MOST_PDF_S, MOST_PDF_PAGES = 5.0, 100.0, 300.0, 2.0, 4


def lines(experiments: int = EXPERIMENTS) -> Iterator[str]:
    """Times on the wall, the least of three; of the page the median of processor time, as the server spends it."""
    yield f"quarterly: the report of {experiments} experiments decided in one quarter"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder))
        try:
            installation.run("migrate", "--verbosity", "0")
            installation.collect_static()
            installation.run("demo")
            program = f"from tests.benchmarks import quarterly; quarterly.main({experiments})"
            told = json.loads(installation.run(program=program).splitlines()[-1])
        finally:
            installation.stop()
    yield measured("drafted from decisions, ballots and store", told["draft"], "s", at_most=MOST_DRAFT_S)
    yield measured("a released one shown as a page", 1_000 * told["page"], "ms", at_most=MOST_PAGE_MS)
    yield measured("that page", told["bytes"] / 1_000, "kB", at_most=MOST_PAGE_KB)
    yield measured("set as PDF", told["pdf"], "s", at_most=MOST_PDF_S)
    yield measured("A4 pages of it", told["sheets"], "pages", at_most=MOST_PDF_PAGES)


def main(experiments: int) -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
    django.setup()
    from django.test import Client
    from django.urls import reverse

    from engagement.accounts.models import Member
    from experiments.models import ReportRevision
    from experiments.reports.quarterly.paper import pdf
    from experiments.services.reporting.releasing import draft

    quarter = _fill(experiments)
    document = draft(quarter=quarter)
    assert document["counts"]["experiments_decided"] == experiments, document["counts"]
    number = ReportRevision.objects.filter(quarter=str(quarter)).count() + 1
    released = ReportRevision.objects.create(quarter=str(quarter), number=number, document=document)
    client, address = Client(SERVER_NAME="127.0.0.1"), reverse("report_revision", args=[quarter, number])
    client.force_login(Member.objects.filter(role="administrator").first())
    answer = client.get(address)
    assert answer.status_code == 200

    def paper() -> bytes:
        return pdf(document, revision=released, address=f"http://127.0.0.1{address}")

    told = {
        "draft": best(lambda: draft(quarter=quarter)),
        "page": median_seconds(lambda: client.get(address), repeats=15),
        "bytes": len(answer.content),
        "pdf": best(paper),
        "sheets": len(re.findall(rb"/Type\s*/Page\b", paper())),
    }
    print(json.dumps(told))


def _fill(experiments: int) -> "object":
    """The quarter with most decisions, made up to so many by copies under names of their own."""
    from experiments.models import Decision
    from experiments.reports.quarterly.period import bounds, reported_quarters

    decided = reported_quarters()
    quarter = max(decided, key=lambda one: decided[one])
    start, end = bounds(quarter, _zone())
    known = list(Decision.objects.filter(decided_at__gte=start, decided_at__lt=end).order_by("pk"))
    for number, decision in enumerate(islice(cycle(known), experiments - len(known))):
        _copy(decision, number)
    return quarter


def _zone() -> str:
    from engagement.accounts.queries import workspace

    return workspace().time_zone


def _copy(decision: "object", number: int) -> None:
    """Another experiment on the same idea with the same variants, metrics, readout and decision."""
    import uuid

    from experiments.models import Decision, Experiment, Metric, Readout, Variant

    original = decision.experiment
    experiment = Experiment.objects.get(pk=original.pk)
    experiment.pk, experiment.uid, experiment.key = None, uuid.uuid4(), f"{original.key[:80]}-{number}"
    experiment.save()
    for row in (*Variant.objects.filter(experiment=original), *Metric.objects.filter(experiment=original)):
        row.pk, row.experiment = None, experiment
        if isinstance(row, Variant):
            row.message = None
        row.save()
    readout = Readout.objects.get(pk=decision.readout_id)
    readout.pk, readout.experiment = None, experiment
    readout.save()
    copied = Decision.objects.get(pk=decision.pk)
    copied.pk, copied.experiment, copied.readout = None, experiment, readout
    if copied.variant:
        copied.variant = experiment.variants.get(key=copied.variant.key)
    copied.save()
