"""What the shipped changes are worth in a quarter, in money, with its range."""

from collections.abc import Iterable
from typing import Any

from experiments.choices import DecisionKind, MetricKind
from experiments.models import Decision


def money(decisions: Iterable[Decision], *, all_customers: int) -> list[dict[str, Any]]:
    """Per shipped variant with an amount per customer: the difference times the customers it reaches in a quarter.

    The interval is the metric's own, not shrunk: of one change alone there is nothing to shrink it by but its peers.
    Customers: as the idea said, at least those measured, at most all there are. Largest first.
    """
    rows = [row for decision in decisions if (row := _worth(decision, all_customers))]
    return sorted(rows, key=lambda row: -abs(row["value"]))


def _worth(decision: Decision, all_customers: int) -> dict[str, Any] | None:
    if decision.kind != DecisionKind.SHIP or decision.variant is None:
        return None
    metrics = decision.readout.document["metrics"]
    amounts = [m for m in metrics if m["kind"] == MetricKind.MEAN and m["unit"]]
    for metric in sorted(amounts, key=lambda m: m["role"] != "primary"):
        for comparison in metric["comparisons"]:
            absolute = comparison["absolute"]
            if comparison["variant"] == decision.variant.key and None not in absolute.values():
                reach = _customers(decision, metric, all_customers)
                return {
                    "experiment": decision.experiment.key, "metric": metric["key"], "unit": metric["unit"],
                    "customers": reach, "value": reach * absolute["estimate"], "low": reach * absolute["low"],
                    "high": reach * absolute["high"],
                }  # fmt: skip
    return None


def _customers(decision: Decision, metric: dict[str, Any], all_customers: int) -> int:
    idea = decision.experiment.idea
    measured: int = sum(row["n"] for row in metric["variants"])
    expected = max((idea.expected_audience or 0) if idea else 0, measured)
    return min(expected, all_customers) if all_customers else expected
