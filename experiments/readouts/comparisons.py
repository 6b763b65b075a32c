"""Every comparison of an experiment: what it is by itself, what its family leaves of it, what is decided on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments import stats
from experiments.readouts.answers import answer, limits, number
from experiments.readouts.metric_data import MetricData
from experiments.readouts.rule import Family, Rule, planned_for

ALPHA = 0.05
STOPPING = frozenset({stats.Verdict.BETTER, stats.Verdict.WORSE})


@dataclass(frozen=True)
class Inputs:
    """One analysis: the metrics' numbers and roles, the variants, the rule, and whether the data can be trusted.

    `earlier`: per metric key the comparisons of the newest readout, whose decisions are repeated between looks.
    """

    datas: Mapping[str, MetricData]
    roles: Mapping[str, str]
    control: str
    treatments: Sequence[str]
    shares: Mapping[str, float]
    rule: Rule
    is_valid: bool
    is_fresh: bool
    earlier: Mapping[str, Sequence[Mapping[str, Any]]]

    @property
    def primary(self) -> str:
        return next(key for key, role in self.roles.items() if role == "primary")


def compare(inputs: Inputs) -> dict[str, list[dict[str, Any]]]:
    """Per metric key its comparisons as the readout holds them, one a treatment."""
    found = {key: _undecided(inputs, key) for key in inputs.datas}
    if inputs.rule.due is None:
        return {key: _repeated(inputs, key, rows) for key, rows in found.items()}
    primary = inputs.primary
    found[primary] = _decided(inputs, primary, inputs.rule.primary(inputs.datas[primary]), 0, found[primary])
    if has_stopped(inputs.rule, found[primary]):
        found |= _explained(inputs, found)
    return found


def has_stopped(rule: Rule, primary: Sequence[Mapping[str, Any]]) -> bool:
    """Whether this look ends it: then, and not before, whatever explains is decided on too."""
    return rule.due is not None and (rule.due.is_final or all(row["verdict"] in STOPPING for row in primary))


def _explained(inputs: Inputs, found: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Decisions on what explains: secondary metrics corrected together, guardrails and diagnostics each by itself."""
    decided = {}
    secondary = [key for key, role in inputs.roles.items() if role == "secondary"]
    if secondary:
        family = inputs.rule.secondary([inputs.datas[key] for key in secondary])
        decided.update({key: _decided(inputs, key, family, place, found[key]) for place, key in enumerate(secondary)})
    for key, role in inputs.roles.items():
        if role in ("guardrail", "diagnostic"):
            decided[key] = _decided(inputs, key, inputs.rule.single(inputs.datas[key]), 0, found[key])
    return decided


def _undecided(inputs: Inputs, key: str) -> list[dict[str, Any]]:
    """What the numbers of this analysis are by themselves, with no decision on them."""
    data = inputs.datas[key]
    absolute, lift = data.difference(ALPHA), data.lift(ALPHA)
    plain, plain_lift = data.unadjusted_difference(ALPHA), data.unadjusted_lift(ALPHA)
    planned = [planned_for(inputs.rule.plan, inputs.shares, variant) for variant in inputs.treatments]
    sequence = data.sequence(planned)
    margin = _margins(data, planned if inputs.roles[key] == "guardrail" else None, len(inputs.treatments))
    verdict = stats.Verdict.NOT_ENOUGH_DATA if inputs.is_valid else stats.Verdict.INVALID
    return [
        {
            "variant": variant,
            "control": inputs.control,
            "status": str(absolute.status[index]),
            **answer(absolute, lift, index),
            "unadjusted": answer(plain, plain_lift, index),
            "multiplicity": None,
            "sequence": {**limits(sequence, index), "e_value": _e_value(sequence, index)},
            "decision": None,
            "margin": margin[index],
            "verdict": str(verdict),
            "notes": list(dict.fromkeys(absolute[index].texts() + lift[index].texts())),
        }
        for index, variant in enumerate(inputs.treatments)
    ]


def _decided(
    inputs: Inputs, key: str, family: Family, place: int, rows: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The rows with the decision of this look."""
    data, look = inputs.datas[key], inputs.rule.due
    if look is None:
        raise ValueError("an analysis that takes no look decides nothing")
    decided, lift = data.difference(family.alpha[place]), data.lift(family.alpha[place])
    verdicts = stats.verdicts(
        decided.low, decided.high, direction=data.definition.direction, plan_reached=look.is_final,
        is_valid=inputs.is_valid, is_fresh=inputs.is_fresh,
    )  # fmt: skip
    return [
        {
            **row,
            "multiplicity": family.multiplicity((place, index)),
            "decision": {
                "method": family.method,
                "look": look.number,
                "information": look.information,
                **limits(decided, index),
                "p_value": number(family.p[place, index]),
                "lift": limits(lift, index),
            },
            "verdict": str(verdicts[index]),
        }
        for index, row in enumerate(rows)
    ]


def _repeated(inputs: Inputs, key: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the decision of the last look, which no later data change; what makes it invalid does."""
    last = {row["variant"]: row for row in inputs.earlier.get(key, ())}
    repeated = []
    for row in rows:
        before = last.get(row["variant"])
        if before is None or before["decision"] is None:
            repeated.append(row)
            continue
        kept = {name: before[name] for name in ("multiplicity", "decision", "verdict")}
        repeated.append({**row, **kept} if inputs.is_valid else {**row, **kept, "verdict": row["verdict"]})
    return repeated


def _margins(data: MetricData, planned: Sequence[float] | None, size: int) -> list[dict[str, Any] | None]:
    """The margin's test of each treatment; `planned`: customers of each comparison, None where none guards."""
    test = None if planned is None else data.margin()
    if test is None or planned is None:
        return [None] * size
    harm = data.harm(planned)
    return [
        {
            "bound": number(test.bound[index]),
            "low": number(test.limit[index]),
            "passed": bool(test.passed[index]),
            "harm_e_value": number(harm[index]),
        }
        for index in range(size)
    ]


def _e_value(sequence: stats.Estimate, index: int) -> float | None:
    return None if sequence.e_value is None else number(np.minimum(sequence.e_value[index], 1e300))
