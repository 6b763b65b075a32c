"""From interval to word: what a readout may say of one metric, and what to do about the experiment."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from experiments.stats import validation
from experiments.stats.validation import BoolArray, ObjectArray


class Verdict(StrEnum):
    """The only words a readout uses for a metric."""

    BETTER = "better"
    WORSE = "worse"
    NO_CLEAR_DIFFERENCE = "no clear difference"
    NOT_ENOUGH_DATA = "not enough data yet"
    INVALID = "invalid"


class Direction(StrEnum):
    """Which way of a metric is good."""

    UP = "up"
    DOWN = "down"


class Recommendation(StrEnum):
    """What a readout suggests; people decide."""

    SHIP = "ship"
    KEEP_CONTROL = "keep control"
    ITERATE = "iterate"
    STOP_WITHOUT_DECISION = "stop without decision"


# A harm e-value from here up warns of, or pauses, a running experiment; harmless ones get here less than 1 in 100.
HARM_ALARM = 100.0


@dataclass(frozen=True)
class Suggestion:
    """What to do, and with which treatment (its place among the treatments) where it is about one."""

    decision: Recommendation | None
    treatment: int | None = None


def verdicts(
    low: ArrayLike,
    high: ArrayLike,
    *,
    direction: str = Direction.UP,
    plan_reached: ArrayLike,
    is_valid: ArrayLike = True,
    is_fresh: ArrayLike = True,
) -> ObjectArray:
    """`Verdict` of each cell from the limits that are valid at this look under the rule frozen at launch.

    low, high:    limits of the absolute effect (or the lift; zero is the same in both); NaN where there are none.
    plan_reached: the planned sample is there. Before that an interval clear of zero still speaks, an undecided
                  one does not.
    is_valid:     sample ratio and contamination passed; otherwise nothing else counts.
    is_fresh:     feeds are complete.
    Edge: NaN limits are never a verdict on the effect: not enough data yet.
    """
    lower, upper = validation.numbers("low", low), validation.numbers("high", high)
    is_up = Direction(direction) is Direction.UP
    good = lower > 0 if is_up else upper < 0
    bad = upper < 0 if is_up else lower > 0
    undecided = np.asarray(plan_reached, dtype=np.bool_) & ~np.isnan(lower) & ~np.isnan(upper)
    valid, fresh = np.asarray(is_valid, dtype=np.bool_), np.asarray(is_fresh, dtype=np.bool_)
    claims = [~valid, ~fresh, good, bad, undecided]
    words = [Verdict.INVALID, Verdict.NOT_ENOUGH_DATA, Verdict.BETTER, Verdict.WORSE, Verdict.NO_CLEAR_DIFFERENCE]
    shape = np.broadcast_shapes(*(claim.shape for claim in claims))
    answer = np.full(shape, Verdict.NOT_ENOUGH_DATA, dtype=object)
    for claim, word in reversed(list(zip(claims, words, strict=True))):
        answer[np.broadcast_to(claim, shape)] = word
    return answer


def excludes_minimum_effect(low: ArrayLike, high: ArrayLike, minimum_effect: ArrayLike) -> BoolArray:
    """Whether the whole interval lies inside -+ `minimum_effect`: effects worth having are ruled out.

    `minimum_effect` is above 0, on the scale of the limits. False where the limits are NaN.
    Source: two one-sided tests (Schuirmann 1987), each at half of one minus the interval's level.
    """
    lower, upper = validation.numbers("low", low), validation.numbers("high", high)
    smallest = validation.positive("minimum_effect", minimum_effect)
    return np.asarray((lower > -smallest) & (upper < smallest))


def recommendation(primary: str, guardrails_passed: Iterable[bool] = ()) -> Recommendation | None:
    """What the primary metric's verdict and the guardrails suggest together; None while there is nothing to decide.

    Ship only if the primary is better and every guardrail passes; better with a failed guardrail asks for another
    round; worse and no clear difference keep the control; an invalid experiment ends without a decision.
    """
    match Verdict(primary):
        case Verdict.BETTER:
            return Recommendation.SHIP if all(guardrails_passed) else Recommendation.ITERATE
        case Verdict.WORSE | Verdict.NO_CLEAR_DIFFERENCE:
            return Recommendation.KEEP_CONTROL
        case Verdict.INVALID:
            return Recommendation.STOP_WITHOUT_DECISION
        case Verdict.NOT_ENOUGH_DATA:
            return None


def suggestion(
    primary: Iterable[str],
    guardrails_passed: Iterable[bool],
    effects: Iterable[float],
    *,
    direction: str = Direction.UP,
) -> Suggestion:
    """What several treatments against one control suggest together; all three in the order of the treatments.

    primary:           verdicts of the primary metric.
    guardrails_passed: whether the treatment passed every guardrail.
    effects:           estimates of the primary metric, by which the best of several is chosen.

    Ship the best of those that are better and passed; else iterate on the best of those that are better; else wait
    while any is undecided; else keep control. One invalid verdict ends the experiment without a decision.
    """
    words = [Verdict(word) for word in primary]
    passed = list(guardrails_passed)
    sign = 1.0 if Direction(direction) is Direction.UP else -1.0
    gains = [sign * effect for effect in effects]
    if not len(words) == len(passed) == len(gains):
        raise ValueError(f"{len(words)} verdicts, {len(passed)} guardrails and {len(gains)} effects do not match")
    if Verdict.INVALID in words:
        return Suggestion(Recommendation.STOP_WITHOUT_DECISION)
    better = [place for place, word in enumerate(words) if word is Verdict.BETTER]
    cleared = [place for place in better if passed[place]]
    if better:
        best = max(cleared or better, key=lambda place: gains[place])
        return Suggestion(recommendation(words[best], [passed[best]]), best)
    if not words or Verdict.NOT_ENOUGH_DATA in words:
        return Suggestion(None)
    return Suggestion(Recommendation.KEEP_CONTROL)


def is_harm_alarm(harm_e_value: ArrayLike) -> BoolArray:
    """Whether harm e-values ask people to look at once; False where there is none yet (NaN)."""
    return np.asarray(validation.numbers("harm_e_value", harm_e_value) >= HARM_ALARM)
