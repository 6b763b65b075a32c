"""An experiment from a file: one that runs elsewhere and follows its dates."""

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from engagement.accounts.queries import workspace
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.row_files import FileRefused
from experiments.experiment_file import ExperimentFile, read_experiment
from experiments.lifecycle import State
from experiments.models import Experiment, Metric, Variant
from experiments.models.experiment import KEY_PATTERN
from experiments.services import shares

FEWEST_VARIANTS, MOST_VARIANTS = 2, 10


@transaction.atomic
def load(*, path: Path, actor: Member | None, at: datetime | None = None) -> tuple[Experiment, bool]:
    """The experiment of the TOML file, created or updated, and whether anything was changed.

    Before its start everything may change. From its first exposure window on the plan is frozen: a file that says
    anything else is refused, the same file again changes nothing.
    """
    require_writer(actor)
    file = _read(path)
    existing = Experiment.objects.select_for_update().filter(key=file.key).first()
    columns, variants, metrics = _columns(file), _variants(file), _metrics(file)
    moment = at or now()
    if existing is not None:
        return _update(existing, columns, variants, metrics, actor, moment)
    experiment = Experiment(key=file.key, **columns, state=state_by_dates(file.starts, file.ends, moment))
    experiment.save()
    _replace_parts(experiment, variants, metrics)
    audit.record(actor=actor, verb="loaded", target=experiment, after=_described(columns, variants, metrics))
    return experiment, True


def state_by_dates(starts: datetime, ends: datetime, moment: datetime) -> State:
    """Where an experiment that runs elsewhere stands at a moment."""
    if moment < starts:
        return State.READY
    return State.RUNNING if moment < ends else State.ENDED


def _read(path: Path) -> ExperimentFile:
    try:
        file = read_experiment(path, zone=ZoneInfo(workspace().time_zone))
    except FileRefused as error:
        raise InvalidInput(str(error), field="file") from error
    if len(file.key) > 100 or not KEY_PATTERN.match(file.key):
        raise InvalidInput(_("The key “%(key)s” must be 1 to 100 letters, digits, - or _.") % {"key": file.key[:120]})
    if not FEWEST_VARIANTS <= len(file.shares) <= MOST_VARIANTS:
        raise InvalidInput(_("An experiment compares 2 to 10 variants, control included."))
    shares.check(list(file.shares.values()))
    return file


def _columns(file: ExperimentFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "kind": file.kind,
        "starts": file.starts,
        "ends": file.ends,
        "sealed_until": file.sealed_until,
        "subgroups": list(file.subgroups),
        "plan": asdict(file.plan) if file.plan else None,
        "follows_dates": True,
    }


def _variants(file: ExperimentFile) -> list[dict[str, Any]]:
    return [{"key": key, "share": share} for key, share in file.shares.items()]


def _metrics(file: ExperimentFile) -> list[dict[str, Any]]:
    described = []
    for metric in file.metrics:
        columns = metric.definition.as_json()
        head = {name: columns.pop(name) for name in ("key", "kind", "direction")}
        described.append({**head, "role": metric.role, "columns": _as_json(columns)})
    return described


def _update(
    experiment: Experiment,
    columns: dict[str, Any],
    variants: list[dict[str, Any]],
    metrics: list[dict[str, Any]],
    actor: Member | None,
    moment: datetime,
) -> tuple[Experiment, bool]:
    if not experiment.follows_dates:
        sentence = _("The key “%(key)s” is taken by an experiment that was not loaded from a file.")
        raise Conflict(sentence % {"key": experiment.key})
    before, after = _described(*_stored(experiment)), _described(columns, variants, metrics)
    if before == after:
        return experiment, False
    if experiment.starts is not None and experiment.starts <= moment:
        changed = ", ".join(sorted(name for name in after if after[name] != before.get(name)))
        sentence = _("“%(key)s” has started, so its plan is frozen; the file changes %(changed)s.")
        raise Conflict(sentence % {"key": experiment.key, "changed": changed})
    for name, value in columns.items():
        setattr(experiment, name, value)
    experiment.state = state_by_dates(columns["starts"], columns["ends"], moment)
    experiment.save()
    _replace_parts(experiment, variants, metrics)
    audit.record(actor=actor, verb="changed", target=experiment, before=before, after=after)
    return experiment, True


def _stored(experiment: Experiment) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    names = ("name", "kind", "starts", "ends", "sealed_until", "subgroups", "plan", "follows_dates")
    metrics = experiment.metrics.values("key", "kind", "direction", "role", "columns")
    return (
        {name: getattr(experiment, name) for name in names},
        [dict(variant) for variant in experiment.variants.values("key", "share")],
        [dict(metric) for metric in metrics],
    )


def _described(
    columns: dict[str, Any], variants: list[dict[str, Any]], metrics: list[dict[str, Any]]
) -> dict[str, Any]:
    times = {name: value.isoformat() for name, value in _utc(columns).items()}
    return {**columns, **times, "variants": variants, "metrics": metrics}


def _utc(columns: dict[str, Any]) -> dict[str, datetime]:
    return {name: value.astimezone(UTC) for name, value in columns.items() if isinstance(value, datetime)}


def _replace_parts(experiment: Experiment, variants: list[dict[str, Any]], metrics: list[dict[str, Any]]) -> None:
    experiment.variants.all().delete()
    experiment.metrics.all().delete()
    Variant.objects.bulk_create(
        Variant(experiment=experiment, name=variant["key"], position=position, **variant)
        for position, variant in enumerate(variants)
    )
    Metric.objects.bulk_create(
        Metric(experiment=experiment, position=position, **metric) for position, metric in enumerate(metrics)
    )


def _as_json(columns: dict[str, Any]) -> dict[str, Any]:
    """As the database gives it back: tuples are lists."""
    stored: dict[str, Any] = json.loads(json.dumps(columns))
    return stored
