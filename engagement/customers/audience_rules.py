"""Who belongs to an audience: a tree of conditions, read from JSON. `audience_query` compiles it.

A tree is JSON: {"all": [...]}, {"any": [...]}, {"not": {...}}, or a condition:

    {"trait": "plan", "op": "is", "value": "gold"}          is, is_not, contains, above, below, is_set, is_not_set
    {"event": "order", "of": "count", "op": "at_least", "value": 2, "within_days": 30}
                                                            of: count, sum, days_since; op: at_least, at_most
    {"state": ["power", "core", "new"]}                     customer states, and the flags new and dormant
    {"list": ["reader-1", "reader-2"]}                      customer ids

What is not known makes a condition false: a trait nobody told is not "above 3", and `is_not` is true of it. Nobody did
an event "at most 3 days ago" who never did it; "at least 30 days ago" holds for them.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engagement.customers.states import CustomerState

DEEPEST, MOST_CONDITIONS, MOST_LISTED, LONGEST_TEXT = 6, 50, 5_000, 255
TRAIT_OPS = ("is", "is_not", "contains", "above", "below", "is_set", "is_not_set")
EVENT_MEASURES = ("count", "sum", "days_since")
EVENT_OPS = ("at_least", "at_most")
FLAGS = ("new", "dormant")
STATES = (*(state.value for state in CustomerState), *FLAGS)


class RuleRefused(ValueError):
    """What is wrong with a rule, in one sentence."""


@dataclass(frozen=True, slots=True)
class TraitIs:
    """A trait compared with a text, or as a number with a number."""

    trait: str
    op: str
    value: str | float | None = None


@dataclass(frozen=True, slots=True)
class EventWas:
    """How often, how long ago or with what sum an event happened; `within_days` None is ever."""

    event: str
    of: str
    op: str
    value: float
    within_days: int | None = None


@dataclass(frozen=True, slots=True)
class StateIs:
    """In one of these states, or with one of these flags."""

    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InList:
    """Named by one of these customer ids."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    parts: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    parts: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: "Rule"


Condition = TraitIs | EventWas | StateIs | InList
Rule = Condition | AllOf | AnyOf | Not


def read(tree: Any) -> Rule:
    """The rule a JSON tree stands for; raises `RuleRefused` with one sentence."""
    rule = _read(tree, 1)
    count = len(conditions(rule))
    if count > MOST_CONDITIONS:
        raise RuleRefused(f"A rule has at most {MOST_CONDITIONS} conditions; this one has {count}.")
    return rule


def _read(tree: Any, depth: int) -> Rule:
    if depth > DEEPEST:
        raise RuleRefused(f"A rule is at most {DEEPEST} levels deep.")
    if not isinstance(tree, dict):
        raise RuleRefused(f'A condition is an object such as {{"trait": …}}, not {_short(tree)}.')
    if "not" in tree:
        _only(tree, "not")
        return Not(_read(tree["not"], depth + 1))
    if "all" in tree:
        return AllOf(_parts(tree, "all", depth))
    if "any" in tree:
        return AnyOf(_parts(tree, "any", depth))
    for name, reader in _READERS.items():
        if name in tree:
            return reader(tree)
    called = _short(next(iter(tree), ""))
    raise RuleRefused(f"No condition is called {called}: use trait, event, state, list, all, any, not.")


def _parts(tree: Mapping[str, Any], name: str, depth: int) -> tuple[Rule, ...]:
    _only(tree, name)
    parts = tree[name]
    if not isinstance(parts, list) or not parts:
        raise RuleRefused(f"“{name}” is a list of at least one condition.")
    return tuple(_read(part, depth + 1) for part in parts)


def _only(tree: Mapping[str, Any], *names: str) -> None:
    extra = sorted(set(tree) - set(names))
    if extra:
        raise RuleRefused(f"“{names[0]}” has nothing called {_short(extra[0])}.")


def _text(tree: Mapping[str, Any], name: str) -> str:
    value = tree.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        raise RuleRefused(f"“{name}” is a text of 1 to {LONGEST_TEXT} characters.")
    return value.strip()


def _number(tree: Mapping[str, Any], name: str) -> float:
    value = tree.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RuleRefused(f"“{name}” is a number, not {_short(value)}.")
    return float(value)


def _one_of(tree: Mapping[str, Any], name: str, allowed: Sequence[str]) -> str:
    value = tree.get(name)
    if value not in allowed:
        raise RuleRefused(f"“{name}” is one of {', '.join(allowed)}, not {_short(value)}.")
    return str(value)


def _short(value: Any) -> str:
    return f"“{str(value)[:40]}”"


def _trait(tree: Mapping[str, Any]) -> TraitIs:
    _only(tree, "trait", "op", "value")
    name, op = _text(tree, "trait"), _one_of(tree, "op", TRAIT_OPS)
    if op in ("is_set", "is_not_set"):
        return TraitIs(name, op)
    return TraitIs(name, op, _number(tree, "value") if op in ("above", "below") else _text(tree, "value"))


def _event(tree: Mapping[str, Any]) -> EventWas:
    _only(tree, "event", "of", "op", "value", "within_days")
    within = tree.get("within_days")
    if within is not None and (isinstance(within, bool) or not isinstance(within, int) or not 1 <= within <= 3_650):
        raise RuleRefused("“within_days” is a whole number from 1 to 3650, or left out.")
    of = _one_of(tree, "of", EVENT_MEASURES)
    return EventWas(_text(tree, "event"), of, _one_of(tree, "op", EVENT_OPS), _number(tree, "value"), within)


def _state(tree: Mapping[str, Any]) -> StateIs:
    _only(tree, "state")
    states = tree["state"]
    if not isinstance(states, list) or not states or any(state not in STATES for state in states):
        raise RuleRefused(f"“state” is a list out of {', '.join(STATES)}.")
    return StateIs(tuple(dict.fromkeys(states)))


def _list(tree: Mapping[str, Any]) -> InList:
    _only(tree, "list")
    ids = tree["list"]
    if not isinstance(ids, list) or not ids or any(not isinstance(one, str) or not one for one in ids):
        raise RuleRefused("“list” is a list of customer ids.")
    if len(ids) > MOST_LISTED:
        raise RuleRefused(f"A list names at most {MOST_LISTED} customers; import a trait for more.")
    return InList(tuple(dict.fromkeys(ids)))


_READERS: dict[str, Callable[[Mapping[str, Any]], Condition]] = {
    "trait": _trait,
    "event": _event,
    "state": _state,
    "list": _list,
}


def conditions(rule: Rule) -> list[Condition]:
    """The leaves, in order."""
    match rule:
        case AllOf(parts) | AnyOf(parts):
            return [leaf for part in parts for leaf in conditions(part)]
        case Not(part):
            return conditions(part)
        case _:
            return [rule]


def traits(rule: Rule) -> list[str]:
    return sorted({leaf.trait for leaf in conditions(rule) if isinstance(leaf, TraitIs)})


def event_measures(rule: Rule) -> list[EventWas]:
    """What is to be added up per customer: one of each event and window."""
    return list(
        {(leaf.event, leaf.within_days): leaf for leaf in conditions(rule) if isinstance(leaf, EventWas)}.values()
    )


def needs_states(rule: Rule) -> bool:
    return any(isinstance(leaf, StateIs) for leaf in conditions(rule))


def needs_names(rule: Rule) -> bool:
    return any(isinstance(leaf, InList) for leaf in conditions(rule))


def states_left(rule: Rule, *, is_denied: bool = False) -> frozenset[str]:
    """The states and flags of which a customer can be in the audience; what says nothing of states leaves all."""
    everything = frozenset(STATES)
    match rule:
        case StateIs(states):
            return everything - set(states) if is_denied else frozenset(states)
        case Not(part):
            return states_left(part, is_denied=not is_denied)
        case AllOf(parts) | AnyOf(parts):
            each = [states_left(part, is_denied=is_denied) for part in parts]
            return everything.intersection(*each) if isinstance(rule, AllOf) != is_denied else frozenset().union(*each)
        case _:
            return everything
