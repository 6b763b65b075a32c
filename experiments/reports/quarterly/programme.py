"""What the decided experiments of a quarter are worth together: four readings of one sum, for each metric.

`statistics.md` of the design, section 11: every decided experiment of the metric teaches the prior, shipped or not;
only what was shipped is summed, each weighted by the share of all customers it reaches.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from experiments import stats
from experiments.choices import DecisionKind
from experiments.models import Decision
from experiments.stats.programme import ClosedExperiments, QuarterTotals, TotalEffect, quarter_totals, shrunk_total

ALPHA = 0.1
ROWS = ("naive", "bias_corrected", "shrunk", "holdout")


@dataclass(frozen=True, slots=True)
class MeasuredLift:
    """One closed, valid comparison on the log-lift scale, with what it takes to add it to others."""

    metric: str
    direction: str
    estimate: float
    se: float
    shipped: bool
    reach: float
    customers: int


def measured_lifts(decisions: Iterable[Decision], *, all_customers: int) -> dict[str, list[MeasuredLift]]:
    """Per primary metric the lift of each treatment; invalid results and lifts without an interval are left out.

    Of an experiment with several treatments the shipped one counts, else the one with the highest lift: it is the one
    that would have been shipped, so that the prior is not taught by losers alone.
    """
    found: dict[str, list[MeasuredLift]] = defaultdict(list)
    for decision in decisions:
        lift = _measured(decision, all_customers)
        if lift is not None:
            found[lift.metric].append(lift)
    return dict(found)


def _measured(decision: Decision, all_customers: int) -> MeasuredLift | None:
    document = decision.readout.document
    metric = next((part for part in document["metrics"] if part["role"] == "primary"), None)
    if metric is None:
        return None
    usable = {c["variant"]: c for c in metric["comparisons"] if _log_lift(c, document["level"]) is not None}
    usable = {name: c for name, c in usable.items() if c["verdict"] != stats.Verdict.INVALID}
    shipped = decision.variant.key if decision.variant else None
    chosen = usable.get(shipped or "") or max(usable.values(), key=_height(metric["direction"]), default=None)
    if chosen is None:
        return None
    estimate, se = _log_lift(chosen, document["level"]) or (0.0, 1.0)
    customers = sum(row["n"] for row in metric["variants"])
    return MeasuredLift(
        metric=metric["key"], direction=metric["direction"], estimate=estimate, se=se,
        shipped=decision.kind == DecisionKind.SHIP and chosen["variant"] == shipped,
        reach=_reach(decision, customers, all_customers), customers=customers,
    )  # fmt: skip


def _height(direction: str) -> Any:
    sign = -1.0 if direction == "down" else 1.0
    return lambda comparison: sign * comparison["lift"]["estimate"]


def _log_lift(comparison: Mapping[str, Any], level: float) -> tuple[float, float] | None:
    """Estimate and standard error of log(1 + lift), from the fixed-horizon interval; None where there is none."""
    ends = [comparison["lift"][name] for name in ("estimate", "low", "high")]
    if any(end is None or end <= -1 for end in ends):
        return None
    estimate, low, high = (math.log1p(end) for end in ends)
    se = (high - low) / (2.0 * float(special.ndtri(0.5 + level / 2.0)))
    return (estimate, se) if se > 0 and math.isfinite(se) else None


def _reach(decision: Decision, customers: int, all_customers: int) -> float:
    """The share of all customers whom the change meets in a quarter: as the idea said, at least those measured."""
    idea = decision.experiment.idea
    expected = (idea.expected_audience or 0) if idea else 0
    return min(1.0, max(expected, customers) / all_customers) if all_customers else 1.0


def totals(lifts: list[MeasuredLift], *, seed: int, holdout: TotalEffect | None = None) -> QuarterTotals:
    """The four readings of one metric, signed so that up is good: what was shipped was picked for lying there."""
    return quarter_totals(_closed(lifts), rng=np.random.default_rng(seed), alpha=ALPHA, holdout=holdout)


def _closed(lifts: list[MeasuredLift]) -> ClosedExperiments:
    return ClosedExperiments(
        estimates=_sign(lifts) * np.array([lift.estimate for lift in lifts]),
        se=np.array([lift.se for lift in lifts]),
        shipped=np.array([lift.shipped for lift in lifts]),
        reach=np.array([lift.reach for lift in lifts]),
    )


def shrunk_lift(lifts: list[MeasuredLift]) -> dict[str, float] | None:
    """The shrunk sum alone, as a lift of the metric itself with its limits; None where nothing was shipped."""
    if not any(lift.shipped for lift in lifts):
        return None
    total = shrunk_total(_closed(lifts), rng=np.random.default_rng(len(lifts)), alpha=ALPHA)
    return _row(total, _sign(lifts))


def programme(
    found: Mapping[str, list[MeasuredLift]], *, holdouts: Mapping[str, TotalEffect], goals: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Per metric of `measured_lifts` its four rows, JSON-ready, the metric with most experiments first.

    holdouts: what a holdout measured, by metric. goals: the lift the quarter was to bring, by metric. The headline is
    the holdout where its interval is narrower than the goal (rule C2.2), else the shrunk sum.
    """
    order = sorted(found, key=lambda metric: (-len(found[metric]), metric))
    return [_entry(metric, found[metric], holdouts.get(metric), goals.get(metric)) for metric in order]


def _entry(metric: str, lifts: list[MeasuredLift], holdout: TotalEffect | None, goal: float | None) -> dict[str, Any]:
    sums = totals(lifts, seed=len(lifts), holdout=holdout)
    leads = bool(holdout and goal and sums.headline(goal) is sums.holdout)
    power = holdout_power(holdout, goal) if holdout and goal else None
    sign = {"holdout": 1.0}
    rows = {name: _row(reading, sign.get(name, _sign(lifts))) for name in ROWS if (reading := getattr(sums, name))}
    return {
        "metric": metric,
        "direction": lifts[0].direction,
        "experiments": len(lifts),
        "shipped": sum(lift.shipped for lift in lifts),
        "customers": sum(lift.customers for lift in lifts),
        "level": 1 - ALPHA,
        "goal": goal,
        "holdout_power": power,
        "rows": {name: rows.get(name) for name in ROWS},
        "headline": "holdout" if leads else "shrunk",
        "notes": list(sums.shrunk.notes),
    }


def holdout_power(holdout: TotalEffect, goal: float) -> float:
    """The chance that this holdout, at the level of its interval, shows a lift as large as the goal to be above 0."""
    z = float(special.ndtri(1.0 - ALPHA / 2.0))
    drift = math.log1p(goal) * 2.0 * z / (holdout.high - holdout.low)
    return float(special.ndtr(drift - z))


def _sign(lifts: list[MeasuredLift]) -> float:
    return -1.0 if lifts[0].direction == "down" else 1.0


def _row(total: TotalEffect, sign: float) -> dict[str, float]:
    """As lifts of the metric itself: fewer stays below zero."""
    ends = sorted((math.expm1(sign * total.low), math.expm1(sign * total.high)))
    return {"lift": math.expm1(sign * total.estimate), "low": ends[0], "high": ends[1]}
