"""Metrics by the subgroups that the plan declared: effects by value, whether they differ, what is left by borrowing.

The effect in one subgroup is never a headline: a claim needs the test that effects differ at all (`differs`), corrected
over all metrics, subgroups and treatments of the readout. So a subgroup has a decision interval and no verdict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

from experiments import stats
from experiments.metrics.summarise import Array
from experiments.readouts.answers import answer, limits, number
from experiments.readouts.metric_data import MetricData
from experiments.readouts.rule import Family, Rule

ALPHA = 0.05


@dataclass(frozen=True)
class Grouping:
    """One metric by the values of one declared subgroup; `data` has shape (value, variant)."""

    metric: str
    name: str
    values: Sequence[str]
    data: MetricData


@dataclass(frozen=True)
class Looks:
    """What may be decided now, if anything, and the parts of the newest readout, whose decisions stand otherwise."""

    rule: Rule
    is_decided: bool
    earlier: Mapping[str, Sequence[Mapping[str, Any]]]


def described(
    groupings: Sequence[Grouping], looks: Looks, *, variants: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Per metric key its `subgroups` as the readout holds them. `variants`: control first."""
    parts = [(grouping, _described(grouping, variants)) for grouping in groupings]
    if looks.is_decided and parts:
        _decide(parts, looks.rule)
    found: dict[str, list[dict[str, Any]]] = {}
    for grouping, part in parts:
        if not looks.is_decided:
            _repeat(part, looks.earlier.get(grouping.metric, ()))
        found.setdefault(grouping.metric, []).append(part)
    return found


def _described(grouping: Grouping, variants: Sequence[str]) -> dict[str, Any]:
    """Without decisions: those need all groupings together."""
    data = grouping.data
    absolute, lift = data.difference(ALPHA), data.lift(ALPHA)
    plain, plain_lift = data.unadjusted_difference(ALPHA), data.unadjusted_lift(ALPHA)
    shrunk = [_shrunk(absolute.estimate[:, place], absolute.se[:, place]) for place in range(len(variants) - 1)]
    return {
        "name": grouping.name,
        "declared": True,
        "values": [
            {
                "value": value,
                "variants": [
                    {
                        "variant": variant,
                        "n": int(data.n[row, place]),
                        "mean": number(data.mean[row, place]),
                        "mean_uncapped": number(data.mean_uncapped[row, place]),
                        "variance": number(data.variance[row, place]),
                    }
                    for place, variant in enumerate(variants)
                ],
                "comparisons": [
                    {
                        "variant": variant,
                        "control": variants[0],
                        "status": str(absolute.status[row, place]),
                        **answer(absolute, lift, (row, place)),
                        "unadjusted": answer(plain, plain_lift, (row, place)),
                        "shrunk": shrunk[place][row],
                        "multiplicity": None,
                        "decision": None,
                        "notes": list(dict.fromkeys(absolute[row, place].texts() + lift[row, place].texts())),
                    }
                    for place, variant in enumerate(variants[1:])
                ],
            }
            for row, value in enumerate(grouping.values)
        ],
        "heterogeneity": _heterogeneity(absolute, variants),
        "post_stratified": _post_stratified(data, variants),
    }


def _shrunk(effects: Array, errors: Array) -> list[dict[str, Any]]:
    """Absolute effects drawn towards their common mean, each with its interval and its place among them."""
    known = np.isfinite(effects) & (errors > 0)
    values, variances = np.where(known, effects, np.nan), np.where(known, errors**2, np.nan)
    drawn = stats.shrunk_segments(values, variances, prior=_paule_mandel)
    reach = special.ndtri(1 - ALPHA / 2) * drawn.se
    return [
        {
            "estimate": number(drawn.shrunk[row]),
            "low": number(drawn.shrunk[row] - reach[row]),
            "high": number(drawn.shrunk[row] + reach[row]),
            "rank": int(drawn.rank[row]) or None,
        }
        for row in range(len(effects))
    ]


def _paule_mandel(effects: Array, variances: Array) -> tuple[float, float]:
    fitted = stats.random_effects(effects, variances)
    return float(fitted.mean), float(fitted.tau2)


def _heterogeneity(absolute: stats.Estimate, variants: Sequence[str]) -> list[dict[str, Any]]:
    known = np.isfinite(absolute.estimate) & (absolute.se > 0)
    tested = stats.heterogeneity(
        np.where(known, absolute.estimate, np.nan), np.where(known, absolute.se**2, np.nan), axis=0
    )
    return [
        {
            "variant": variant,
            "method": "cochran",
            "q": number(tested.q[place]),
            "df": int(tested.df[place]),
            "p_value": number(tested.p[place]),
            "i_squared": number(tested.i_squared[place]),
            "multiplicity": None,
            "differs": None,
        }
        for place, variant in enumerate(variants[1:])
    ]


def _post_stratified(data: MetricData, variants: Sequence[str]) -> list[dict[str, Any]]:
    """The whole effect with the subgroup as strata; none for a metric that is no mean over customers."""
    found = data.post_stratified()
    if found is None:
        return []
    absolute, lift = found
    return [
        {
            "variant": variant,
            "control": variants[0],
            "status": str(absolute.status[place]),
            **answer(absolute, lift, place),
            "notes": list(dict.fromkeys(absolute[place].texts() + lift[place].texts())),
        }
        for place, variant in enumerate(variants[1:])
    ]


def _decide(parts: Sequence[tuple[Grouping, dict[str, Any]]], rule: Rule) -> None:
    """Adds this look's decisions: intervals corrected over all subgroups, and whether effects differ, likewise."""
    tests = rule.together("heterogeneity", np.array([_p_of_tests(part) for _grouping, part in parts]))
    effects = rule.together("subgroups", np.concatenate([g.data.difference(p_of_interval=True).p for g, _p in parts]))
    first = 0
    for row, (grouping, part) in enumerate(parts):
        for place, test in enumerate(part["heterogeneity"]):
            p = tests.p[row, place]
            test["multiplicity"] = tests.multiplicity((row, place))
            test["differs"] = bool(p < rule.plan.alpha) if np.isfinite(p) else None
        _decide_effects(grouping, part, rule, effects, first)
        first += len(grouping.values)


def _p_of_tests(part: Mapping[str, Any]) -> list[float]:
    return [np.nan if test["p_value"] is None else test["p_value"] for test in part["heterogeneity"]]


def _decide_effects(grouping: Grouping, part: dict[str, Any], rule: Rule, family: Family, first: int) -> None:
    """`first`: the family's row of the grouping's first value."""
    if rule.due is None:
        raise ValueError("an analysis that takes no look decides nothing")
    alpha = family.alpha[first : first + len(grouping.values), None]
    decided, lift = grouping.data.difference(alpha), grouping.data.lift(alpha)
    for row, value in enumerate(part["values"]):
        for place, comparison in enumerate(value["comparisons"]):
            comparison["multiplicity"] = family.multiplicity((first + row, place))
            comparison["decision"] = {
                "method": family.method,
                "look": rule.due.number,
                "information": rule.due.information,
                **limits(decided, (row, place)),
                "p_value": number(family.p[first + row, place]),
                "lift": limits(lift, (row, place)),
            }


def _repeat(part: dict[str, Any], earlier: Sequence[Mapping[str, Any]]) -> None:
    """Takes over what the last look decided, which no later data change."""
    before = next((other for other in earlier if other["name"] == part["name"]), None)
    if before is None:
        return
    tests = {test["variant"]: test for test in before["heterogeneity"]}
    for test in part["heterogeneity"]:
        test |= {name: tests[test["variant"]][name] for name in ("multiplicity", "differs")}
    decided = {(v["value"], row["variant"]): row for v in before["values"] for row in v["comparisons"]}
    for value in part["values"]:
        for row in value["comparisons"]:
            if known := decided.get((value["value"], row["variant"])):
                row |= {name: known[name] for name in ("multiplicity", "decision")}
