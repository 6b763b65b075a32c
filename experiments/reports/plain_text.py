"""A readout as lines for a terminal."""

from collections.abc import Sequence
from typing import Any

from engagement.core.templatetags.formats import number, percent, signed, signed_percent
from experiments.metrics.definition import SHARES
from experiments.reports.effects import Effect, effect
from experiments.reports.wording import metric_name


def readout_text(document: dict[str, Any]) -> str:
    """The document's health, and per metric and treatment its verdict with the effect and interval it rests on."""
    head = document["experiment"]
    lines = [f"{head['name']} ({head['key']}), as of {document['as_of']}", ""]
    lines += [f"{check['status']:5} {check['check']}: {check['message']}" for check in document["health"]]
    for metric in document["metrics"]:
        lines += ["", f"{metric_name(metric['key'])} ({metric['role']}, {metric['kind']})"]
        control = metric["variants"][0]["variant"]
        effects = [effect(metric, comparison) for comparison in metric["comparisons"]]
        lines += [f"  {line}" for line in _variants(metric, effects)]
        lines += [f"  {_comparison(control, one)}" for one in effects]
    advice = document["recommendation"]
    lines += ["", document["decision_rule"]] + ([advice["reason"]] if advice else [])
    return "\n".join(lines)


def _variants(metric: dict[str, Any], effects: Sequence[Effect]) -> list[str]:
    """What each variant did; only how many customers it had where no effect may be shown, since means would tell it."""
    shown = {one.variant for one in effects if one.estimate is not None}
    control = metric["variants"][0]["variant"]
    return [
        _variant(metric, row, is_shown=row["variant"] in shown or (bool(shown) and row["variant"] == control))
        for row in metric["variants"]
    ]


def _variant(metric: dict[str, Any], row: dict[str, Any], *, is_shown: bool) -> str:
    if not is_shown:
        return f"{row['variant']}: {row['n']:,} customers"
    mean = percent(row["mean"]) if metric["kind"] in SHARES else number(row["mean"])
    return f"{row['variant']}: {mean} of {row['n']:,} customers"


def _comparison(control: str, found: Effect) -> str:
    head = f"{found.variant} against {control}"
    if found.estimate is None:
        return f"{head}: {found.verdict}"
    absolute = f"{signed(found.estimate)} ({signed(found.low)} to {signed(found.high)})"
    relative = f"{signed_percent(found.lift)} ({signed_percent(found.lift_low)} to {signed_percent(found.lift_high)})"
    return f"{head}: {absolute}, lift {relative}: {found.verdict}"
