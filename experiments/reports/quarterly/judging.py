"""How well confidence ratings foretell what works: counts always, a grade from twenty outcomes on."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backlog.models import RoundIdea
from experiments import stats
from experiments.models import Decision
from experiments.reports.quarterly.programme import MeasuredLift, measured_lifts
from experiments.stats.programme import calibration, stated_probability
from experiments.stats.programme.forecasts import FEWEST_CLOSED

BINS = ((1, 3), (4, 6), (7, 8), (9, 10))
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Rated:
    """A confidence rating, and whether what it was given to worked."""

    rating: float
    is_better: bool


@dataclass(frozen=True, slots=True)
class Outcome(Rated):
    """A closed, valid experiment whose idea was scored: what was stated, and what became of it."""

    experiment: str
    ice: float
    chance: float
    lift: float


def outcomes(decisions: Iterable[Decision]) -> list[Outcome]:
    """In the order of the decisions. The rating is the median of the idea's last closed round before its decision.

    `chance`: that the true effect lies on the good side, under the prior that all experiments of its metric teach.
    """
    listed = list(decisions)
    scored = _scores(listed)
    believed = _chances(listed)
    return [
        Outcome(
            experiment=decision.experiment.key, rating=float(scored[decision.pk].confidence_median or 0),
            ice=float(scored[decision.pk].ice or 0), is_better=is_better(decision.readout.document),
            chance=believed[decision.pk][0], lift=believed[decision.pk][1],
        )
        for decision in listed if decision.pk in scored and decision.pk in believed
    ]  # fmt: skip


def judging(found: list[Outcome]) -> dict[str, Any]:
    """JSON-ready: bins with counts and intervals, the grade where there are enough, the best surprise."""
    enough = len(found) >= FEWEST_CLOSED
    return {
        "outcomes": len(found),
        "fewest": FEWEST_CLOSED,
        "bins": bins(found),
        "grade": _grade(found) if enough else None,
        "surprise": _surprise(found),
    }


def _scores(decisions: list[Decision]) -> dict[int, RoundIdea]:
    ideas = {decision.experiment.idea_id for decision in decisions if decision.experiment.idea_id}
    places = RoundIdea.objects.filter(idea__in=ideas, confidence_median__isnull=False).select_related("round")
    by_idea: dict[int, list[RoundIdea]] = {}
    for place in places.order_by("round__closed_at"):
        by_idea.setdefault(place.idea_id, []).append(place)
    found = {}
    for decision in decisions:
        before = [p for p in by_idea.get(decision.experiment.idea_id or 0, []) if _closed_before(p, decision)]
        if before:
            found[decision.pk] = before[-1]
    return found


def _closed_before(place: RoundIdea, decision: Decision) -> bool:
    return place.round.closed_at is not None and place.round.closed_at <= decision.decided_at


def _chances(decisions: list[Decision]) -> dict[int, tuple[float, float]]:
    """Per decision the chance of a true effect on the good side, and the measured lift, signed so that up is good."""
    by_metric: dict[str, list[tuple[int, MeasuredLift]]] = {}
    for decision in decisions:
        for lifts in measured_lifts([decision], all_customers=0).values():
            by_metric.setdefault(lifts[0].metric, []).append((decision.pk, lifts[0]))
    found = {}
    for pairs in by_metric.values():
        sign = np.array([-1.0 if lift.direction == "down" else 1.0 for _, lift in pairs])
        estimates, se = sign * [lift.estimate for _, lift in pairs], np.array([lift.se for _, lift in pairs])
        chances = stats.learned_prior(estimates, se).shrunk(estimates, se).chance_above(0.0)
        for (pk, _lift), chance, value in zip(pairs, np.atleast_1d(chances), estimates, strict=True):
            found[pk] = (float(chance), math.expm1(float(value)))
    return found


def is_better(document: dict[str, Any]) -> bool:
    """Whether some treatment was better than control on the primary metric."""
    metric = next(part for part in document["metrics"] if part["role"] == "primary")
    return any(comparison["verdict"] == stats.Verdict.BETTER for comparison in metric["comparisons"])


def bins(found: Sequence[Rated]) -> list[dict[str, Any]]:
    """Per range of ratings how many there are, how many of them worked, and the interval of that share."""
    return [_bin(found, low, high) for low, high in BINS]


def share_interval(worked: int, count: int) -> tuple[float, float]:
    """The 95% interval of a share of at least one."""
    low, high = stats.wilson_interval(stats.Counts(n=np.array([count]), successes=np.array([worked])), alpha=1 - LEVEL)
    return float(low[0]), float(high[0])


def _bin(found: Sequence[Rated], low: int, high: int) -> dict[str, Any]:
    inside = [one for one in found if low - 0.5 <= one.rating < high + 0.5]
    worked, count = sum(one.is_better for one in inside), len(inside)
    ends = share_interval(worked, count) if count else (None, None)
    stated = float(np.mean(stated_probability([one.rating for one in inside]))) if inside else None
    return {
        "from": low, "to": high, "count": count, "worked": worked, "stated": stated,
        "share": worked / count if count else None, "low": ends[0], "high": ends[1],
    }  # fmt: skip


def _grade(found: list[Outcome]) -> dict[str, Any] | None:
    graded = calibration(stated_probability([one.rating for one in found]), [one.chance for one in found])
    names = ("brier", "reliability", "resolution", "uncertainty", "intercept", "slope", "slope_se")
    values = {name: getattr(graded, name) for name in names}
    return {"status": str(graded.status), **{name: v if math.isfinite(v) else None for name, v in values.items()}}


def _surprise(found: list[Outcome]) -> str | None:
    """Of those that worked, the one that voters had thought least of; None unless another had scored higher."""
    worked = [one for one in found if one.is_better]
    least = min(worked, key=lambda one: one.ice, default=None)
    return least.experiment if least and any(one.ice > least.ice for one in found) else None
