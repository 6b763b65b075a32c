"""The registry as its page shows it: trees under goals, orphans flagged, each metric with where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from experiments.metrics.definition import BURST, DAY_S
from experiments.models import MetricLevel, RegisteredMetric


@dataclass(slots=True)
class Node:
    """A metric with those that serve it."""

    metric: RegisteredMetric
    level: "Level | None"
    children: "list[Node]" = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Level:
    """Where a metric stands: the numbers as an estimate component takes them."""

    value: float
    low: float | None
    high: float | None
    unit: str
    scale: int
    customers: int
    as_of: Any


def level(metric: RegisteredMetric, found: MetricLevel | None) -> Level | None:
    if found is None:
        return None
    is_share = metric.definition.is_share
    unit = "%" if is_share else metric.definition.unit
    return Level(found.mean, found.low, found.high, unit, 100 if is_share else 1, found.customers, found.as_of)


def tree(metrics: Sequence[RegisteredMetric], levels: Mapping[int, MetricLevel]) -> dict[str, list[Node]]:
    """`goals` with all that hangs on them, `orphans` with all that hangs on those, `mechanics`; every metric once."""
    nodes = {one.pk: Node(one, level(one, levels.get(one.pk))) for one in metrics}
    goals, orphans, mechanics = [], [], []
    for node in nodes.values():
        above = nodes.get(node.metric.serves_id or 0)
        if above is not None:
            above.children.append(node)
        elif node.metric.is_top:
            goals.append(node)
        elif node.metric.is_diagnostic:
            mechanics.append(node)
        else:
            orphans.append(node)
    return {"goals": goals, "orphans": orphans, "mechanics": mechanics}


def facts(metric: RegisteredMetric) -> list[tuple[str, str]]:
    """The definition, a fact a line."""
    definition = metric.definition
    sides = [(_("Numerator"), definition.numerator), (_("Denominator"), definition.denominator)]
    found = [
        (_("Kind"), str(metric.get_kind_display())),
        (_("Event"), definition.event),
        *((label, _side(side)) for label, side in sides if side is not None),
        (_("Window"), _window(definition.from_s, definition.window_s)),
        (_("At least"), _("%(count)d times") % {"count": definition.threshold} if definition.threshold > 1 else ""),
        (_("Only where"), ", ".join(f"{name} = {value}" for name, value in definition.filter.items())),
        (_("Counted"), _("how often, not how much") if definition.counted else ""),
        (_("Cap"), f"{definition.cap:g}" if definition.cap else ""),
        (_("Left out"), _("%(count)d or more in one second") % {"count": BURST} if definition.without_bursts else ""),
        (_("Unit"), definition.unit),
        (_("Direction"), str(metric.get_direction_display())),
        (_("Group"), str(metric.get_group_display()) if metric.group else ""),
        (_("Version"), f"{metric.version}"),
    ]
    return [(label, value) for label, value in found if value]


def _side(side: Any) -> str:
    what = _("sum of %(event)s") if side.value else _("number of %(event)s")
    told = what % {"event": side.event}
    bands = "; ".join(f"{low:g}–{high:g}: {points:+g}" for low, high, points in side.bands)
    return f"{told} ({bands})" if bands else told


def _window(from_s: int, window_s: int | None) -> str:
    if window_s is None:
        return _("no end: a running total")
    if not from_s:
        return _("%(days)g days after the exposure") % {"days": window_s / DAY_S}
    return _("day %(first)g to before day %(last)g") % {"first": from_s / DAY_S, "last": window_s / DAY_S}
