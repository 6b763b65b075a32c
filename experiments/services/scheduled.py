"""The readouts that are computed without being asked for: every day, of whatever still takes in data."""

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.core import jobs
from engagement.core.clock import now
from engagement.customers.queries import complete_through
from experiments.lifecycle import State
from experiments.metrics.spans import feeds
from experiments.models import Experiment

ANALYSE = "experiments.tasks.analyse"


def analyse_open() -> int:
    """Queues one job per experiment that has begun, has data and waits for its last look; how many.

    One whose job of the day before is still waiting or running gets no second one. Results from a file are finished,
    and the demonstration's readers are made up once.
    """
    busy = jobs.keys_under_way(ANALYSE)
    due = [each for each in _begun() if each.key not in busy and not _is_settled(each) and _has_data(each)]
    for experiment in due:
        jobs.enqueue(
            ANALYSE,
            label=_("Readout of %(name)s") % {"name": experiment},
            back_url=reverse("experiment", args=[experiment.key, "results"]),
            key=experiment.key,
        )
    return len(due)


def _begun() -> list[Experiment]:
    launched = Q(state__in=(State.RUNNING, State.PAUSED, State.ENDED)) | Q(state=State.READY, follows_dates=True)
    live = Experiment.objects.filter(launched, starts__lte=now(), results_import__isnull=True, is_simulated=False)
    return list(live.order_by("pk").prefetch_related("metrics"))


def _is_settled(experiment: Experiment) -> bool:
    """Whether its last look was taken: later readouts would repeat the decision."""
    told = experiment.readouts.exclude(document__looks=[]).first()
    return told is not None and bool(told.document["looks"][-1]["is_final"])


def _has_data(experiment: Experiment) -> bool:
    read = feeds([metric.definition for metric in experiment.metrics.all()])
    return bool(read) and complete_through(read).keys() == read
