"""A bandit's shares follow its results: one step, kept with all that made it.

Customers who have a variant keep it; new shares are for those who come in from then on. The step is a function of what
is stored beside it (`BatchShares.used`), so anybody can replay it to the same numbers.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.services import audit
from engagement.core import jobs
from engagement.core.clock import now
from engagement.core.errors import Conflict
from engagement.core.jobs import Progress
from engagement.warehouse.engines import connect
from experiments.choices import ExperimentKind, MetricRole
from experiments.lifecycle import State
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.summarise import SUMS, MetricSums
from experiments.models import BatchShares, Experiment, Metric
from experiments.readouts.bandit import KINDS, POLICY, chances_of_being_best
from experiments.services import counting
from experiments.services.analysis import completeness
from experiments.stats import probability_matching
from experiments.stats.bandits import FLOOR

REALLOCATE = "experiments.tasks.reallocate"


def reallocate(
    *, experiment: Experiment, actor: Member | None = None, at: datetime | None = None, as_of: datetime | None = None,
    progress: Progress,
) -> BatchShares | None:  # fmt: skip
    """The shares of the next batch, from every customer whose window has closed; None where nothing new is known.

    as_of: only events before it count; without it the feeds say to when they are complete. A running bandit only.
    Repeating it without new data changes nothing. Two at once: one of them finds the other's.
    """
    progress.doing(_("Counting what %(name)s knows") % {"name": experiment})
    if not _is_running(experiment):
        raise Conflict(_("Only a bandit that runs here gets new shares."))
    metric = experiment.metrics.get(role=MetricRole.PRIMARY)
    if metric.kind not in KINDS:
        raise Conflict(_("A bandit follows a proportion, a retention or a mean; “%(key)s” is none.") % _key(metric))
    used = _known(experiment, metric, as_of)
    if not sum(used["n"]):
        return None
    chances, shares = _step(used, FLOOR)
    return _write(experiment, used, chances, shares, actor, at or now())


def replayed(batch: BatchShares) -> list[float]:
    """The shares computed again from what the reallocation kept: those that were given, or something was altered."""
    return _step(batch.used, batch.floor)[1]


def reallocate_all() -> int:
    """Queues one job per running bandit; how many. One whose last job still waits or runs gets no second one."""
    busy = jobs.keys_under_way(REALLOCATE)
    rows = Experiment.objects.filter(kind=ExperimentKind.BANDIT, state=State.RUNNING, is_simulated=False)
    due = [each for each in rows.order_by("pk") if each.key not in busy and _is_running(each)]
    for experiment in due:
        jobs.enqueue(
            REALLOCATE,
            label=_("New shares for %(name)s") % {"name": experiment},
            back_url=reverse("experiment", args=[experiment.key, "results"]),
            key=experiment.key,
        )
    return len(due)


def _is_running(experiment: Experiment) -> bool:
    """One that follows its dates runs elsewhere, and whoever runs it sets its shares."""
    is_here = experiment.state == State.RUNNING and not experiment.follows_dates
    return experiment.kind == ExperimentKind.BANDIT and is_here


def _known(experiment: Experiment, metric: Metric, as_of: datetime | None) -> dict[str, Any]:
    """What the step may use: sums over the customers whose window has closed, per variant, control first."""
    moments = completeness(experiment, [metric.definition], as_of)
    with connect() as warehouse:
        definition, sums = counting.learned(warehouse, experiment, metric, as_of=moments)
    told = {name: getattr(sums, name).tolist() for name in SUMS}
    return {"as_of": moments[metric.key].isoformat(), "metric": definition.as_json(), **told}


def _step(used: Mapping[str, Any], floor: float) -> tuple[list[float], list[float]]:
    """Each variant's chance of being the best, and its share of the next batch."""
    definition = MetricDefinition.from_json(used["metric"])
    sums = MetricSums(*(np.array(used[name], dtype=np.float64) for name in SUMS))
    chances = chances_of_being_best(definition, sums)
    chances = chances / chances.sum()
    return chances.tolist(), probability_matching(chances, floor=floor).tolist()


@transaction.atomic
def _write(
    experiment: Experiment, used: dict[str, Any], chances: list[float], shares: list[float], actor: Member | None,
    at: datetime,
) -> BatchShares | None:  # fmt: skip
    locked = Experiment.objects.select_for_update(of=("self",)).get(pk=experiment.pk)
    if not _is_running(locked):
        return None
    last = locked.batch_shares.last()
    if last is not None and {**last.used, "as_of": ""} == {**used, "as_of": ""}:
        return None
    before = last.shares if last else list(locked.variants.values_list("share", flat=True))
    number = last.number + 1 if last else 1
    made = BatchShares.objects.create(
        experiment=locked, number=number, shares=shares, at=at, before=before, chances=chances, used=used,
        policy=POLICY, floor=FLOOR,
    )  # fmt: skip
    # The trail is read by people who may not see sealed results: the shares would tell them.
    audit.record(actor=actor, verb="reallocated", target=locked, after={"batch": number}, at=at)
    return made


def _key(metric: Metric) -> dict[str, str]:
    return {"key": metric.key}
