"""Every comparison of an experiment, with its family's correction and the decision that follows from it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments import stats
from experiments.readouts.metric_data import MetricData

ALPHA = 0.05
PLANNED_CUSTOMERS = 10_000  # where no plan says: the sample at which the confidence sequence is narrowest


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether an interval may become a verdict."""

    plan_reached: bool
    is_valid: bool
    is_fresh: bool = True


@dataclass(frozen=True)
class Family:
    """Metrics whose comparisons are corrected together: p [metric, treatment] and the alpha their intervals take."""

    name: str
    method: str
    size: int
    p: NDArray[np.float64]
    alpha: NDArray[np.float64]

    def multiplicity(self, index: tuple[int, int]) -> dict[str, Any] | None:
        if self.size == 1:
            return None
        return {"method": self.method, "family": self.name, "size": self.size, "p_value": _number(self.p[index])}


def primary_family(data: MetricData) -> Family:
    """Dunnett over the treatments at a single look; one treatment needs no correction."""
    p = data.difference(p_of_interval=True).p
    if p.size == 1:
        return Family("primary", "fixed", 1, p[None], np.array([ALPHA]))
    adjusted = stats.dunnett_adjusted_p(p, data.loading)
    return Family(
        "primary", "dunnett", p.size, adjusted[None], np.array([stats.dunnett_alpha(data.loading, alpha=ALPHA)])
    )


def secondary_family(datas: Sequence[MetricData]) -> Family:
    """Benjamini and Hochberg over treatments × metrics, with intervals at the matching level."""
    p = np.array([data.difference(p_of_interval=True).p for data in datas])
    size = int(np.sum(~np.isnan(p)))
    method = "benjamini-hochberg" if size > 1 else "fixed"
    alpha = stats.matching_alpha(p, alpha=ALPHA, axis=(0, 1))
    adjusted = stats.benjamini_hochberg(p, axis=(0, 1))
    return Family("secondary", method, size, adjusted, np.broadcast_to(alpha[:, 0], len(datas)))


def compare(
    datas: Mapping[str, MetricData], *, primary: str, treatments: Sequence[str], control: str, standing: Standing
) -> dict[str, list[dict[str, Any]]]:
    """Per metric key its comparisons as the readout holds them, one a treatment."""
    others = [key for key in datas if key != primary]
    placed = {primary: (primary_family(datas[primary]), 0)}
    if others:
        family = secondary_family([datas[key] for key in others])
        placed.update({key: (family, place) for place, key in enumerate(others)})
    return {
        key: _comparisons(data, *placed[key], treatments=treatments, control=control, standing=standing)
        for key, data in datas.items()
    }


def _comparisons(
    data: MetricData, family: Family, place: int, *, treatments: Sequence[str], control: str, standing: Standing
) -> list[dict[str, Any]]:
    alpha = family.alpha[place]
    absolute, lift = data.difference(ALPHA), data.lift(ALPHA)
    plain, plain_lift = data.unadjusted_difference(ALPHA), data.unadjusted_lift(ALPHA)
    sequence = data.sequence(PLANNED_CUSTOMERS)
    sequence_e_value = np.full(sequence.shape, np.nan) if sequence.e_value is None else sequence.e_value
    decided, decided_lift = data.difference(alpha), data.lift(alpha)
    verdicts = stats.verdicts(
        decided.low, decided.high, direction=data.definition.direction, plan_reached=standing.plan_reached,
        is_valid=standing.is_valid, is_fresh=standing.is_fresh,
    )  # fmt: skip
    answer = []
    for index, variant in enumerate(treatments):
        decision = {"method": family.method, "look": 1, "information": 1.0, **_limits(decided, index)}
        decision |= {"p_value": _number(family.p[place, index]), "lift": _limits(decided_lift, index)}
        answer.append(
            {
                "variant": variant,
                "control": control,
                "status": str(absolute.status[index]),
                **_answer(absolute, lift, index),
                "unadjusted": _answer(plain, plain_lift, index),
                "multiplicity": family.multiplicity((place, index)),
                "sequence": {**_limits(sequence, index), "e_value": _number(sequence_e_value[index])},
                "decision": decision if standing.plan_reached else None,
                "margin": None,
                "verdict": str(verdicts[index]),
                "notes": list(dict.fromkeys(absolute[index].texts() + lift[index].texts())),
            }
        )
    return answer


def _answer(absolute: stats.Estimate, lift: stats.Estimate, index: int) -> dict[str, Any]:
    return {
        "method": str(absolute.method[index]),
        "p_value": _number(absolute.p[index]),
        "absolute": _interval(absolute, index, with_se=True),
        "lift": _lift(lift, index),
    }


def _interval(estimate: stats.Estimate, index: int, *, with_se: bool = False) -> dict[str, Any]:
    se = {"se": _number(estimate.se[index])} if with_se else {}
    return {"estimate": _number(estimate.estimate[index]), **se, **_limits(estimate, index)}


def _lift(estimate: stats.Estimate, index: int) -> dict[str, Any]:
    return {"method": str(estimate.method[index]), **_interval(estimate, index)}


def _limits(estimate: stats.Estimate, index: int) -> dict[str, Any]:
    return {"low": _number(estimate.low[index]), "high": _number(estimate.high[index])}


def _number(value: float) -> float | None:
    """JSON knows neither NaN nor infinity: what a status rules out is null."""
    return float(value) if math.isfinite(value) else None
