"""Computing a readout: one query, statistics on its sums, one stored document."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.customers.queries import complete_through
from engagement.warehouse.engines import connect
from experiments.lifecycle import State
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.spans import feeds
from experiments.models import Experiment, Readout
from experiments.services import counting, watching
from experiments.services.document import Analysed, document, drawn
from experiments.services.loading import state_by_dates


def analyse(
    *, experiment: Experiment, as_of: datetime | None = None, is_full: bool = False, progress: Progress
) -> Readout:
    """The experiment's newest readout, computed from the store and kept.

    `as_of` given: only events before it count, and it is the completeness time of every feed. Otherwise each metric is
    as of the least complete of its feeds, never later than now; days counted before are not read again unless
    `is_full`. What the newest data show and cannot wait is told, and paused for where the plan says so.
    """
    progress.doing(_("Computing the readout of %(name)s") % {"name": experiment})
    _follow_dates(experiment)
    analysed = _read(experiment, as_of, is_full=is_full)
    moment = min(analysed.as_of.values())
    is_sealed = experiment.sealed_until is not None and moment < experiment.sealed_until
    told = document(analysed, is_sealed=is_sealed)
    course = {} if is_sealed else drawn(analysed)
    with transaction.atomic():
        counting.keep(analysed.counted)
        readout = Readout.objects.create(experiment=experiment, as_of=moment, document=told, series=course)
        if as_of is None:
            watching.look(readout)
        return readout


def _follow_dates(experiment: Experiment) -> None:
    """An experiment that runs elsewhere is where its dates say, until people decide."""
    if experiment.follows_dates and experiment.starts and experiment.ends:
        state = state_by_dates(experiment.starts, experiment.ends, now())
        moved = Experiment.objects.filter(pk=experiment.pk, state__in=(State.READY, State.RUNNING)).update(state=state)
        if moved:
            experiment.state = state


def _read(experiment: Experiment, as_of: datetime | None, *, is_full: bool) -> Analysed:
    variants, metrics = list(experiment.variants.all()), list(experiment.metrics.all())
    moments = completeness(experiment, [metric.definition for metric in metrics], as_of)
    with connect() as warehouse:
        counted = counting.count(warehouse, experiment, metrics, as_of=moments, may_keep=as_of is None, is_full=is_full)
    return Analysed(experiment, variants, metrics, counted, moments)


def completeness(
    experiment: Experiment, definitions: Sequence[MetricDefinition], given: datetime | None = None
) -> dict[str, datetime]:
    """Per metric key the time its numbers are as of: the least complete of its feeds, or the time that is given."""
    if given is not None and given > now():
        raise InvalidInput(_("Data cannot be as of a time in the future: %(time)s.") % {"time": given.isoformat()})
    if given is not None:
        return {definition.key: given.astimezone(UTC) for definition in definitions}
    complete = complete_through(feeds(definitions))
    missing = feeds(definitions) - complete.keys()
    if missing or not definitions:
        raise Conflict(
            _("There are no results for “%(key)s” yet: no data has arrived for %(missing)s.")
            % {"key": experiment.key, "missing": ", ".join(sorted(missing)) or _("any metric")}
        )
    present = now()
    return {d.key: min(*(complete[event] for event in d.events), present).astimezone(UTC) for d in definitions}
