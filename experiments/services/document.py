"""The readout/1 document of one analysis, and the course that is drawn beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from engagement.accounts.queries import workspace
from engagement.core.clock import now
from engagement.customers.queries import ages
from experiments.choices import MetricRole
from experiments.health import checks
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.spans import feeds
from experiments.metrics.summarise import ExperimentSums, MetricSums, by_batch, by_group, stacked
from experiments.models import Experiment, Metric, Readout, Variant
from experiments.readouts import series, subgroups
from experiments.readouts.bandit import KINDS, BanditData, UnweighedData, bandit_data, described
from experiments.readouts.comparisons import Inputs, compare, has_stopped
from experiments.readouts.metric_data import MetricData, metric_data
from experiments.readouts.rule import Plan, Rule
from experiments.reports import wording
from experiments.services.counting import Counted, days, planned_decisions
from experiments.stats.bandits import FLOOR


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


def document(analysed: Analysed, *, is_sealed: bool) -> dict[str, Any]:
    """The whole readout; while sealed without any number of a metric, and without a look."""
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
        looks.append(_look(rule, analysed, compared[analysed.primary.key]))
    parts = [] if is_sealed else [_metric(metric, analysed, compared, groups) for metric in analysed.metrics]
    secondary = sum(metric.role == MetricRole.SECONDARY for metric in analysed.metrics)
    guarded = {m.key: compared[m.key] for m in analysed.metrics if m.role == MetricRole.GUARDRAIL}
    guardrails = [row for rows in guarded.values() for row in rows]
    if not analysed.is_over and (watched := _watched(guarded, variants)):
        health.append(watched)
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
        "bandit": None if is_sealed else _bandit(analysed),
        "decision_rule": wording.decision_rule(plan, len(variants) - 1, secondary),
        "recommendation": None
        if is_sealed
        else wording.recommendation(compared[analysed.primary.key], guardrails, variants),
    }


def _bandit(analysed: Analysed) -> dict[str, Any] | None:
    """What a bandit did and what its variants come to; while sealed its very shares would tell."""
    batches = analysed.counted.batches
    datas = {key: data for key, data in analysed.datas.items() if isinstance(data, BanditData)}
    if batches is None or not batches.every:
        return None
    primary = datas.pop(analysed.primary.key)
    variants = [variant.key for variant in analysed.variants]
    return described(primary, batches, floor=FLOOR, variants=variants, others=list(datas.values()))


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
                data = _grouped(analysed, metric, place, values, sums)
                groupings.append(subgroups.Grouping(metric.key, name, values, data))
    return subgroups.described(groupings, looks, variants=variants)


def _grouped(analysed: Analysed, metric: Metric, place: int, values: Sequence[str], sums: MetricSums) -> MetricData:
    """One metric by the values of a subgroup, shape (value, variant)."""
    definition, batches = metric.definition, analysed.counted.batches
    if batches is None:
        return metric_data(definition, sums)
    if definition.kind not in KINDS:
        return UnweighedData(definition, sums, metric_data(definition, sums))
    variants, found = [variant.key for variant in analysed.variants], analysed.counted.cells[metric.key]
    cells = [[cell for cell in found if cell.groups[place] == value] for value in values]
    return bandit_data(
        definition,
        everybody=sums,
        of_batches=lambda numbers: stacked([by_batch(part, variants, numbers) for part in cells]),
        batches=batches,
        as_of=analysed.as_of[metric.key],
        planned_decisions=planned_decisions(analysed.experiment),
    )


def drawn(analysed: Analysed) -> dict[str, Any]:
    """What `Readout.series` holds: each metric at the end of each day, rebuilt from today's data."""
    experiment = analysed.experiment
    courses = {
        definition.key: _course(analysed, definition, days(experiment.starts, analysed.as_of[definition.key]))
        for definition in (metric.definition for metric in analysed.metrics)
        if definition.key in analysed.counted.cells and experiment.starts is not None
    }
    curve = analysed.counted.curve
    told = {"curve": curve.as_json()} if curve else {}
    return {"metrics": {key: part for key, part in courses.items() if part["days"]}, **told}


def _course(analysed: Analysed, definition: MetricDefinition, over: Sequence[date]) -> dict[str, Any]:
    shares = {variant.key: variant.share for variant in analysed.variants}
    data, batches = analysed.datas[definition.key], analysed.counted.batches
    if isinstance(data, BanditData) and batches is not None:
        return series.batch_by_batch(data, batches, variants=list(shares), days=over)
    return series.daily(
        definition, analysed.counted.cells[definition.key], shares=shares, plan=analysed.plan, days=over
    )


def _rule(analysed: Analysed, plan: Plan, looks: Sequence[Mapping[str, Any]], *, is_sealed: bool) -> Rule:
    """The final look is taken when the experiment has ended and every window of the primary metric has closed.

    Sealed results take no look: nobody could read its decision.
    """
    matured = 0.0 if is_sealed else float(analysed.datas[analysed.primary.key].n.sum())
    return Rule.at(plan, matured=matured, is_over=analysed.is_over and matured > 0, taken=looks)


def _look(rule: Rule, analysed: Analysed, decided: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A look with the numbers it was judged by: written once, repeated by every later readout as it is.

    `bound`: how many standard errors of a normal its interval reaches; the interval itself is the metric's own kind.
    """
    look, metric = rule.looks[-1], analysed.primary
    alpha = float(rule.primary(analysed.datas[metric.key]).alpha[0])
    return {
        "look": look.number,
        "taken_at": _time(now()),
        "as_of": _time(analysed.as_of[metric.key]),
        "information": look.information,
        "is_final": look.is_final,
        "metric": metric.key,
        "bound": float(special.ndtri(1 - alpha / 2)),
        "comparisons": [
            {
                "variant": row["variant"],
                "control": row["control"],
                "estimate": row["absolute"]["estimate"],
                "se": row["absolute"]["se"],
                **{name: row["decision"][name] for name in ("low", "high", "p_value")},
                "verdict": row["verdict"],
            }
            for row in decided
        ],
    }


def _health(analysed: Analysed) -> list[checks.Check]:
    is_import = hasattr(analysed.experiment, "results_import")
    shares = [variant.share for variant in analysed.variants]
    exposed, counted = _expected(analysed)
    found = [
        checks.sample_ratio(analysed.sums, exposed, is_import=is_import),
        checks.contamination(analysed.sums),
        None if is_import else checks.maturity(analysed.datas[analysed.primary.key], analysed.sums, counted),
        checks.covariate_balance(list(analysed.datas.values())),
        None if analysed.is_over else checks.freshness(ages(feeds([m.definition for m in analysed.metrics]))),
        None if is_import else checks.late_events(analysed.counted.late),
        checks.duplicates(analysed.counted.repeated),
        checks.cap_loss(str(analysed.experiment.uid)),
        checks.underpowered(analysed.datas[analysed.primary.key], analysed.plan, shares),
    ]
    return [check for check in found if check is not None]


def _watched(guarded: Mapping[str, list[dict[str, Any]]], variants: Sequence[Variant]) -> checks.Check | None:
    """While it runs; at the end only the test against the margin counts."""
    rows = [(key, row) for key, rows in guarded.items() for row in rows if row["margin"]]
    harm = {(key, row["variant"]): row["margin"]["harm_e_value"] for key, row in rows}
    return checks.guardrails(harm, {variant.key: variant.name for variant in variants})


def _expected(analysed: Analysed) -> tuple[ArrayLike, ArrayLike]:
    """The shares that the exposed, and those of them who count, should show: as planned, or a bandit's batches."""
    planned, batches = [variant.share for variant in analysed.variants], analysed.counted.batches
    if batches is None or not batches.every:
        return planned, planned
    exposed = np.array([batch.customers for batch in batches.every], dtype=np.float64)
    cells = analysed.counted.cells[analysed.primary.key]
    sums = by_batch(cells, [variant.key for variant in analysed.variants], [batch.number for batch in batches.every])
    return batches.expected_shares(exposed), batches.expected_shares(sums.n.sum(axis=-1))


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
    is_money = definition.kind == "mean" and definition.sums_values
    unit = definition.unit or (workspace().currency if is_money else "")
    matured = [n / exposed if exposed else np.nan for n, exposed in zip(data.n, analysed.sums.customers, strict=True)]
    numbers = zip(analysed.variants, data.n, matured, data.mean, data.mean_uncapped, data.variance, strict=True)
    return {
        "key": metric.key,
        "kind": metric.kind,
        "role": metric.role,
        "direction": metric.direction,
        "unit": unit,
        "as_of": _time(analysed.as_of[metric.key]),
        "cap": definition.cap,
        "variants": [
            {
                "variant": variant.key,
                "n": int(n),
                **_known(matured_share=share, mean=mean, mean_uncapped=raw, variance=variance),
            }
            for variant, n, share, mean, raw, variance in numbers
        ],
        "comparisons": compared[metric.key],
        "subgroups": groups.get(metric.key, []),
    }


def _known(**values: float) -> dict[str, float | None]:
    return {name: float(value) if np.isfinite(value) else None for name, value in values.items()}


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None
