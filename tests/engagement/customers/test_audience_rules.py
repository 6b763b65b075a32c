"""Audience rules: what is refused, what they say, and that the engine selects whom plain Python selects."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engagement.core.jobs import Progress
from engagement.customers.audience_rules import MOST_CONDITIONS, STATES, RuleRefused, read, states_left
from engagement.customers.models import Customer
from engagement.customers.services.customers import ensure
from engagement.customers.services.event_imports import import_events
from engagement.customers.services.identities import merge
from engagement.customers.services.selecting import select
from engagement.customers.states import StateRule, state_of
from engagement.customers.wording import rule_words

AT = datetime(2026, 7, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DEEP: Any = {"trait": "plan", "op": "is_set"}
for _level in range(6):
    DEEP = {"not": DEEP}


@pytest.mark.parametrize(
    ("tree", "sentence"),
    [
        ([], "A condition is an object"),
        ({}, "No condition is called “”"),
        ({"colour": "red"}, "No condition is called “colour”"),
        ({"all": []}, "“all” is a list of at least one"),
        ({"any": [{"trait": "x", "op": "is_set"}], "not": {}}, "“not” has nothing called “any”"),
        ({"trait": "x", "op": "was"}, "“op” is one of is, is_not"),
        ({"trait": "x", "op": "above", "value": "3"}, "“value” is a number, not “3”"),
        ({"trait": "x", "op": "above", "value": True}, "“value” is a number, not “True”"),
        ({"trait": "x", "op": "above", "value": float("nan")}, "“value” is a number, not “nan”"),
        ({"trait": "x" * 256, "op": "is_set"}, "“trait” is a text of 1 to 255"),
        ({"trait": "x", "op": "is", "value": "y", "also": 1}, "“trait” has nothing called “also”"),
        ({"event": "order", "of": "count", "op": "at_least", "value": 1, "within_days": 0}, "whole number from 1"),
        ({"state": ["lost"]}, "“state” is a list out of power"),
        ({"list": "reader-1"}, "“list” is a list of customer ids"),
        ({"list": [str(n) for n in range(5_001)]}, "at most 5000 customers"),
        (DEEP, "at most 6 levels deep"),
        ({"all": [{"state": ["new"]}] * (MOST_CONDITIONS + 1)}, "at most 50 conditions; this one has 51"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_in_one_sentence(tree, sentence):
    with pytest.raises(RuleRefused) as refused:
        read(tree)

    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("tree", "left"),
    [
        ({"state": ["power", "new"]}, {"power", "new"}),
        ({"not": {"state": ["power", "core", "new", "dormant"]}}, {"casual", "low"}),
        ({"all": [{"state": ["power", "core"]}, {"trait": "x", "op": "is_set"}, {"state": ["core", "low"]}]}, {"core"}),
        ({"any": [{"state": ["power"]}, {"state": ["low"]}]}, {"power", "low"}),
        ({"not": {"any": [{"state": ["power"]}, {"state": list(STATES[1:3])}]}}, {"low", "new", "dormant"}),
        ({"not": {"all": [{"state": ["power"]}, {"list": ["a"]}]}}, set(STATES)),
        ({"any": [{"state": ["power"]}, {"trait": "x", "op": "is_set"}]}, set(STATES)),
    ],
)
def test_which_states_a_rule_leaves(tree, left):
    assert states_left(read(tree)) == left


def test_a_rule_in_words():
    tree = {
        "all": [
            {"trait": "plan", "op": "is", "value": "gold"},
            {"any": [
                {"event": "order", "of": "count", "op": "at_least", "value": 2, "within_days": 30},
                {"not": {"state": ["low", "dormant"]}},
            ]},
            {"event": "visit", "of": "days_since", "op": "at_least", "value": 7},
        ]
    }  # fmt: skip

    assert rule_words(read(tree)) == (
        "plan is gold and (order at least 2 times in 30 days or not (low or dormant)) and no visit for 7 days, or never"
    )


# ---- a second opinion, in plain Python ----

TRAITS: dict[str, dict[str, Any]] = {
    "c0": {"plan": "gold", "age": "41"}, "c1": {"plan": "free", "age": "17"}, "c2": {"age": "x"}, "c3": {},
    "c4": {"plan": "Gold Plus", "odd name's": "1"}, "c5": {"plan": "gold", "age": "3.5"},
}  # fmt: skip
EVENTS: list[tuple[str, str, float, float | None]] = [  # customer, event, days before, value
    ("c0", "order", 1, 10), ("c0", "order", 5, 2.5), ("c0", "visit", 0.5, None), ("c1", "order", 40, 100),
    ("c1", "visit", 6.99, None), ("c1", "visit", 7.01, None), ("c2", "visit", 20, None), ("c4", "order", 2, -3),
    ("c4", "visit", -1, None), ("c5", "visit", 8, None), ("c5", "visit", 15, None), ("c5", "order", 300, 1),
]  # fmt: skip

texts = st.sampled_from(["gold", "free", "Gold", "41", "x", "1"])
leaves = st.one_of(
    st.fixed_dictionaries(
        {"trait": st.sampled_from(["plan", "age", "odd name's", "none"]),
         "op": st.sampled_from(["is", "is_not", "contains"]), "value": texts}
    ),
    st.fixed_dictionaries(
        {"trait": st.sampled_from(["plan", "age"]), "op": st.sampled_from(["above", "below"]),
         "value": st.sampled_from([3.5, 17.0, 20.0])}
    ),
    st.fixed_dictionaries(
        {"trait": st.sampled_from(["plan", "odd name's"]), "op": st.sampled_from(["is_set", "is_not_set"])}
    ),
    st.fixed_dictionaries(
        {"event": st.sampled_from(["order", "visit", "never"]), "of": st.sampled_from(["count", "sum", "days_since"]),
         "op": st.sampled_from(["at_least", "at_most"]), "value": st.sampled_from([0, 1, 2, 7, 12.5, 30])},
        optional={"within_days": st.sampled_from([1, 7, 30])},
    ),
    st.fixed_dictionaries({"state": st.lists(st.sampled_from(["power", "core", "casual", "low", "new", "dormant"]),
                                             min_size=1, max_size=3)}),
    st.fixed_dictionaries({"list": st.lists(st.sampled_from(["c0", "c3", "nobody"]), min_size=1, max_size=2)}),
)  # fmt: skip
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=5,
)


def plainly(tree: dict[str, Any], who: str) -> bool:
    """The rule by its words, one customer at a time."""
    if "all" in tree:
        return all(plainly(part, who) for part in tree["all"])
    if "any" in tree:
        return any(plainly(part, who) for part in tree["any"])
    if "not" in tree:
        return not plainly(tree["not"], who)
    if "list" in tree:
        return who in tree["list"]
    if "trait" in tree:
        return _trait(tree, TRAITS[who].get(tree["trait"]))
    if "state" in tree:
        return bool(set(tree["state"]) & _states(who))
    return _event(tree, who)


def _trait(tree: dict[str, Any], told: str | None) -> bool:
    match tree["op"]:
        case "is_set":
            return told is not None
        case "is_not_set":
            return told is None
        case "is":
            return told == tree["value"]
        case "is_not":
            return told != tree["value"]
        case "contains":
            return told is not None and tree["value"] in told
    try:
        number = float(told or "")
    except ValueError:
        return False
    return number > tree["value"] if tree["op"] == "above" else number < tree["value"]


def _event(tree: dict[str, Any], who: str) -> bool:
    within = tree.get("within_days", 10_000)
    found = [(ago, value) for c, e, ago, value in EVENTS if (c, e) == (who, tree["event"]) and 0 < ago <= within]
    if tree["of"] == "days_since":
        last = min((ago for ago, _value in found), default=float("inf"))
        return last >= tree["value"] if tree["op"] == "at_least" else last <= tree["value"]
    amount = len(found) if tree["of"] == "count" else sum(value or 0 for _ago, value in found)
    return amount >= tree["value"] if tree["op"] == "at_least" else amount <= tree["value"]


def _states(who: str) -> set[str]:
    ages = [int((ago * 86_400 - 1e-6) // (7 * 86_400)) for c, _e, ago, _v in EVENTS if c == who and ago > 0]
    if not ages:
        return set()
    rule = StateRule()
    found = {state_of(len({age for age in ages if age < rule.intervals}), rule).value}
    found |= {"new"} if max(ages) < rule.intervals else set()
    return found | ({"dormant"} if min(ages) >= rule.intervals else set())


@pytest.fixture
def world(tmp_path: Path) -> dict[int, str]:
    """Six customers in database and store, one of whom was two before; per number their name."""
    ids = dict(zip(TRAITS, ensure(list(TRAITS)), strict=True))
    for name, traits in TRAITS.items():
        Customer.objects.filter(pk=ids[name]).update(traits=traits)
    lines = [
        f"{'was-c0' if (c, ago) == ('c0', 5) else c},{e},{(AT - ago * DAY).isoformat()},{'' if v is None else v}"
        for c, e, ago, v in EVENTS
    ]
    path = tmp_path / "events.csv"
    path.write_text("\n".join(["customer_id,event,occurred_at,value", *lines]) + "\n")
    import_events(path=path, name="events.csv", complete_through=None, progress=Progress())
    merge([(ensure(["was-c0"])[0], ids["c0"])], cause="alias")
    return {pk: name for name, pk in ids.items()}


@pytest.mark.django_db
def test_the_engine_selects_whom_plain_python_selects(world):
    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(tree=trees)
    def agree(tree: dict[str, Any]) -> None:
        chosen = select(read(tree), at=AT, with_states=True)
        assert {world[int(pk)] for pk in chosen.customers} == {who for who in TRAITS if plainly(tree, who)}, tree
        assert len(chosen.states) == len(chosen.customers)

    agree()
