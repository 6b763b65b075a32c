"""A finished experiment's results: from a file with one row per customer to customers, exposures and events.

Order, so that a process killed at any point leaves nothing to see and a retry does everything once:
the whole file is checked into a staging file; customers are made known (harmless if orphaned); events and exposures
enter the store in one commit each, under the import's uid and only if that uid has not committed before; last, one
database transaction makes the experiment visible. Rows of an import that never got there belong to a uid that no
experiment has.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import file_digest
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from engagement.accounts import rules as people
from engagement.accounts.models import Member
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.core.row_files import FileRefused
from engagement.customers.services import feeds
from experiments.choices import STATE_LABELS, MetricRole
from experiments.lifecycle import PLANNED, State
from experiments.metrics.definition import Covariate, MetricDefinition
from experiments.metrics.library import names_mechanics
from experiments.metrics.roles import WHY_DIAGNOSTIC
from experiments.models import Experiment, Metric, ResultsImport, Variant
from experiments.models.experiment import KEY_PATTERN
from experiments.results_file import Columns
from experiments.services import shares as share_rules
from experiments.services.plan_agreement import refuse_disagreement
from experiments.services.results_staging import Staged, stage, write_to_store

SECOND = timedelta(seconds=1)
WINDOW_S = 2  # outcomes lie one second after exposure; their window closes at once
NAMESPACE = uuid.UUID("3f0a7d5e-6f0e-4d0b-9a55-0a1f5a2b7c11")


@dataclass(frozen=True, slots=True)
class ResultsFile:
    """The file and how to read it: what both doors, page and command, hand over."""

    path: Path
    name: str
    columns: Columns
    primary: str | None = None
    shares: dict[str, float] | None = None
    exposed_at: datetime | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What must be the same for a second import to be the same import."""
        exposed_at = self.exposed_at.isoformat() if self.exposed_at else None
        described = {"primary": self.primary, "shares": self.shares, "exposed_at": exposed_at}
        as_stored: dict[str, Any] = json.loads(json.dumps({**asdict(self.columns), **described}))
        return as_stored


def import_results(*, key: str, file: ResultsFile, actor: Member | None, progress: Progress) -> tuple[Experiment, bool]:
    """The experiment `key` with these results, and whether anything was done: the same import twice changes nothing.

    A planned experiment of that key takes results whose variants and metrics are those of its plan; without one the
    experiment is made. It is `ended` then, and the importing member its launch owner.
    """
    people.require_writer(actor)
    _check_options(key, file)
    progress.doing(_("Reading %(file)s") % {"file": file.name}, total=file.path.stat().st_size)
    sha256 = _sha256(file.path)
    planned = Experiment.objects.filter(key=key).first()
    if planned and _is_repeat(planned, file, sha256):
        return planned, False
    exposed_at = file.exposed_at or datetime.combine(now().date(), datetime.min.time(), UTC)
    uid = uuid.uuid5(NAMESPACE, json.dumps([key, sha256, file.options, exposed_at.isoformat()]))
    staging = settings.DATA_DIR / "staging" / f"{uid}-{uuid.uuid4().hex[:8]}.parquet"  # each run has its own
    try:
        staged = _staged(file, staging, progress)
        variants = _variants(staged, file, planned)
        definitions = _definitions(key, uid, file)
        _check_plan(planned, variants, definitions)
        write_to_store(staged, key=key, uid=uid, definitions=definitions, exposed_at=exposed_at, progress=progress)
        experiment = _publish(
            planned, key=key, uid=uid, file=file, sha256=sha256, rows=staged.rows, variants=variants,
            definitions=definitions, exposed_at=exposed_at, actor=actor,
        )  # fmt: skip
    finally:
        staging.unlink(missing_ok=True)
    return experiment, True


def _check_options(key: str, file: ResultsFile) -> None:
    if len(key) > 100 or not KEY_PATTERN.match(key):
        raise InvalidInput(
            _("The key “%(key)s” must be 1 to 100 letters, digits, - or _.") % {"key": key[:120]}, field="key"
        )
    _check_metrics(file)
    if file.exposed_at and file.exposed_at > now():
        raise InvalidInput(_("The time of exposure lies in the future; results of the future are not known yet."))


def _check_metrics(file: ResultsFile) -> None:
    names = [metric.name for metric in file.columns.metrics]
    if not names:
        raise InvalidInput(_("Name at least one metric."), field="metrics")
    if len(set(names)) < len(names):
        raise InvalidInput(_("Two metrics have the same name."), field="metrics")
    if file.primary is not None and file.primary not in names:
        raise InvalidInput(
            _("The primary metric “%(name)s” is none of the metrics.") % {"name": file.primary}, field="primary"
        )
    if names_mechanics(file.primary or names[0]):
        raise InvalidInput(WHY_DIAGNOSTIC, field="primary")
    for name in file.columns.covariates:
        if name not in names:
            raise InvalidInput(_("A covariate is given for “%(name)s”, which is none of the metrics.") % {"name": name})


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _is_repeat(experiment: Experiment, file: ResultsFile, sha256: str) -> bool:
    """True for the import that this experiment's results came from; refuses where the key is taken otherwise."""
    earlier = ResultsImport.objects.filter(experiment=experiment).first()
    if earlier is None:
        _require_unlaunched(experiment)
        refuse_disagreement(planned=experiment, primary=file.primary, shares=file.shares)
        return False
    if earlier.sha256 != sha256:
        sentence = _("The key “%(key)s” is taken: its results came from another file, %(file)s.")
        raise Conflict(sentence % {"key": experiment.key, "file": earlier.file_name})
    unsaid = {"exposed_at": earlier.options["exposed_at"]} if file.exposed_at is None else {}
    if {**file.options, **unsaid} != earlier.options:
        sentence = _(
            "The key “%(key)s” is taken: its results came from this file, but read with other columns or metrics."
        )
        raise Conflict(sentence % {"key": experiment.key})
    return True


def _require_unlaunched(experiment: Experiment) -> None:
    """A plan takes results from a file; what was launched here has its own exposures and its own launch owner."""
    if experiment.state not in PLANNED or experiment.follows_dates:
        values = {"key": experiment.key, "state": str(STATE_LABELS[State(experiment.state)]).lower()}
        raise Conflict(_("The key “%(key)s” is taken by an experiment that is %(state)s.") % values)


def _staged(file: ResultsFile, staging: Path, progress: Progress) -> Staged:
    try:
        return stage(file.path, file.columns, name=file.name, to=staging, progress=progress)
    except FileRefused as error:
        raise InvalidInput(str(error), field="file") from error


def _variants(staged: Staged, file: ResultsFile, planned: Experiment | None) -> dict[str, float]:
    """Variant key → planned share, control first, the others in the order the file names them."""
    keys = sorted(staged.variants, key=lambda key: key != file.columns.control)
    if planned:
        by_plan = {variant.key: variant.share for variant in planned.variants.all()}
        return {key: by_plan.get(key, 0.0) for key in keys}
    given = file.shares or {key: 1 / len(keys) for key in keys}
    if set(given) != set(keys):
        sentence = _("Shares are given for %(given)s; the file has %(found)s.")
        raise InvalidInput(sentence % {"given": _listed(given), "found": _listed(keys)}, field="shares")
    share_rules.check(list(given.values()))
    return {key: given[key] for key in keys}


def _definitions(key: str, uid: uuid.UUID, file: ResultsFile) -> list[MetricDefinition]:
    """The metrics as data. Event names hold the uid: results of two experiments never meet, even on one customer."""
    made = []
    for metric in file.columns.metrics:
        event = f"{key}/{metric.name}/{uid.hex[:8]}"
        covariate = Covariate(f"{event}/before") if metric.name in file.columns.covariates else None
        made.append(MetricDefinition(metric.name, metric.kind, event, window_s=WINDOW_S, covariate=covariate))
    return made


def _check_plan(
    planned: Experiment | None, variants: dict[str, float], definitions: Sequence[MetricDefinition]
) -> None:
    if planned is None:
        return
    by_plan = {variant.key: variant.is_control for variant in planned.variants.all()}
    control = next(iter(variants))
    if set(by_plan) != set(variants) or not by_plan[control]:
        sentence = _(
            "The key “%(key)s” is taken by a plan with other variants: %(plan)s; the file has %(found)s, control first."
        )
        values = {"key": planned.key, "plan": _listed(by_plan), "found": _listed(variants)}
        raise Conflict(sentence % values)
    metrics = {(metric.key, metric.kind) for metric in planned.metrics.all()}
    if metrics != {(definition.key, definition.kind) for definition in definitions}:
        sentence = _("The plan of “%(key)s” has the metrics %(plan)s; exactly these must be imported.")
        plan = _listed(f"{name} ({kind})" for name, kind in sorted(metrics))
        raise Conflict(sentence % {"key": planned.key, "plan": plan})


@transaction.atomic
def _publish(
    planned: Experiment | None, *, key: str, uid: uuid.UUID, file: ResultsFile, sha256: str, rows: int,
    variants: dict[str, float], definitions: Sequence[MetricDefinition], exposed_at: datetime, actor: Member | None,
) -> Experiment:  # fmt: skip
    """Makes the results visible, all at once; of two imports of one key the second is refused here at the latest."""
    if planned is not None:
        planned = Experiment.objects.select_for_update().get(pk=planned.pk)  # it may have changed while we were reading
        if not ResultsImport.objects.filter(experiment=planned).exists():
            _require_unlaunched(planned)
    before = {name: str(getattr(planned, name)) for name in ("state", "starts", "ends")} if planned else {}
    experiment = planned or Experiment(key=key, name=key, strategy_owner=actor)
    experiment.uid, experiment.state, experiment.launch_owner = uid, State.ENDED, actor
    experiment.starts, experiment.ends = exposed_at, exposed_at + SECOND
    try:
        with transaction.atomic():
            experiment.save()
            ResultsImport.objects.create(
                experiment=experiment, file_name=file.name, sha256=sha256, rows=rows, imported_by=actor,
                options={**file.options, "exposed_at": exposed_at.isoformat()} if file.exposed_at else file.options,
            )  # fmt: skip
    except IntegrityError as error:
        raise Conflict(_("The key “%(key)s” was taken by somebody else just now.") % {"key": key}) from error
    if planned is None:
        _create_parts(experiment, file, variants, definitions)
    else:
        _fill_plan(experiment, definitions)
    events = {event for definition in definitions for event in definition.events}
    feeds.complete(events=events, through=exposed_at + WINDOW_S * SECOND)
    after = {"state": experiment.state, "file": file.name, "rows": rows}
    audit.record(actor=actor, verb="imported results", target=experiment, before=before, after=after)
    return experiment


def _create_parts(
    experiment: Experiment, file: ResultsFile, variants: dict[str, float], definitions: Sequence[MetricDefinition]
) -> None:
    Variant.objects.bulk_create(
        Variant(experiment=experiment, key=key, name=key, position=position, share=share)
        for position, (key, share) in enumerate(variants.items())
    )
    primary = file.primary or definitions[0].key
    Metric.objects.bulk_create(
        Metric(
            experiment=experiment,
            key=definition.key,
            kind=definition.kind,
            role=_role(definition.key, primary),
            position=position,
            columns=_columns(definition),
        )
        for position, definition in enumerate(definitions)
    )


def _role(name: str, primary: str) -> MetricRole:
    """Opens and clicks may be watched beside the others and decide nothing."""
    if name == primary:
        return MetricRole.PRIMARY
    return MetricRole.DIAGNOSTIC if names_mechanics(name) else MetricRole.SECONDARY


def _fill_plan(experiment: Experiment, definitions: Sequence[MetricDefinition]) -> None:
    """The plan's metrics keep their role, direction and unit, and now read the imported events."""
    by_key = {definition.key: definition for definition in definitions}
    for metric in experiment.metrics.all():
        metric.columns = {**metric.columns, **_columns(by_key[metric.key])}
        metric.save(update_fields=["columns"])


def _columns(definition: MetricDefinition) -> dict[str, Any]:
    covariate = asdict(definition.covariate) if definition.covariate else None
    return {"event": definition.event, "window_s": definition.window_s, "from_s": 0, "covariate": covariate}


def _listed(keys: Any) -> str:
    return ", ".join(f"“{key}”" for key in keys)
