"""A readout document as its page, figure, table and CSV show it: metric by metric, the primary one first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engagement.core.templatetags.formats import number, percent
from experiments import stats
from experiments.choices import CHECK_LABELS, HEALTH_LABELS, MetricRole
from experiments.metrics.definition import SHARES
from experiments.models import Variant
from experiments.reports.effects import Effect, effect
from experiments.reports.sentences import effect_sentence, verdict_sentence


@dataclass(frozen=True, slots=True)
class Treated:
    """One variant other than control, on one metric. `place` is its position in the experiment, for its mark.

    `customers` counts those whose window has closed, of all who were `exposed`.
    """

    name: str
    place: int
    exposed: int
    customers: int
    mean: float | None
    mean_text: str
    effect: Effect
    sentence: str
    is_approximate: bool


@dataclass(frozen=True, slots=True)
class MetricResult:
    """One metric: what control did, and each treatment against it."""

    key: str
    role: str
    role_label: str
    kind: str
    unit: str
    direction: str
    control_name: str
    control_customers: int
    control_mean: float | None
    control_text: str
    treated: Sequence[Treated]

    @property
    def customers(self) -> int:
        return self.control_customers + sum(row.customers for row in self.treated)

    @property
    def is_primary(self) -> bool:
        return self.role == MetricRole.PRIMARY

    @property
    def verdict_sentence(self) -> str:
        return verdict_sentence({row.name: row.effect.verdict for row in self.treated})

    @property
    def has_effects(self) -> bool:
        return any(row.effect.has_interval for row in self.treated)


def metric_results(document: dict[str, Any], variants: Sequence[Variant]) -> list[MetricResult]:
    """Every metric of the document, primary first, with the variants' names as they are now."""
    by_key = {variant.key: variant for variant in variants}
    exposed = {row["key"]: row["customers"] for row in document["variants"]}
    parts = sorted(document["metrics"], key=lambda part: part["role"] != MetricRole.PRIMARY)
    return [_metric(part, by_key, exposed) for part in parts]


def _metric(part: dict[str, Any], variants: Mapping[str, Variant], exposed: Mapping[str, int]) -> MetricResult:
    rows = {row["variant"]: row for row in part["variants"]}
    control = part["variants"][0]
    control_name = variants[control["variant"]].name
    treated = [
        _treated(part, comparison, rows[comparison["variant"]], variants[comparison["variant"]], exposed, control_name)
        for comparison in part["comparisons"]
    ]
    # Means beside each other are an effect: where none may be shown they stay away too.
    control_mean = control["mean"] if any(row.effect.estimate is not None for row in treated) else None
    return MetricResult(
        key=part["key"],
        role=part["role"],
        role_label=str(MetricRole(part["role"]).label),
        kind=part["kind"],
        unit=part["unit"],
        direction=part["direction"],
        control_name=control_name,
        control_customers=control["n"],
        control_mean=control_mean,
        control_text=mean_text(part, control_mean),
        treated=treated,
    )


def _treated(
    part: dict[str, Any],
    comparison: dict[str, Any],
    row: dict[str, Any],
    variant: Variant,
    exposed: Mapping[str, int],
    control: str,
) -> Treated:
    found = effect(part, comparison)
    mean = row["mean"] if found.estimate is not None else None
    return Treated(
        name=variant.name,
        place=variant.position,
        exposed=exposed[variant.key],
        customers=row["n"],
        mean=mean,
        mean_text=mean_text(part, mean),
        effect=found,
        sentence=effect_sentence(found, control=control, status=comparison["status"]),
        is_approximate=found.has_interval and comparison["status"] == stats.Status.APPROXIMATION_WEAK,
    )


def mean_text(part: dict[str, Any], mean: float | None) -> str:
    """What one variant did: a share in percent, an amount in its unit."""
    if mean is None or part["kind"] in SHARES:
        return percent(mean)
    return f"{number(mean)}\N{NO-BREAK SPACE}{part['unit']}".rstrip()


@dataclass(frozen=True, slots=True)
class HealthItem:
    """One check as the page lists it."""

    title: str
    status: str
    word: str
    message: str


def health_items(document: dict[str, Any]) -> list[HealthItem]:
    return [
        HealthItem(
            title=str(CHECK_LABELS.get(check["check"], check["check"])),
            status=check["status"],
            word=str(HEALTH_LABELS[check["status"]]),
            message=check["message"],
        )
        for check in document["health"]
    ]


TABLE_HEADER = (
    "metric", "role", "variant", "control", "customers", "control_customers", "mean", "control_mean", "unit",
    "difference", "difference_low", "difference_high", "lift", "lift_low", "lift_high", "verdict",
)  # fmt: skip


def table_rows(results: Sequence[MetricResult]) -> list[tuple[Any, ...]]:
    """One row per metric and treatment under `TABLE_HEADER`: plain numbers, empty where none may be shown."""
    return [
        (
            metric.key, metric.role, row.name, metric.control_name, row.customers, metric.control_customers, row.mean,
            metric.control_mean, metric.unit, row.effect.estimate, row.effect.low, row.effect.high, row.effect.lift,
            row.effect.lift_low, row.effect.lift_high, row.effect.verdict,
        )
        for metric in results
        for row in metric.treated
    ]  # fmt: skip
