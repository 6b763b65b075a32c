"""Computing a readout: one query, statistics on its sums, one stored document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from engagement.accounts.queries import workspace
from engagement.core.clock import now
from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.customers.queries import ages, complete_through
from engagement.warehouse.engines import connect
from experiments.choices import MetricRole
from experiments.health import checks
from experiments.lifecycle import State
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.spans import feeds
from experiments.metrics.summarise import ExperimentSums, by_group
from experiments.models import Experiment, Metric, Readout, Variant
from experiments.readouts import series, subgroups
from experiments.readouts.comparisons import Inputs, compare, has_stopped
from experiments.readouts.metric_data import MetricData, metric_data
from experiments.readouts.rule import Plan, Rule
from experiments.reports import wording
from experiments.services import counting
from experiments.services.counting import Counted
from experiments.services.loading import state_by_dates


@dataclass(frozen=True)
class Analysed:
    """What one analysis read: the experiment's parts and, per metric key, its numbers and the time they are as of."""

    experiment: Experiment
    variants: Sequence[Variant]
    metrics: Sequence[Metric]
    counted: Counted
    as_of: Mapping[str, datetime]

    @property
    def sums(self) -> ExperimentSums:
        return self.counted.sums

    @property
    def datas(self) -> Mapping[str, MetricData]:
        return self.counted.datas

    @property
    def plan(self) -> Plan:
        return Plan(**self.experiment.plan) if self.experiment.plan else Plan()

    @property
    def is_over(self) -> bool:
        """Whether the experiment has ended and every window of its primary metric has closed."""
        data, ends = self.datas[self.primary.key], self.experiment.ends
        has_ended = ends is not None and self.as_of[self.primary.key] >= ends
        return has_ended and bool((data.n == self.sums.customers).all())

    @property
    def primary(self) -> Metric:
        return next(metric for metric in self.metrics if metric.role == MetricRole.PRIMARY)


def analyse(
    *, experiment: Experiment, as_of: datetime | None = None, is_full: bool = False, progress: Progress
) -> Readout:
    """The experiment's newest readout, computed from the store and kept.

    `as_of` given: only events before it count, and it is the completeness time of every feed. Otherwise each metric is
    as of the least complete of its feeds, never later than now; days counted before are not read again unless
    `is_full`.
    """
    progress.doing(_("Computing the readout of %(name)s") % {"name": experiment})
    _follow_dates(experiment)
    analysed = _read(experiment, as_of, is_full=is_full)
    moment = min(analysed.as_of.values())
    is_sealed = experiment.sealed_until is not None and moment < experiment.sealed_until
    document = _document(analysed, is_sealed=is_sealed)
    drawn = {} if is_sealed else _series(analysed)
    with transaction.atomic():
        counting.keep(analysed.counted)
        return Readout.objects.create(experiment=experiment, as_of=moment, document=document, series=drawn)


def _follow_dates(experiment: Experiment) -> None:
    """An experiment that runs elsewhere is where its dates say, until people decide."""
    if experiment.follows_dates and experiment.starts and experiment.ends:
        state = state_by_dates(experiment.starts, experiment.ends, now())
        moved = Experiment.objects.filter(pk=experiment.pk, state__in=(State.READY, State.RUNNING)).update(state=state)
        if moved:
            experiment.state = state


def _read(experiment: Experiment, as_of: datetime | None, *, is_full: bool) -> Analysed:
    variants, metrics = list(experiment.variants.all()), list(experiment.metrics.all())
    moments = _as_of(experiment, [metric.definition for metric in metrics], as_of)
    with connect() as warehouse:
        counted = counting.count(warehouse, experiment, metrics, as_of=moments, may_keep=as_of is None, is_full=is_full)
    return Analysed(experiment, variants, metrics, counted, moments)


def _as_of(
    experiment: Experiment, definitions: Sequence[MetricDefinition], given: datetime | None
) -> dict[str, datetime]:
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


def _document(analysed: Analysed, *, is_sealed: bool) -> dict[str, Any]:
    experiment, variants = analysed.experiment, analysed.variants
    health = _health(analysed)
    plan = analysed.plan
    # Not simply the newest: one computed as of an earlier time may have taken no look.
    earlier = Readout.objects.filter(experiment=experiment).exclude(document__looks=[]).first()
    looks = list(earlier.document["looks"] or ()) if earlier else []
    rule = _rule(analysed, plan, looks, is_sealed=is_sealed)
    compared = compare(
        Inputs(
            datas=analysed.datas,
            roles={metric.key: metric.role for metric in analysed.metrics},
            control=variants[0].key,
            treatments=[variant.key for variant in variants[1:]],
            shares={variant.key: variant.share for variant in variants},
            rule=rule,
            is_valid=not any(checks.invalidates(check) for check in health),
            is_fresh=not any(checks.is_stale(check) for check in health),
            earlier=_parts(earlier, "comparisons"),
        )
    )
    is_decided = not is_sealed and has_stopped(rule, compared[analysed.primary.key])
    groups = _subgroups(analysed, subgroups.Looks(rule, is_decided, _parts(earlier, "subgroups")))
    if rule.due is not None:
        looks.append(_look(rule))
    parts = [] if is_sealed else [_metric(metric, analysed, compared, groups) for metric in analysed.metrics]
    secondary = sum(metric.role == MetricRole.SECONDARY for metric in analysed.metrics)
    guardrails = [row for m in analysed.metrics if m.role == MetricRole.GUARDRAIL for row in compared[m.key]]
    return {
        "schema": "readout/1",
        "as_of": _time(min(analysed.as_of.values())),
        "level": 1 - plan.alpha,
        "sealed": is_sealed,
        "experiment": _head(experiment, variants),
        "variants": [_variant(variant, analysed.sums, place) for place, variant in enumerate(variants)],
        "health": [check.as_json() for check in health],
        "metrics": parts,
        "looks": looks,
        "bandit": None,
        "decision_rule": wording.decision_rule(plan, len(variants) - 1, secondary),
        "recommendation": None
        if is_sealed
        else wording.recommendation(compared[analysed.primary.key], guardrails, variants),
    }


def _parts(earlier: Readout | None, name: str) -> dict[str, list[dict[str, Any]]]:
    """Per metric key one part of an earlier readout."""
    return {metric["key"]: metric[name] for metric in earlier.document["metrics"]} if earlier else {}


def _subgroups(analysed: Analysed, looks: subgroups.Looks) -> dict[str, list[dict[str, Any]]]:
    """Per metric key its declared subgroups; a quantile has none, for it is made of no sums."""
    variants = [variant.key for variant in analysed.variants]
    groupings = []
    for metric in analysed.metrics:
        for place, name in enumerate(analysed.experiment.subgroups):
            values, sums = by_group(analysed.counted.cells.get(metric.key, ()), variants, place)
            if values:
                data = metric_data(metric.definition, sums)
                groupings.append(subgroups.Grouping(metric.key, name, values, data))
    return subgroups.described(groupings, looks, variants=variants)


def _series(analysed: Analysed) -> dict[str, Any]:
    """What `Readout.series` holds: each metric at the end of each day, rebuilt from today's data."""
    experiment = analysed.experiment
    plan = analysed.plan
    shares = {variant.key: variant.share for variant in analysed.variants}
    drawn = {
        definition.key: series.daily(
            definition,
            analysed.counted.cells[definition.key],
            shares=shares,
            plan=plan,
            days=counting.days(experiment.starts, analysed.as_of[definition.key]),
        )
        for definition in (metric.definition for metric in analysed.metrics)
        if definition.key in analysed.counted.cells and experiment.starts is not None
    }
    return {"metrics": {key: part for key, part in drawn.items() if part["days"]}}


def _rule(analysed: Analysed, plan: Plan, looks: Sequence[Mapping[str, Any]], *, is_sealed: bool) -> Rule:
    """The final look is taken when the experiment has ended and every window of the primary metric has closed.

    Sealed results take no look: nobody could read its decision.
    """
    matured = 0.0 if is_sealed else float(analysed.datas[analysed.primary.key].n.sum())
    return Rule.at(plan, matured=matured, is_over=analysed.is_over and matured > 0, taken=looks)


def _look(rule: Rule) -> dict[str, Any]:
    look = rule.looks[-1]
    return {
        "look": look.number,
        "taken_at": _time(now()),
        "information": look.information,
        "is_final": look.is_final,
    }


def _health(analysed: Analysed) -> list[checks.Check]:
    is_import = hasattr(analysed.experiment, "results_import")
    found = [
        checks.sample_ratio(analysed.sums, [variant.share for variant in analysed.variants], is_import=is_import),
        checks.contamination(analysed.sums),
        checks.covariate_balance(list(analysed.datas.values())),
        None if analysed.is_over else checks.freshness(ages(feeds([m.definition for m in analysed.metrics]))),
        None if is_import else checks.late_events(analysed.counted.late),
        checks.duplicates(analysed.counted.repeated),
        checks.underpowered(
            analysed.datas[analysed.primary.key], analysed.plan, [variant.share for variant in analysed.variants]
        ),
    ]
    return [check for check in found if check is not None]


def _head(experiment: Experiment, variants: Sequence[Variant]) -> dict[str, Any]:
    dates = {"starts": _time(experiment.starts), "ends": _time(experiment.ends)}
    names = {"key": experiment.key, "name": experiment.name, "kind": experiment.kind, "state": experiment.state}
    return {**names, "control": variants[0].key, **dates}


def _variant(variant: Variant, sums: ExperimentSums, place: int) -> dict[str, Any]:
    counts = {"customers": int(sums.customers[place]), "contaminated": int(sums.contaminated[place])}
    return {"key": variant.key, "planned_share": variant.share, **counts}


def _metric(
    metric: Metric,
    analysed: Analysed,
    compared: Mapping[str, list[dict[str, Any]]],
    groups: Mapping[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    data = analysed.datas[metric.key]
    definition = data.definition
    unit = definition.unit or (workspace().currency if definition.kind == "mean" else "")
    numbers = zip(analysed.variants, data.n, data.mean, data.mean_uncapped, data.variance, strict=True)
    return {
        "key": metric.key,
        "kind": metric.kind,
        "role": metric.role,
        "direction": metric.direction,
        "unit": unit,
        "as_of": _time(analysed.as_of[metric.key]),
        "cap": definition.cap,
        "variants": [
            {"variant": variant.key, "n": int(n), **_known(mean=mean, mean_uncapped=raw, variance=variance)}
            for variant, n, mean, raw, variance in numbers
        ],
        "comparisons": compared[metric.key],
        "subgroups": groups.get(metric.key, []),
    }


def _known(**values: float) -> dict[str, float | None]:
    return {name: float(value) if np.isfinite(value) else None for name, value in values.items()}


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
