"""The experiments that decide about customers now, held in each process and read again after a second.

So a launch, a pause, new shares of a bandit reach every process within that second, and a decision of an experiment
without an audience reads no table. Held beside them: the default messages that decided experiments left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from zoneinfo import ZoneInfo

import xxhash
from django.db.models import Q

from backlog.quarters import Quarter
from engagement.accounts.queries import workspace
from engagement.core.clock import now
from engagement.messaging.choices import Channel
from engagement.messaging.content import spoken
from engagement.messaging.tokens import TemplateBroken
from experiments.assignment import Division, Slice
from experiments.choices import ExperimentKind
from experiments.lifecycle import State
from experiments.models import Experiment, Holdout, Variant

KNOWN_FOR_S = 1.0
READ_AGAIN_AFTER_S = 0.8  # by one thread; the others go on with what is known until it is a second old
FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Served:
    """A variant as a page shows it: `content` holds title and text of its in-app message, and where there are any its
    button and url; nothing where it has no such message."""

    pk: int
    key: str
    content: dict[str, str]


@dataclass(frozen=True, slots=True)
class InForce:
    """What a decision needs to know of an experiment. `version` changes when any of it does."""

    pk: int
    key: str
    is_bandit: bool
    for_eligible_only: bool
    starts: datetime
    ends: datetime
    division: Division
    variants: tuple[Served, ...]
    batch: int
    version: str

    def is_open(self, moment: datetime) -> bool:
        return self.starts <= moment < self.ends


Known = Mapping[str, InForce]
_reading = Lock()
_held: tuple[float, Known, Known] = (float("-inf"), {}, {})


def experiments_in_force() -> Known:
    """By key, as they were within the last second."""
    return _known()[0]


def defaults_in_force() -> Known:
    """By key what experiments that are decided left behind: one variant for everybody but their holdout."""
    return _known()[1]


def _known() -> tuple[Known, Known]:
    global _held  # noqa: PLW0603  this process's memory; replaced whole, so no reader sees half of it
    read_at, running, defaults = _held
    age = monotonic() - read_at
    if age < READ_AGAIN_AFTER_S or not _reading.acquire(blocking=age >= KNOWN_FOR_S):
        return running, defaults
    try:
        begun = monotonic()
        if begun - _held[0] >= READ_AGAIN_AFTER_S:  # else another thread has read while this one waited
            _held = (begun, read(), read_defaults())
        return _held[1:]
    finally:
        _reading.release()


def forget() -> None:
    """Reads anew at the next question; for whoever cannot wait a second."""
    global _held  # noqa: PLW0603
    _held = (float("-inf"), {}, {})


def read() -> dict[str, InForce]:
    """By key, as the database has them now; in a number of queries that does not grow with the experiments."""
    moment = now()
    runs = Q(state=State.RUNNING) | Q(state=State.READY, follows_dates=True)
    rows = (
        Experiment.objects.filter(runs, starts__isnull=False, ends__gt=moment)
        .select_related("exclusion_range__group")
        .prefetch_related("variants__message", "batch_shares")
    )
    holdouts = _Holdouts()
    return {row.key: _in_force(row, holdouts.of(row), moment) for row in rows if row.variants.all()}


def read_defaults() -> dict[str, InForce]:
    """The same of what is decided and has a default message."""
    over = Experiment.objects.filter(state__in=(State.DECIDED, State.CLOSED), default_message__isnull=False)
    rows, holdouts = over.select_related("default_message__variant__message"), _Holdouts()
    return {row.key: _default(row, holdouts.of(row)) for row in rows}


class _Holdouts:
    """Every quarter's, read once."""

    def __init__(self) -> None:
        self.by_quarter = {row.quarter: row for row in Holdout.objects.all()}
        self.zone = ZoneInfo(workspace().time_zone)

    def of(self, experiment: Experiment) -> Slice | None:
        """That of the quarter in which the experiment starts: the next quarter's would take customers from it."""
        if experiment.starts is None:
            return None
        held = self.by_quarter.get(str(Quarter.of(experiment.starts.astimezone(self.zone).date())))
        return Slice(held.salt, 0.0, held.share) if held else None


def _in_force(experiment: Experiment, holdout: Slice | None, moment: datetime) -> InForce:
    variants = sorted(experiment.variants.all(), key=lambda variant: variant.position)
    batch, shares = 0, [variant.share for variant in variants]
    if experiment.kind == ExperimentKind.BANDIT:
        for row in experiment.batch_shares.all():
            if row.at <= moment:
                batch, shares = row.number, row.shares
    division = Division(experiment.uid, tuple(shares), holdout, _group(experiment))
    served = tuple(Served(variant.pk, variant.key, _content(variant)) for variant in variants)
    assert experiment.starts is not None  # noqa: S101  the query asks for both
    assert experiment.ends is not None  # noqa: S101
    dates = experiment.starts, experiment.ends
    described = repr((division, served, dates, experiment.for_eligible_only))
    return InForce(
        experiment.pk, experiment.key, experiment.kind == ExperimentKind.BANDIT, experiment.for_eligible_only,
        *dates, division, served, batch, xxhash.xxh3_64_hexdigest(described.encode()),
    )  # fmt: skip


def _default(experiment: Experiment, holdout: Slice | None) -> InForce:
    """Whoever the experiment was about gets what stands in its place now. No exclusion group: nothing runs here."""
    standing = experiment.default_message
    assert standing is not None  # noqa: S101  the query asks for it
    division = Division(experiment.uid, (1.0,), holdout)
    served = (Served(standing.variant.pk, standing.variant.key, _content(standing.variant)),)
    described = repr((division, served, standing.since, experiment.for_eligible_only))
    return InForce(
        experiment.pk, experiment.key, False, experiment.for_eligible_only, standing.since, FOREVER, division, served,
        0, xxhash.xxh3_64_hexdigest(described.encode()),
    )  # fmt: skip


def _group(experiment: Experiment) -> Slice | None:
    if not hasattr(experiment, "exclusion_range"):
        return None
    found = experiment.exclusion_range
    return Slice(found.group.salt, found.low, found.high)


def _content(variant: Variant) -> dict[str, str]:
    """Its tokens by their fallbacks: whoever shows the message may ask with an open key, which tells of nobody."""
    said = variant.message.contents.get(Channel.IN_APP) if variant.message else None
    if not said:
        return {}
    try:
        said = spoken(said, Channel.IN_APP, {})
    except TemplateBroken:  # of an experiment that no checklist launched
        said = dict(said)
    return {"title": said.pop("title", ""), "text": said.pop("body", ""), **said}
