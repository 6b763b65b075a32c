"""The simulated readers: from the story of their days to customers, exposures and events, as a live programme's."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from uuid import uuid4

import numpy as np
import pyarrow as pa
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from engagement.core.jobs import Progress
from engagement.customers.services import customers as customer_services
from engagement.customers.services import feeds
from engagement.warehouse import store
from engagement.warehouse.tables import EVENTS, EXPOSURES, MOMENT
from experiments.demonstration.calendar import MONDAY, Calendar, in_quarter
from experiments.demonstration.people import CURRENCY
from experiments.demonstration.programme import EXPERIMENTS, ExperimentText
from experiments.demonstration.simulate import DAY_S, Exposures, Happenings, Run, Story, simulate
from experiments.models import Experiment

FIRST_DAY = in_quarter(-8, MONDAY)  # before the first experiment starts
CHUNK = 200_000
DELIVERY_S = 3  # from the reader's device to us
Ints = NDArray[np.int64]


def simulated(count: int, *, seed: int, calendar: Calendar, progress: Progress) -> Story:
    """What that many readers did up to yesterday, with the experiments that were launched going on around them."""
    first = calendar.day(FIRST_DAY)
    days = (calendar.today - first).days
    progress.doing(_("Simulating %(days)d days of %(count)d readers") % {"days": days, "count": count}, total=days)
    runs = [_run(text, first, calendar) for text in _launched()]
    return simulate(count=count, seed=seed, days=days, runs=runs, told=progress.reached)


def write(
    story: Story, experiments: Mapping[str, Experiment], count: int, *, calendar: Calendar, progress: Progress
) -> None:
    """Makes the readers known and puts all that happened into the store; feeds are complete up to today."""
    ids = _known(count, progress)
    clock = _Clock(calendar)
    build = uuid4()
    progress.doing(_("Storing exposures"))
    for text, exposures in zip(_launched(), story.exposures, strict=True):
        experiment = experiments[text.slug]
        batch = _exposure_batch(text, experiment, exposures, ids, clock)
        store.append("exposures", [batch], source=f"demonstration:{build}:{experiment.uid}")
    size = sum(len(happenings.reader) for happenings in story.events.values())
    progress.doing(_("Storing events"), total=size)
    store.append("events", _event_batches(story, ids, clock, progress), source=f"demonstration:{build}")
    feeds.complete(events=story.events, through=datetime.combine(calendar.today, time.min, calendar.zone))


def names(count: int) -> list[str]:
    """The readers' customer ids."""
    return [f"reader-{number:06}" for number in range(1, count + 1)]


class _Clock:
    """Turns seconds of the simulation into UTC moments; its days begin when the publisher's do."""

    def __init__(self, calendar: Calendar) -> None:
        first = calendar.day(FIRST_DAY)
        self.midnights: Ints = np.array(calendar.midnights(first, calendar.today), np.int64)

    def moments(self, at: Ints, *, later_s: int = 0) -> pa.Array:
        utc = self.midnights[at // DAY_S] + at % DAY_S + later_s
        return pa.array(utc * 1_000_000, pa.int64()).cast(MOMENT)


def _launched() -> list[ExperimentText]:
    return [text for text in EXPERIMENTS if text.launched_by]


def _run(text: ExperimentText, first: date, calendar: Calendar) -> Run:
    return Run(
        first_day=(calendar.day(text.starts) - first).days,
        end_day=(calendar.day(text.ended or text.ends) - first).days,
        channel=text.channel,
        reach=text.reach,
        shares=text.shares,
        reactions=tuple(variant.reaction for variant in text.variants),
    )


def _known(count: int, progress: Progress) -> Ints:
    progress.doing(_("Making %(count)d readers known") % {"count": count}, total=count)
    ids: list[int] = []
    for start in range(0, count, 5_000):
        ids += customer_services.ensure(names(count)[start : start + 5_000])
        progress.reached(len(ids))
    return np.array(ids, np.int64)


def _exposure_batch(
    text: ExperimentText, experiment: Experiment, exposures: Exposures, ids: Ints, clock: _Clock
) -> pa.RecordBatch:
    size = len(exposures.reader)
    keys = pa.array([variant.key for variant in text.variants])
    columns = [
        pa.repeat(str(experiment.uid), size),
        pa.array(ids[exposures.reader]),
        keys.take(pa.array(exposures.variant)),
        clock.moments(exposures.at),
        pa.array(np.array(text.shares)[exposures.variant]),
        pa.nulls(size, pa.int64()),
        clock.moments(exposures.at, later_s=DELIVERY_S),
    ]
    return pa.record_batch(columns, schema=EXPOSURES)


def _event_batches(story: Story, ids: Ints, clock: _Clock, progress: Progress) -> Iterator[pa.RecordBatch]:
    done = 0
    for name, happenings in story.events.items():
        for start in range(0, len(happenings.reader), CHUNK):
            batch = _event_batch(name, happenings, slice(start, start + CHUNK), ids, clock)
            yield batch
            done += len(batch)
            progress.reached(done)


def _event_batch(name: str, happenings: Happenings, part: slice, ids: Ints, clock: _Clock) -> pa.RecordBatch:
    at = happenings.at[part]
    size = len(at)
    is_money = happenings.value is not None
    columns = [
        pa.array(ids[happenings.reader[part]]),
        pa.repeat(name, size),
        clock.moments(at),
        clock.moments(at, later_s=DELIVERY_S),
        pa.array([f"demonstration:{name}:{number}" for number in range(part.start, part.start + size)]),
        pa.nulls(size, pa.float64()) if happenings.value is None else pa.array(happenings.value[part]),
        pa.repeat(CURRENCY, size) if is_money else pa.nulls(size, pa.string()),
        pa.nulls(size, EVENTS.field("properties").type),
    ]
    return pa.record_batch(columns, schema=EVENTS)
