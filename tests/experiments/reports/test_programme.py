"""What a quarter's experiments are worth together, against a simulation in which the truth is known."""

from types import SimpleNamespace

import numpy as np
import pytest

from experiments.reports.quarterly import programme as programmes
from experiments.reports.quarterly.programme import MeasuredLift, programme
from experiments.stats.programme import TotalEffect


def lifts(rng: np.random.Generator, count: int = 40) -> tuple[list[MeasuredLift], float]:
    """A programme that ships what looks clearly better, and what that truly brings."""
    truth, se = rng.normal(0.01, 0.02, count), rng.uniform(0.01, 0.04, count)
    seen = rng.normal(truth, se)
    shipped = seen / se > 1.96
    found = [
        MeasuredLift("kept", "up", float(x), float(s), bool(ships), 1.0, 1000)
        for x, s, ships in zip(seen, se, shipped, strict=True)
    ]
    return found, float(truth[shipped].sum())


def test_the_four_rows_stand_to_the_known_truth_as_they_say():
    rng, seen = np.random.default_rng(3), []
    for _ in range(60):
        found, truth = lifts(rng)
        sums = programmes.totals(found, seed=1)
        seen.append((sums.naive.estimate, sums.bias_corrected.estimate, sums.shrunk.estimate, truth,
                     sums.shrunk.low <= truth <= sums.shrunk.high))  # fmt: skip
    naive, corrected, shrunk, truth, covered = np.mean(np.array(seen, dtype=float), axis=0)

    assert naive > 1.3 * truth
    assert abs(corrected - truth) < abs(naive - truth)
    assert abs(shrunk / truth - 1) < 0.2
    assert covered > 0.8


def entry(*, holdout: TotalEffect | None, goal: float | None) -> dict:
    found, _truth = lifts(np.random.default_rng(5))
    holdouts = {"kept": holdout} if holdout else {}
    goals = {"kept": goal} if goal else {}
    return programme({"kept": found}, holdouts=holdouts, goals=goals)[0]


@pytest.mark.parametrize(
    ("half", "leads"), [(0.01, "holdout"), (0.04, "shrunk")], ids=["narrower than the goal", "wider"]
)
def test_c2_2_a_holdout_leads_where_its_interval_is_narrower_than_the_goal(half, leads):
    holdout = TotalEffect(0.05, 0.05 - half, 0.05 + half, 0.9)

    found = entry(holdout=holdout, goal=0.05)

    assert found["headline"] == leads
    assert found["rows"]["holdout"]["lift"] == pytest.approx(np.expm1(0.05))
    assert found["rows"]["shrunk"]["low"] < found["rows"]["shrunk"]["lift"] < found["rows"]["shrunk"]["high"]


def test_c2_2_without_holdout_the_shrunk_sum_leads():
    found = entry(holdout=None, goal=0.05)

    assert (found["headline"], found["rows"]["holdout"]) == ("shrunk", None)


def test_a_metric_of_which_less_is_better_keeps_its_sign():
    fewer = [MeasuredLift("complained", "down", -0.2, 0.02, True, 1.0, 1000)]

    row = programme({"complained": fewer}, holdouts={}, goals={})[0]["rows"]["naive"]

    assert row["lift"] == pytest.approx(np.expm1(-0.2))
    assert row["low"] < row["lift"] < row["high"] < 0


def comparison(variant: str, lift: tuple, verdict: str = "better") -> dict:
    return {"variant": variant, "verdict": verdict, "lift": dict(zip(("estimate", "low", "high"), lift, strict=True))}


def decided(comparisons: list[dict], *, kind: str = "keep_control", variant: str | None = None) -> SimpleNamespace:
    metric = {"key": "kept", "role": "primary", "direction": "up", "comparisons": comparisons, "variants": [{"n": 500}]}
    return SimpleNamespace(
        readout=SimpleNamespace(document={"level": 0.95, "metrics": [metric]}), kind=kind,
        variant=SimpleNamespace(key=variant) if variant else None,
        experiment=SimpleNamespace(idea=SimpleNamespace(expected_audience=2000)),
    )  # fmt: skip


def test_what_was_not_shipped_teaches_and_what_is_invalid_does_not():
    one = decided([comparison("a", (0.1, 0.0, 0.21)), comparison("b", (0.3, 0.2, 0.4))], kind="ship", variant="a")
    none = decided([comparison("a", (-0.1, -0.2, 0.01), "no clear difference")])
    broken = decided([comparison("a", (0.5, 0.4, 0.6), "invalid")])
    empty = decided([comparison("a", (None, None, None))])

    found = programmes.measured_lifts([one, none, broken, empty], all_customers=10_000)["kept"]

    assert [(round(np.expm1(m.estimate), 6), m.shipped, m.reach) for m in found] == [
        (0.1, True, 0.2),
        (-0.1, False, 0.2),
    ]
    assert found[0].se == pytest.approx(np.log(1.21) / (2 * 1.959964), rel=1e-6)
