"""Keeping the registry of metrics: adding, changing, placing in the goal tree, measuring where each stands."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
from django.db import transaction
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from engagement.accounts.models import Member
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.customers.queries import resolved, survivors
from engagement.warehouse.engines import Warehouse, connect
from experiments import stats
from experiments.choices import MetricGroup
from experiments.metrics.clock import microseconds
from experiments.metrics.compile import per_customer
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.library import LIBRARY
from experiments.metrics.spans import Span
from experiments.models import MetricLevel, RegisteredMetric
from experiments.models.experiment import KEY_PATTERN

HEAD = ("key", "kind", "direction")
LOOKED_AT = timedelta(days=28)


@transaction.atomic
def add(
    *, definition: MetricDefinition, name: str, words: str, actor: Member | None, group: str = "",
    serves: RegisteredMetric | None = None, is_top: bool = False,
) -> RegisteredMetric:  # fmt: skip
    """A metric of the workspace; whoever adds it owns it."""
    require_writer(actor)
    _check(definition.key, name, words, group)
    if RegisteredMetric.objects.filter(key=definition.key).exists():
        raise Conflict(_("The key “%(key)s” is taken by another metric.") % {"key": definition.key}, field="key")
    made = RegisteredMetric.objects.create(
        key=definition.key, name=name.strip(), words=words.strip(), group=group, kind=definition.kind,
        direction=definition.direction, columns=columns_of(definition), owner=actor, serves=serves, is_top=is_top,
    )  # fmt: skip
    audit.record(actor=actor, verb="added metric", target=made, after={"key": made.key, "kind": made.kind})
    return made


def add_standard(*, key: str, actor: Member | None) -> RegisteredMetric:
    """One of the library, as it stands there."""
    standard = next((one for one in LIBRARY if one.definition.key == key), None)
    if standard is None:
        raise InvalidInput(_("The library has no metric “%(key)s”.") % {"key": key}, field="key")
    return add(
        definition=standard.definition, name=standard.name, words=standard.words, group=standard.group, actor=actor
    )


@transaction.atomic
def change(
    *, metric: RegisteredMetric, definition: MetricDefinition, name: str, words: str, group: str, actor: Member | None,
    seen_version: int | None = None,
) -> RegisteredMetric:  # fmt: skip
    """Another version of the metric. Experiments go on with what they copied when they were planned."""
    require_writer(actor)
    _check(metric.key, name, words, group)
    found = RegisteredMetric.objects.select_for_update().get(pk=metric.pk)
    if seen_version is not None and found.version != seen_version:
        raise Conflict(_("Somebody else has changed this metric meanwhile. Look at theirs first."))
    values = {
        "name": name.strip(), "words": words.strip(), "group": group, "kind": definition.kind,
        "direction": definition.direction, "columns": columns_of(definition),
    }  # fmt: skip
    before, after = audit.changed(found, values)
    if not after:
        return found
    for column, value in values.items():
        setattr(found, column, value)
    found.version += 1
    found.save()
    audit.record(actor=actor, verb="changed metric", target=found, before=before, after=after)
    return found


@transaction.atomic
def place(*, metric: RegisteredMetric, serves: RegisteredMetric | None, is_top: bool, actor: Member | None) -> None:
    """Hangs the metric under the one it serves, or makes it a goal of its own; refused where it would serve itself."""
    require_writer(actor)
    above, seen = serves, {metric.pk}
    while above is not None:
        if above.pk in seen:
            raise InvalidInput(_("“%(name)s” would serve itself.") % {"name": metric}, field="serves")
        seen.add(above.pk)
        above = above.serves
    before = {"serves": metric.serves.key if metric.serves else "", "is_top": metric.is_top}
    metric.serves, metric.is_top = (None, True) if is_top else (serves, False)
    metric.save(update_fields=["serves", "is_top"])
    after = {"serves": metric.serves.key if metric.serves else "", "is_top": metric.is_top}
    audit.record(actor=actor, verb="placed metric", target=metric, before=before, after=after)


@transaction.atomic
def hand_over(*, metric: RegisteredMetric, owner: Member, actor: Member | None) -> None:
    """Another member answers for the metric."""
    require_writer(actor)
    before = {"owner": metric.owner.name if metric.owner else ""}
    metric.owner = owner
    metric.save(update_fields=["owner"])
    audit.record(actor=actor, verb="handed over metric", target=metric, before=before, after={"owner": owner.name})


def columns_of(definition: MetricDefinition) -> dict[str, Any]:
    """What of a definition is kept beside key, kind and direction."""
    return {name: value for name, value in definition.as_json().items() if name not in HEAD}


def _check(key: str, name: str, words: str, group: str) -> None:
    if len(key) > 100 or not KEY_PATTERN.match(key):
        raise InvalidInput(_("A key has 1 to 100 letters, digits, - or _."), field="key")
    if not name.strip():
        raise InvalidInput(_("Give the metric a name."), field="name")
    if not words.strip():
        raise InvalidInput(_("Say in words what is counted: not everybody reads definitions."), field="words")
    if group and group not in MetricGroup.values:
        raise InvalidInput(_("A metric is of activation, monetisation or retention."), field="group")


def measure_all(*, progress: Progress, at: datetime | None = None) -> tuple[str, str]:
    """Measures where every metric stands; the worker does it every night and when somebody asks."""
    metrics = [one for one in RegisteredMetric.objects.filter(retired_at=None) if _is_measurable(one.definition)]
    progress.doing(_("Measuring metrics"), total=len(metrics))
    with connect() as warehouse:
        events = resolved(warehouse.table("events"), survivors())
        for done, metric in enumerate(metrics, start=1):
            measure(warehouse=warehouse, events=events, metric=metric, at=at or now())
            progress.reached(done)
    return _("%(count)d metrics measured.") % {"count": len(metrics)}, "/metrics/"


def measure_nightly() -> None:
    measure_all(progress=Progress())


def measure(*, warehouse: Warehouse, events: Table, metric: RegisteredMetric, at: datetime) -> MetricLevel | None:
    """Among customers active in the four weeks that ended when the metric's window began to be over: its mean with
    interval, and its variance for forecasts. None where nobody was.

    So every customer's window is over at `at`, and nobody is in for having done what is measured.
    """
    definition = replace(metric.definition, covariate=None, winsorise=None)
    starts = at - timedelta(seconds=definition.window_s or 0)
    before = events.filter(events.occurred_at < starts, events.occurred_at >= starts - LOOKED_AT)
    people = warehouse.backend.to_pyarrow(before.select("customer").distinct())["customer"].to_numpy()
    if not len(people):
        return None
    columns = {
        "customer": people, "variant": np.zeros(len(people), np.int64),
        "exposed_us": np.full(len(people), microseconds(starts), np.int64),
    }  # fmt: skip
    spans = {definition.key: Span(at)}
    outcomes = per_customer(ibis.memtable(pa.table(columns)), events, [definition], spans=spans)
    return _kept(metric, at, warehouse.backend.to_pyarrow(outcomes))


def _kept(metric: RegisteredMetric, at: datetime, rows: pa.Table) -> MetricLevel:
    y = rows["y_0" if "y_0" in rows.column_names else "u_0"].to_numpy().astype(np.float64)
    mean, variance, low, high = _ratio(y, rows) if metric.kind == "ratio" else _mean(y, metric.definition.is_share)
    made = MetricLevel(metric=metric, as_of=at, customers=len(y), mean=mean, variance=variance)
    made.low, made.high = (end if np.isfinite(end) else None for end in (low, high))
    made.save()
    return made


def _mean(y: np.ndarray, is_share: bool) -> tuple[float, float, float, float]:
    mean, variance = float(y.mean()), float(y.var(ddof=1)) if len(y) > 1 else float("nan")
    if is_share:
        counts = stats.Counts(n=np.array([len(y)]), successes=np.array([y.sum()]))
        low, high = (float(end[0]) for end in stats.wilson_interval(counts))
        return mean, mean * (1 - mean), low, high
    half = 1.96 * np.sqrt(variance / len(y)) if variance > 0 else float("nan")  # nobody, or all alike: no interval
    return mean, float(np.nan_to_num(variance)), mean - half, mean + half


def _ratio(y: np.ndarray, rows: pa.Table) -> tuple[float, float, float, float]:
    """Sum over sum, with the delta method's variance a customer."""
    x = rows["x_0"].to_numpy().astype(np.float64)
    if not x.sum() or len(y) < 2:
        return 0.0, 0.0, float("nan"), float("nan")
    ratio = float(y.sum() / x.sum())
    variance = float(((y - ratio * x) ** 2).sum() / (len(y) - 1) / x.mean() ** 2)
    half = 1.96 * np.sqrt(variance / len(y))
    return ratio, variance, ratio - half, ratio + half


def _is_measurable(definition: MetricDefinition) -> bool:
    """A quantile has no mean, a running total no end."""
    return definition.kind != "quantile" and definition.window_s is not None
