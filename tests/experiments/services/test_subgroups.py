"""Subgroups of a plan: every figure against numpy and SciPy on the rows; traits count as they were at first."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from engagement.core.jobs import Progress
from engagement.customers.models import Customer
from engagement.customers.services.customer_imports import import_customers
from engagement.customers.states import StateRule, state_of
from experiments.models import ExposedTraits
from experiments.services import exposed_traits
from experiments.services.analysis import analyse
from tests.experiments.services.test_counting import flattened, same
from tests.experiments.services.test_live_experiment import CUSTOMERS, LATER, Rows, document, metric, start

pytestmark = pytest.mark.django_db
PLANS = {name: ("free", "paid", "trial", "")[number % 4] for number, name in enumerate(f"c{n}" for n in range(2000))}
SUBGROUPS = 'subgroups = ["plan", "team"]'


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    lines = [f"c{number},{PLANS[f'c{number}']},team {number % 30}\n" for number in range(CUSTOMERS)]
    (tmp_path / "customers.csv").write_text("customer_id,plan,team\n" + "".join(lines))
    import_customers(path=tmp_path / "customers.csv", name="customers.csv", progress=Progress())
    return Rows(tmp_path)


def capped(rows: Rows, variant: str, plan: str) -> np.ndarray:
    everybody = rows._names(variant)
    values = np.minimum(rows.totals(variant, "purchase", ends=14), 60.0)
    return values[[PLANS[name] == plan for name in everybody]]


def test_subgroups_agree_with_the_rows(tmp_path, rows):
    found = metric(document(start(tmp_path, rows, extra=SUBGROUPS)), "revenue")

    plan, team = found["subgroups"]
    assert (plan["name"], [value["value"] for value in plan["values"]]) == (
        "plan",
        ["free", "paid", "trial", "unknown"],
    )
    effects, errors, sizes, simple = [], [], [], []
    for value in plan["values"]:
        today, short = (capped(rows, v, value["value"].replace("unknown", "")) for v in ("today", "short"))
        told = [(row["n"], row["mean"], row["variance"]) for row in value["variants"]]
        assert told == [(len(y), pytest.approx(y.mean()), pytest.approx(y.var(ddof=1))) for y in (today, short)]
        row = value["comparisons"][0]
        assert row["unadjusted"]["p_value"] == pytest.approx(
            scipy_stats.ttest_ind(short, today, equal_var=False).pvalue
        )
        effects.append(row["absolute"]["estimate"])
        errors.append(row["absolute"]["se"])
        sizes.append(len(today) + len(short))
        simple.append(short.mean() - today.mean())
        assert row["decision"]["low"] < row["absolute"]["low"]  # corrected over all subgroups
    weight = 1 / np.array(errors) ** 2
    q = (weight * (np.array(effects) - np.average(effects, weights=weight)) ** 2).sum()
    test = plan["heterogeneity"][0]
    assert (test["q"], test["df"], test["p_value"]) == (pytest.approx(q), 3, pytest.approx(scipy_stats.chi2.sf(q, 3)))
    assert test["differs"] is False
    assert plan["post_stratified"][0]["absolute"]["estimate"] == pytest.approx(np.average(simple, weights=sizes))
    spread = [
        np.ptp([row["comparisons"][0][scale]["estimate"] for row in plan["values"]]) for scale in ("shrunk", "absolute")
    ]
    assert spread[0] < spread[1]
    assert len(team["values"]) == exposed_traits.MOST_VALUES + 1  # thirty teams: the rarest are told together
    assert sum(row["n"] for value in team["values"] for row in value["variants"]) == CUSTOMERS


def test_heterogeneity_is_corrected_over_metrics_and_subgroups_and_a_quantile_has_none(tmp_path, rows):
    parts = document(start(tmp_path, rows, extra=SUBGROUPS))["metrics"]

    tests = [test for part in parts for group in part["subgroups"] for test in group["heterogeneity"]]
    assert len(tests) == 10
    known = [test for test in tests if test["p_value"] is not None]  # too few of a team for its retention
    corrected = scipy_stats.false_discovery_control([test["p_value"] for test in known])
    assert [test["multiplicity"]["p_value"] for test in known] == pytest.approx(corrected)
    assert {test["multiplicity"]["size"] for test in known} == {9}
    assert [part["key"] for part in parts if not part["subgroups"]] == ["spend_p90"]


def test_a_trait_learned_after_the_first_count_moves_nobody(tmp_path, rows):
    experiment = start(tmp_path, rows, extra=SUBGROUPS)
    before = analyse(experiment=experiment, progress=Progress())
    assert ExposedTraits.objects.count() == CUSTOMERS
    Customer.objects.update(traits={"plan": "paid"})
    refreshed, full = (
        analyse(experiment=experiment, is_full=is_full, progress=Progress()) for is_full in (False, True)
    )

    told = [[part["subgroups"] for part in found.document["metrics"]] for found in (before, refreshed, full)]
    assert all(len(part["subgroups"]) == 2 for part in full.document["metrics"] if part["kind"] != "quantile")
    for one, other in pairwise(told):
        assert same(flattened(one), flattened(other))


def test_before_the_end_subgroups_have_no_decision_and_no_claim(tmp_path, rows):
    early = LATER.replace(month=7, day=18)
    part = metric(document(start(tmp_path, rows, extra=SUBGROUPS), early), "retained_7")["subgroups"][0]
    assert {row["decision"] for value in part["values"] for row in value["comparisons"]} == {None}
    assert part["heterogeneity"][0]["differs"] is None
    assert part["heterogeneity"][0]["p_value"] is not None


def test_a_declared_customer_state_is_the_one_at_exposure(tmp_path):
    """What a customer did after the exposure, perhaps because of the variant, moves nobody to another state."""
    made = Rows(tmp_path)
    rule = StateRule()

    def state(name: str) -> str:
        ages = [
            int(((made.exposed[name] - at).total_seconds() - 1e-6) // (7 * 86_400))
            for (customer, _event), found in made.events.items() if customer == name
            for at, _value, _app in found if at < made.exposed[name]
        ]  # fmt: skip
        recent = {age for age in ages if age < rule.intervals}
        return state_of(len(recent), rule).value if ages else "unknown"

    found = metric(document(start(tmp_path, made, extra='subgroups = ["state"]')), "revenue")

    [one] = found["subgroups"]
    counted = {value["value"]: sum(row["n"] for row in value["variants"]) for value in one["values"]}
    assert counted == dict(Counter(state(name) for name in made.exposed))
    assert len(counted) > 2
