"""A readout as lines for a terminal."""

from typing import Any

from engagement.core.templatetags.formats import number, percent, signed, signed_percent
from experiments.metrics.definition import SHARES


def readout_text(document: dict[str, Any]) -> str:
    """The document's health, and per metric and treatment its effect with interval and verdict."""
    head = document["experiment"]
    lines = [f"{head['name']} ({head['key']}), as of {document['as_of']}", ""]
    lines += [f"{check['status']:5} {check['check']}: {check['message']}" for check in document["health"]]
    for metric in document["metrics"]:
        lines += ["", f"{metric['key']} ({metric['role']}, {metric['kind']})"]
        lines += [f"  {_variant(metric, row)}" for row in metric["variants"]]
        lines += [f"  {_comparison(row)}" for row in metric["comparisons"]]
    advice = document["recommendation"]
    lines += ["", document["decision_rule"]] + ([advice["reason"]] if advice else [])
    return "\n".join(lines)


def _variant(metric: dict[str, Any], row: dict[str, Any]) -> str:
    mean = percent(row["mean"]) if metric["kind"] in SHARES else number(row["mean"])
    return f"{row['variant']}: {mean} of {row['n']:,} customers"


def _comparison(row: dict[str, Any]) -> str:
    effect, lift = row["absolute"], row["lift"]
    absolute = f"{signed(effect['estimate'])} ({signed(effect['low'])} to {signed(effect['high'])})"
    relative = f"{signed_percent(lift['estimate'])} ({signed_percent(lift['low'])} to {signed_percent(lift['high'])})"
    return f"{row['variant']} against {row['control']}: {absolute}, lift {relative}: {row['verdict']}"
