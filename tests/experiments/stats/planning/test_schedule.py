import dataclasses

import numpy as np
import pytest

from experiments.stats import (
    CandidateIdea,
    ExperimentSize,
    PlacedIdea,
    QuarterLimits,
    QuarterPlan,
    Solver,
    greedy_plan,
    quarter_plan,
)
from tests.experiments.stats.planning.plans import best_value, small_quarter


def idea(name: str, value: float = 5.0, *, customers: float = 10.0, weeks: int = 1, **changes) -> CandidateIdea:
    return CandidateIdea(name, [ExperimentSize(weeks, {"all": customers}, value)], **changes)


@pytest.mark.parametrize("seed", range(8))
def test_plan_is_the_best_of_all_plans(seed):
    ideas, quarter = small_quarter(seed)
    ideas = ideas[:5]
    found = quarter_plan(ideas, quarter, gap=0.0)
    assert found.value == pytest.approx(best_value(ideas, quarter), rel=1e-9)
    assert found.value >= greedy_plan(ideas, quarter).value
    assert found.gap == pytest.approx(0.0, abs=1e-6)


def test_weeks_share_their_capacity_and_values_wait_for_the_end():
    ideas = [idea("a", weeks=2), idea("b", weeks=2), idea("c", 1.0)]
    found = quarter_plan(ideas, QuarterLimits({"all": 10}, weeks=5, discount=0.9))
    assert found == QuarterPlan(
        (
            PlacedIdea("a", 0, 0, pytest.approx(5 * 0.9**2)),
            PlacedIdea("b", 0, 2, pytest.approx(5 * 0.9**4)),
            PlacedIdea("c", 0, 4, pytest.approx(0.9**5)),
        ),
        pytest.approx(5 * 0.9**2 + 5 * 0.9**4 + 0.9**5),
        found.gap,
        Solver.MILP,
    )


def test_each_idea_runs_once_at_one_size():
    sizes = [ExperimentSize(1, {"all": 10 * factor}, value) for factor, value in ((1, 4.0), (2, 6.0), (3, 7.0))]
    found = quarter_plan([CandidateIdea("a", sizes)], QuarterLimits({"all": 25}, weeks=3))
    assert [(item.idea, item.size) for item in found.placed] == [("a", 1)]


def test_exclusive_ideas_owners_and_deadlines_are_kept():
    alike = frozenset({"subject line x lapsed"})
    ideas = [
        idea("a", exclusive=alike),
        idea("b", 6.0, exclusive=alike),
        idea("c", owner="ana"),
        idea("d", owner="ana"),
    ]
    ideas += [idea("e", earliest=1), idea("f", weeks=2, deadline=1)]
    found = quarter_plan(ideas, QuarterLimits({"all": 1000}, weeks=2, parallel={"ana": 1}))
    placed = {item.idea: item.start for item in found.placed}
    assert set(placed) == {"b", "c", "d", "e"}
    assert {placed["c"], placed["d"]} == {0, 1}
    assert placed["e"] == 1


def test_without_capacity_or_ideas_the_plan_is_empty():
    empty = QuarterPlan((), 0.0, 0.0, Solver.MILP)
    assert quarter_plan([idea("a")], QuarterLimits({"all": 0})) == empty
    assert quarter_plan([idea("a")], QuarterLimits({})) == empty
    assert quarter_plan([], QuarterLimits({"all": 10})) == empty
    assert quarter_plan([idea("a", 0.0), idea("b", -1.0)], QuarterLimits({"all": 10})) == empty


def test_equals_go_to_the_first_id_whatever_order_they_come_in():
    ideas = [idea(name) for name in ("d", "b", "c", "a")]
    plans = [quarter_plan(order, QuarterLimits({"all": 20}, weeks=1), gap=0.0) for order in (ideas, ideas[::-1])]
    assert plans[0] == plans[1]
    assert [item.idea for item in plans[0].placed] == ["a", "b"]


def test_out_of_time_the_greedy_plan_stands_in():
    rng = np.random.default_rng(1)
    ideas = [idea(f"{i:03d}", float(rng.lognormal()), customers=float(rng.uniform(5, 20)), weeks=2) for i in range(60)]
    quarter = QuarterLimits({"all": 60})
    found, greedy = quarter_plan(ideas, quarter, time_limit_s=1e-4), greedy_plan(ideas, quarter)
    assert found.value >= greedy.value
    assert found.gap > 0.01


def test_greedy_takes_the_best_value_per_customer_as_early_as_it_fits():
    ideas = [idea("wide", 9.0, customers=10), idea("lean", 5.0, customers=4), idea("small", 2.0, customers=3)]
    found = greedy_plan(ideas, QuarterLimits({"all": 10}, weeks=2))
    assert [(item.idea, item.start) for item in found.placed] == [("lean", 0), ("small", 0), ("wide", 1)]
    assert (found.solver, found.gap) == (Solver.GREEDY, np.inf)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: quarter_plan([idea("a"), idea("a")], QuarterLimits({})), "ids of their own"),
        (lambda: ExperimentSize(0, {}, 1.0), "weeks is 0"),
        (lambda: ExperimentSize(1, {"all": -1.0}, 1.0), "must be 0 or more"),
        (lambda: ExperimentSize(1, {}, float("nan")), "value"),
        (lambda: QuarterLimits({"all": [1.0, 2.0]}), "capacity of all needs one number or 13"),
        (lambda: QuarterLimits({}, discount=1.1), "discount 1.1"),
        (lambda: dataclasses.replace(QuarterLimits({}), weeks=0), "weeks 0"),
    ],
)
def test_impossible_quarters_are_refused(call, sentence):
    with pytest.raises(ValueError, match=sentence):
        call()
