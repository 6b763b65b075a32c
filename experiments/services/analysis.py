"""Computing a readout: one query, statistics on its sums, one stored document."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from engagement.accounts.queries import workspace
from engagement.core.clock import now
from engagement.core.errors import Conflict
from engagement.core.jobs import Progress
from engagement.customers.queries import complete_through
from engagement.warehouse.engines import connect
from experiments.choices import MetricRole
from experiments.health import checks
from experiments.metrics.compile import feeds, first_exposures, grouped_moments
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.summarise import ExperimentSums, summarise
from experiments.models import Experiment, Metric, Readout, Variant
from experiments.readouts.comparisons import Standing, compare
from experiments.readouts.metric_data import MetricData
from experiments.reports import wording


def analyse(*, experiment: Experiment, as_of: datetime | None = None, progress: Progress) -> Readout:
    """The experiment's newest readout, computed from the store and kept.

    `as_of` given: only events before it count, and it is the completeness time of every feed. Otherwise each metric is
    as of the least complete of its feeds, never later than now.
    """
    variants, metrics = list(experiment.variants.all()), list(experiment.metrics.all())
    definitions = [metric.definition for metric in metrics]
    moments = _as_of(experiment, definitions, as_of)
    progress.doing(_("Computing the readout of %(name)s") % {"name": experiment})
    sums = _query(experiment, variants, definitions, moments)
    document = _document(experiment, variants, metrics, sums, moments)
    with transaction.atomic():
        return Readout.objects.create(experiment=experiment, as_of=min(moments.values()), document=document)


def _as_of(
    experiment: Experiment, definitions: Sequence[MetricDefinition], given: datetime | None
) -> dict[str, datetime]:
    if given is not None:
        return {definition.key: given for definition in definitions}
    complete = complete_through(feeds(definitions))
    missing = feeds(definitions) - complete.keys()
    if missing or not definitions:
        raise Conflict(
            _("There are no results for “%(key)s” yet: no data has arrived for %(missing)s.")
            % {"key": experiment.key, "missing": ", ".join(sorted(missing)) or _("any metric")}
        )
    present = now()
    return {d.key: min(*(complete[event] for event in d.events), present) for d in definitions}


def _query(
    experiment: Experiment,
    variants: Sequence[Variant],
    definitions: Sequence[MetricDefinition],
    as_of: dict[str, datetime],
) -> ExperimentSums:
    if experiment.starts is None or experiment.ends is None:
        raise Conflict(
            _("“%(key)s” has no dates; exposures count between its start and its end.") % {"key": experiment.key}
        )
    with connect() as warehouse:
        first = first_exposures(
            warehouse.table("exposures"), experiment=str(experiment.uid), starts=experiment.starts, ends=experiment.ends
        )
        query = grouped_moments(first, warehouse.table("events"), definitions, as_of=as_of)
        rows = warehouse.backend.to_pyarrow(query).to_pylist()
    return summarise(rows, variants=[variant.key for variant in variants], definitions=definitions)


def _document(
    experiment: Experiment,
    variants: Sequence[Variant],
    metrics: Sequence[Metric],
    sums: ExperimentSums,
    as_of: Mapping[str, datetime],
) -> dict[str, Any]:
    datas = {metric.key: MetricData(metric.definition, sums.metrics[metric.key]) for metric in metrics}
    found = [
        checks.sample_ratio(sums, [v.share for v in variants], is_import=hasattr(experiment, "results_import")),
        checks.contamination(sums),
        checks.covariate_balance(list(datas.values())),
    ]
    health = [check for check in found if check is not None]
    primary = next(metric.key for metric in metrics if metric.role == MetricRole.PRIMARY)
    standing = Standing(
        plan_reached=_plan_reached(experiment, datas[primary], sums, as_of[primary]),
        is_valid=not any(checks.invalidates(check) for check in health),
    )
    compared = compare(
        datas, primary=primary, treatments=[v.key for v in variants[1:]], control=variants[0].key, standing=standing
    )
    parts = [_metric(metric, datas[metric.key], compared[metric.key], variants, as_of) for metric in metrics]
    return {
        "schema": "readout/1",
        "as_of": _time(min(as_of.values())),
        "level": 0.95,
        "sealed": False,
        "experiment": _head(experiment, variants),
        "variants": [_variant(variant, sums, place) for place, variant in enumerate(variants)],
        "health": [check.as_json() for check in health],
        "metrics": parts,
        "looks": _looks(experiment) if standing.plan_reached else [],
        "bandit": None,
        "decision_rule": wording.decision_rule(len(variants) - 1, len(metrics) - 1),
        "recommendation": wording.recommendation(compared[primary], variants),
    }


def _looks(experiment: Experiment) -> list[dict[str, Any]]:
    """The one look at the planned end: kept from the readout that took it, else taken now."""
    earlier = Readout.objects.filter(experiment=experiment).first()
    if earlier is not None and earlier.document["looks"]:
        kept: list[dict[str, Any]] = earlier.document["looks"]
        return kept
    return [{"look": 1, "taken_at": _time(now()), "information": 1.0}]


def _plan_reached(experiment: Experiment, primary: MetricData, sums: ExperimentSums, as_of: datetime) -> bool:
    """One look at information 1: the experiment has ended and every window of the primary metric has closed."""
    assert experiment.ends is not None  # noqa: S101  checked before the query
    return as_of >= experiment.ends and bool((primary.n == sums.customers).all())


def _head(experiment: Experiment, variants: Sequence[Variant]) -> dict[str, Any]:
    dates = {"starts": _time(experiment.starts), "ends": _time(experiment.ends)}
    names = {"key": experiment.key, "name": experiment.name, "kind": experiment.kind, "state": experiment.state}
    return {**names, "control": variants[0].key, **dates}


def _variant(variant: Variant, sums: ExperimentSums, place: int) -> dict[str, Any]:
    counts = {"customers": int(sums.customers[place]), "contaminated": int(sums.contaminated[place])}
    return {"key": variant.key, "planned_share": variant.share, **counts}


def _metric(
    metric: Metric,
    data: MetricData,
    comparisons: list[dict[str, Any]],
    variants: Sequence[Variant],
    as_of: Mapping[str, datetime],
) -> dict[str, Any]:
    definition = data.definition
    unit = definition.unit or (workspace().currency if definition.kind == "mean" else "")
    numbers = zip(variants, data.n, data.mean, data.mean_uncapped, data.variance, strict=True)
    return {
        "key": metric.key,
        "kind": metric.kind,
        "role": metric.role,
        "direction": metric.direction,
        "unit": unit,
        "as_of": _time(as_of[metric.key]),
        "cap": definition.cap,
        "variants": [
            {"variant": variant.key, "n": int(n), **_moments(n, mean=mean, mean_uncapped=raw, variance=variance)}
            for variant, n, mean, raw, variance in numbers
        ],
        "comparisons": comparisons,
        "subgroups": [],
    }


def _moments(n: float, **values: float) -> dict[str, float | None]:
    known = {"mean": n > 0, "mean_uncapped": n > 0, "variance": n > 1}
    return {name: float(value) if known[name] else None for name, value in values.items()}


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat().replace("+00:00", "Z") if moment else None
