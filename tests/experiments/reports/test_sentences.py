"""Results as sentences."""

from dataclasses import replace

import pytest

from experiments.reports.effects import Effect, shared_axis
from experiments.reports.sentences import effect_sentence, listed, one_of, verdict_sentence

SHARE = Effect("bought", "proportion", "", "mail", 1, 400, "better", 0.0766, 0.0700, 0.0832, 0.72, 0.64, 0.81)
MONEY = replace(SHARE, metric="spend", kind="mean", unit="EUR", estimate=0.4244, low=0.1342, high=0.7146)


def said(effect: Effect, status: str = "ok") -> str:
    return effect_sentence(effect, control="none", status=status)


@pytest.mark.parametrize(
    ("effect", "sentence"),
    [
        (SHARE, "About 7.7 more in 100 customers than with none; the data allow 7.0 to 8.3 more."),
        (
            replace(SHARE, estimate=0.00311, low=0.0015, high=0.00475),
            "About 3.1 more in 1,000 customers than with none; the data allow 1.5 to 4.8 more.",
        ),
        (
            replace(SHARE, verdict="worse", estimate=-0.02, low=-0.031, high=-0.009),
            "About 2.0 fewer in 100 customers than with none; the data allow 0.9 to 3.1 fewer.",
        ),
        (
            replace(SHARE, verdict="no clear difference", estimate=0.008, low=-0.006, high=0.022),
            "Zero lies inside the interval: the data allow 0.6 fewer to 2.2 more in 100 customers.",
        ),
        (MONEY, "About 0.42 EUR more per customer than with none; the data allow 0.13 to 0.71 EUR more."),
        (
            replace(MONEY, verdict="worse", estimate=-12.3, low=-20.4, high=-4.2),
            "About 12.3 EUR less per customer than with none; the data allow 4.2 to 20.4 EUR less.",
        ),
        (replace(SHARE, verdict="invalid"), "A health check failed, so no effect is shown."),
        (
            replace(SHARE, verdict="not enough data yet", estimate=None, low=None, high=None),
            "The plan is not reached yet, so no effect is shown.",
        ),
    ],
)  # fmt: skip
def test_an_effect_is_told_with_its_range_and_never_alone(effect, sentence):
    assert said(effect).replace("\N{NO-BREAK SPACE}", " ") == sentence


def test_an_estimate_without_an_interval_is_not_told():
    alone = replace(SHARE, low=None, high=None)

    assert said(alone, "too_few") == "There are too few customers for an interval."
    assert said(alone, "zero_variance") == "All customers have the same value, so there is no interval."
    assert said(alone) == "There is no interval, so no effect is shown."


@pytest.mark.parametrize(
    ("verdicts", "sentence"),
    [
        ({"A": "better"}, "A is better"),
        ({"A": "better", "B": "better"}, "A and B are better"),
        ({"B": "no clear difference", "A": "better"}, "A is better, B shows no clear difference"),
        (
            {"A": "worse", "B": "no clear difference", "C": "no clear difference"},
            "A is worse, B and C show no clear difference",
        ),
        ({"A": "better", "B": "not enough data yet"}, "A is better, B: not enough data yet"),
        ({"A": "not enough data yet", "B": "not enough data yet"}, "There is not enough data yet"),
        ({"A": "invalid", "B": "invalid"}, "The result is invalid"),
    ],
)  # fmt: skip
def test_verdicts_are_told_better_first(verdicts, sentence):
    assert verdict_sentence(verdicts) == sentence


def test_names_are_listed_with_and_or_or():
    assert [listed(["A", "B", "C"][:number]) for number in range(4)] == ["", "A", "A and B", "A, B and C"]
    assert one_of(["A", "B", "C"]) == "A, B or C"


def test_a_list_has_one_axis_with_zero_on_it():
    double = replace(SHARE, lift=1.0, lift_low=0.0, lift_high=3.0)
    half = replace(SHARE, lift=-0.5, lift_low=-0.75, lift_high=0.0)

    low, high = shared_axis([double, None, half])

    assert (low, high) == pytest.approx((-high, high))  # a quarter and four times lie equally far
    assert shared_axis([replace(SHARE, lift=None), None]) is None
