import numpy as np
import pytest

from experiments.stats import (
    Recommendation,
    Suggestion,
    Verdict,
    excludes_minimum_effect,
    is_harm_alarm,
    recommendation,
    suggestion,
    verdicts,
)

LOW, HIGH = np.array([0.1, -0.3, -0.1, np.nan, 0.0]), np.array([0.3, -0.1, 0.2, np.nan, 0.2])


def test_verdicts_at_the_planned_sample():
    assert list(verdicts(LOW, HIGH, plan_reached=True)) == [
        Verdict.BETTER,
        Verdict.WORSE,
        Verdict.NO_CLEAR_DIFFERENCE,
        Verdict.NOT_ENOUGH_DATA,
        Verdict.NO_CLEAR_DIFFERENCE,
    ]


def test_verdicts_when_down_is_good_are_mirrored():
    found = verdicts(LOW, HIGH, direction="down", plan_reached=True)
    assert list(found[:3]) == [Verdict.WORSE, Verdict.BETTER, Verdict.NO_CLEAR_DIFFERENCE]


def test_verdicts_before_the_plan_only_speak_when_the_interval_is_clear_of_zero():
    found = verdicts(LOW, HIGH, plan_reached=False)
    assert list(found[:3]) == [Verdict.BETTER, Verdict.WORSE, Verdict.NOT_ENOUGH_DATA]


def test_broken_split_overrides_everything_and_a_stale_feed_all_but_that():
    found = verdicts(0.1, 0.3, plan_reached=True, is_valid=[False, True, False], is_fresh=[True, False, False])
    assert list(found) == [Verdict.INVALID, Verdict.NOT_ENOUGH_DATA, Verdict.INVALID]


def test_minimum_effect_is_excluded_only_by_an_interval_wholly_inside_it():
    found = excludes_minimum_effect([-0.01, -0.03, 0.0, np.nan], [0.01, 0.01, 0.02, np.nan], 0.02)
    np.testing.assert_array_equal(found, [True, False, False, False])


@pytest.mark.parametrize(
    ("primary", "guardrails", "expected"),
    [
        (Verdict.BETTER, [True, True], Recommendation.SHIP),
        (Verdict.BETTER, [], Recommendation.SHIP),
        (Verdict.BETTER, [True, False], Recommendation.ITERATE),
        (Verdict.WORSE, [True], Recommendation.KEEP_CONTROL),
        (Verdict.NO_CLEAR_DIFFERENCE, [True], Recommendation.KEEP_CONTROL),
        (Verdict.INVALID, [True], Recommendation.STOP_WITHOUT_DECISION),
        (Verdict.NOT_ENOUGH_DATA, [True], None),
    ],
)
def test_recommendation_follows_the_primary_and_the_guardrails(primary, guardrails, expected):
    assert recommendation(primary, guardrails) == expected


def test_best_of_the_treatments_that_are_better_and_harmless_is_shipped():
    words = [Verdict.BETTER, Verdict.BETTER, Verdict.BETTER, Verdict.WORSE]
    found = suggestion(words, [True, True, False, True], [0.1, 0.3, 0.9, -0.5])
    assert found == Suggestion(Recommendation.SHIP, 1)
    down = suggestion(words, [True, True, False, True], [-0.3, -0.1, -0.9, 0.5], direction="down")
    assert down == Suggestion(Recommendation.SHIP, 0)


def test_better_but_harmful_asks_for_another_round():
    found = suggestion([Verdict.BETTER, Verdict.NOT_ENOUGH_DATA], [False, True], [0.2, 0.1])
    assert found == Suggestion(Recommendation.ITERATE, 0)


def test_nothing_is_suggested_while_a_treatment_is_undecided():
    assert suggestion([Verdict.WORSE, Verdict.NOT_ENOUGH_DATA], [True, True], [0.0, 0.0]) == Suggestion(None)


def test_no_better_treatment_keeps_control_and_an_invalid_one_ends_it_all():
    decided = [Verdict.WORSE, Verdict.NO_CLEAR_DIFFERENCE]
    assert suggestion(decided, [True, True], [0.0, 0.0]) == Suggestion(Recommendation.KEEP_CONTROL)
    broken = [Verdict.BETTER, Verdict.INVALID]
    assert suggestion(broken, [True, True], [0.1, 0.1]) == Suggestion(Recommendation.STOP_WITHOUT_DECISION)


def test_suggestion_needs_as_many_of_each():
    with pytest.raises(ValueError, match="2 verdicts, 1 guardrails and 2 effects"):
        suggestion([Verdict.BETTER, Verdict.WORSE], [True], [0.1, 0.2])


def test_harm_alarms_at_a_hundred():
    assert list(is_harm_alarm([99.9, 100.0, np.inf, np.nan])) == [False, True, True, False]
