"""What stands beside the verdicts on the results page: guardrails with their bounds, money per customer, subgroups."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.utils.translation import gettext as _
from scipy import special

from engagement.core.figures import Group, Interval, forest
from engagement.core.templatetags.estimates import written_estimate
from engagement.customers.reports import STATE_LABELS
from experiments.choices import MetricKind, MetricRole
from experiments.metrics.definition import SHARES
from experiments.metrics.exposed import OTHER, STATE, UNKNOWN
from experiments.models import Metric, Variant
from experiments.reports.effects import Effect, effect
from experiments.reports.sentences import listed
from experiments.reports.wording import metric_name

LEVEL_Z = float(special.ndtri(0.975))
CURRENCY = re.compile(r"[A-Z]{3}\Z")
ASIDE = (MetricRole.GUARDRAIL, MetricRole.DIAGNOSTIC)
SURE_OF_HARM = 20.0  # an e-value from which harm is as good as shown: false in at most one of twenty


@dataclass(frozen=True, slots=True)
class Guarded:
    """One treatment on one guardrail, in the unit its bound was set in: lift in %, or the metric's own."""

    metric: str
    variant: str
    place: int
    value: float
    low: float
    high: float
    bound: float
    worst: float
    unit: str
    passed: bool
    is_harm_shown: bool

    @property
    def bound_text(self) -> str:
        written = written_estimate(self.bound, self.bound, self.bound, self.unit)
        return written.value if written else ""

    @property
    def words(self) -> str:
        if self.passed:
            return _("within bound")
        return _("harm shown") if self.is_harm_shown else _("not shown to be within bound")


def guardrails(document: dict[str, Any], metrics: Sequence[Metric], variants: Sequence[Variant]) -> list[Guarded]:
    """Every guardrail's comparison that can be judged, in the order of the document."""
    known, named = {m.key: m.definition for m in metrics}, {v.key: v for v in variants}
    found = []
    for part in document["metrics"]:
        if part["role"] != MetricRole.GUARDRAIL or part["key"] not in known:
            continue
        is_relative = known[part["key"]].margin is not None
        for comparison in part["comparisons"]:
            shown = effect(part, comparison)
            if comparison["margin"] and shown.has_interval and comparison["margin"]["bound"] is not None:
                found.append(_guarded(shown, comparison["margin"], named[comparison["variant"]], is_relative))
    return found


def _guarded(shown: Effect, margin: Mapping[str, Any], variant: Variant, is_relative: bool) -> Guarded:
    if is_relative and None not in (shown.lift, shown.lift_low, shown.lift_high):
        numbers, unit = [100.0 * (part or 0.0) for part in (shown.lift, shown.lift_low, shown.lift_high)], "%"
        ends = [100.0 * math.expm1(margin[name]) for name in ("bound", "low")]
    else:
        numbers = [shown.scale * (part or 0.0) for part in (shown.estimate, shown.low, shown.high)]
        unit, ends = shown.shown_unit, [shown.scale * margin[name] for name in ("bound", "low")]
    value, low, high = numbers
    return Guarded(
        metric=shown.metric_name, variant=variant.name, place=variant.position, value=value, low=low, high=high,
        bound=ends[0], worst=ends[1], unit=unit, passed=margin["passed"],
        is_harm_shown=(margin["harm_e_value"] or 0.0) >= SURE_OF_HARM,
    )  # fmt: skip


def guardrail_title(rows: Sequence[Guarded]) -> str:
    broken = [row for row in rows if not row.passed]
    if not broken:
        return _("No treatment does harm beyond the bounds")
    named = listed(
        sorted({_("%(variant)s on %(metric)s") % {"variant": r.variant, "metric": r.metric} for r in broken})
    )
    return _("Not shown to be within bound: %(named)s") % {"named": named}


def guardrail_figures(rows: Sequence[Guarded]) -> list[dict[str, Any]]:
    """One a unit: differences with their interval; shaded is the harm that the plan still bears."""
    units = dict.fromkeys(row.unit for row in rows)
    return [_guardrail_figure([row for row in rows if row.unit == unit], unit) for unit in units]


def _guardrail_figure(rows: Sequence[Guarded], unit: str) -> dict[str, Any]:
    groups = []
    for metric in dict.fromkeys(row.metric for row in rows):
        own = [row for row in rows if row.metric == metric]
        title = _("%(metric)s, bound %(bound)s") % {"metric": metric, "bound": own[0].bound_text}
        band = (min(0.0, own[0].bound), max(0.0, own[0].bound))
        groups.append(Group(title, [_line(row) for row in own], band))
    return forest(groups, unit=unit, columns=(_("Difference and interval"), _("Guardrail")))


def _line(row: Guarded) -> Interval:
    written = written_estimate(row.value, row.low, row.high, row.unit)
    return Interval(
        row.variant, row.value, row.low, row.high, row.place,
        value_words=written.value if written else "", interval_words=written.interval if written else "",
        verdict=row.words,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mean:
    """What one variant brought per customer, with a 95% interval of its own."""

    metric: str
    variant: str
    place: int
    customers: int
    value: float
    low: float
    high: float
    uncapped: float | None
    unit: str


def amounts(document: dict[str, Any], variants: Sequence[Variant]) -> list[Mean]:
    """Per metric of money and variant the amount per customer, buyers or not; only where effects are shown."""
    named = {variant.key: variant for variant in variants}
    found = []
    for part in document["metrics"]:
        is_amount = part["kind"] == MetricKind.MEAN and CURRENCY.match(part["unit"]) and part["role"] not in ASIDE
        if not is_amount or not any(effect(part, row).has_interval for row in part["comparisons"]):
            continue
        found += [_amount(part, row, named[row["variant"]]) for row in part["variants"] if _is_known(row)]
    return found


def _is_known(row: Mapping[str, Any]) -> bool:
    return row["n"] > 1 and row["mean"] is not None and row["variance"] is not None


def _amount(part: Mapping[str, Any], row: Mapping[str, Any], variant: Variant) -> Mean:
    half = LEVEL_Z * float(np.sqrt(row["variance"] / row["n"]))
    uncapped = row["mean_uncapped"] if part["cap"] is not None else None
    return Mean(
        metric_name(part["key"]), variant.name, variant.position, row["n"], row["mean"], row["mean"] - half,
        row["mean"] + half, uncapped, part["unit"],
    )  # fmt: skip


def amount_figures(rows: Sequence[Mean]) -> list[tuple[str, dict[str, Any]]]:
    """(metric, figure) for each metric of money: the variants under each other, no zero line, for these are levels."""
    found = []
    for metric in dict.fromkeys(row.metric for row in rows):
        lines = [_level(row) for row in rows if row.metric == metric]
        unit = next(row.unit for row in rows if row.metric == metric)
        found.append((metric, forest([Group("", lines)], unit=unit, zero=None, columns=(_("Per customer"), ""))))
    return found


def _level(row: Mean) -> Interval:
    written = written_estimate(row.value, row.low, row.high, row.unit, level=True)
    return Interval(
        row.variant, row.value, row.low, row.high, row.place,
        value_words=written.value if written else "", interval_words=written.interval if written else "",
    )  # fmt: skip


def amount_sentence(part: dict[str, Any] | None, variants: Sequence[Variant]) -> str:
    """What the clearest treatment brings more or less than control, with the range; empty where nothing is shown."""
    if part is None:
        return ""
    shown = [effect(part, row) for row in part["comparisons"]]
    chosen = max((one for one in shown if one.has_interval), key=lambda one: abs(one.estimate or 0), default=None)
    if chosen is None:
        return ""
    name = next(variant.name for variant in variants if variant.key == chosen.variant)
    written = written_estimate(chosen.estimate, chosen.low, chosen.high, chosen.unit)
    if written is None:
        return ""
    words = _("%(name)s brings %(value)s per customer against control, anywhere from %(interval)s")
    return words % {"name": name, "value": written.value, "interval": written.interval}


@dataclass(frozen=True, slots=True)
class SubgroupRow:
    """One value of a declared subgroup and treatment; no verdict: a claim needs the test that effects differ."""

    value: str
    label: str
    variant: str
    place: int
    customers: int
    estimate: float | None
    low: float | None
    high: float | None
    unit: str
    scale: int

    @property
    def shown(self) -> tuple[float | None, float | None, float | None]:
        """Estimate and interval in the unit that is shown: shares in percentage points."""
        known = (None if part is None else self.scale * part for part in (self.estimate, self.low, self.high))
        estimate, low, high = known
        return estimate, low, high


@dataclass(frozen=True, slots=True)
class Subgroup:
    """One declared subgroup of the primary metric, with the sentence that says whether effects differ at all."""

    name: str
    metric: str
    sentence: str
    rows: list[SubgroupRow]

    @property
    def figure(self) -> dict[str, Any]:
        """Differences against control, a group per value; with one treatment a line per value."""
        labels = dict.fromkeys(row.label for row in self.rows)
        if len(self.treatments) == 1:
            groups = [Group("", [_subgroup_line(row, row.label) for row in self.rows])]
        else:
            groups = [
                Group(label, [_subgroup_line(row, row.variant) for row in self.rows if row.label == label])
                for label in labels
            ]
        return forest(groups, unit=self.rows[0].unit, columns=(_("Difference and interval"), _("Customers")))

    @property
    def treatments(self) -> list[tuple[int, str]]:
        """Place and name of each, for the key."""
        return sorted({(row.place, row.variant) for row in self.rows})


def _subgroup_line(row: SubgroupRow, label: str) -> Interval:
    written = written_estimate(row.estimate, row.low, row.high, row.unit, row.scale)
    value, low, high = row.shown if row.low is not None and row.high is not None else (None, None, None)
    return Interval(
        label, value, low, high, row.place, value_words=written.value if written else "–",
        interval_words=written.interval if written else "", verdict=f"{row.customers:,}",
    )  # fmt: skip


def subgroups(document: dict[str, Any], variants: Sequence[Variant]) -> list[Subgroup]:
    """Those of the primary metric; empty while sealed or before the plan is reached."""
    part = next((one for one in document["metrics"] if one["role"] == MetricRole.PRIMARY), None)
    if part is None or not any(effect(part, row).has_interval for row in part["comparisons"]):
        return []
    named = {variant.key: variant for variant in variants}
    return [_subgroup(part, one, named) for one in part["subgroups"] if one["values"]]


def _subgroup(part: Mapping[str, Any], one: Mapping[str, Any], named: Mapping[str, Variant]) -> Subgroup:
    is_share = part["kind"] in SHARES
    unit, scale = ("pp", 100) if is_share else (part["unit"], 1)
    labels = dict(_value_labels(one["name"], [value["value"] for value in one["values"]]))
    rows = []
    for value in sorted(one["values"], key=lambda value: list(labels).index(value["value"])):
        customers = sum(row["n"] for row in value["variants"])
        for comparison in value["comparisons"]:
            decision, variant = comparison["decision"] or {"low": None, "high": None}, named[comparison["variant"]]
            place = (value["value"], labels[value["value"]], variant.name, variant.position, customers)
            limits = (comparison["absolute"]["estimate"], decision["low"], decision["high"])
            rows.append(SubgroupRow(*place, *limits, unit, scale))
    name = _("customer state") if one["name"] == STATE else metric_name(one["name"])
    return Subgroup(name, metric_name(part["key"]), _heterogeneity(one, named), rows)


def _value_labels(name: str, values: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each value with what it is called: states from power to low, the rest and what nobody knew at the end."""
    own = {state.value: str(label) for state, label in STATE_LABELS.items()} if name == STATE else {}
    last = {OTHER: _("All others"), UNKNOWN: _("Not known")}
    middle = [value for value in values if value not in own and value not in last]
    for value in (*own, *middle, *last):
        if value in values:
            yield value, {**own, **last}.get(value, value)


def _heterogeneity(one: Mapping[str, Any], named: Mapping[str, Variant]) -> str:
    differing = [named[test["variant"]].name for test in one["heterogeneity"] if test["differs"]]
    if differing:
        return _("The effect of %(names)s differs between them.") % {"names": listed(differing)}
    if all(test["differs"] is None for test in one["heterogeneity"]):
        return _("Whether the effects differ cannot be told yet.")
    return _("That the effects differ is not shown: read no single one as a finding.")


GUARDRAIL_HEADER = ("metric", "variant", "difference", "low", "high", "bound", "worst_allowed", "unit", "passed")
AMOUNT_HEADER = ("metric", "variant", "customers", "per_customer", "low", "high", "uncapped", "unit")
SUBGROUP_HEADER = ("subgroup", "value", "variant", "customers", "difference", "low", "high", "unit")


def guardrail_rows(rows: Sequence[Guarded]) -> list[tuple[Any, ...]]:
    return [(r.metric, r.variant, r.value, r.low, r.high, r.bound, r.worst, r.unit, r.passed) for r in rows]


def amount_rows(rows: Sequence[Mean]) -> list[tuple[Any, ...]]:
    return [(r.metric, r.variant, r.customers, r.value, r.low, r.high, r.uncapped, r.unit) for r in rows]


def subgroup_rows(found: Sequence[Subgroup]) -> list[tuple[Any, ...]]:
    """Shares in percentage points, as the page has them."""
    return [(one.name, r.value, r.variant, r.customers, *r.shown, r.unit) for one in found for r in one.rows]
