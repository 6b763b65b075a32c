"""The forecast against the textbook formulas, and what it offers where a plan is too short."""

from datetime import UTC, datetime, timedelta
from math import ceil, sqrt

import pytest
from scipy.stats import norm

from experiments.metrics.definition import MetricDefinition
from experiments.reports.forecast import Assumptions, forecast

STARTS = datetime(2026, 7, 6, tzinfo=UTC)
RATE = MetricDefinition("bought", "proportion", event="bought", window_s=14 * 86_400)
AMOUNT = MetricDefinition("spend", "mean", event="spend", window_s=86_400)
KNOWN = Assumptions(level=0.2, effect=0.02, customers_a_day=500, power=0.8)


def textbook(first: float, second: float) -> float:
    """Customers per variant of the two-proportion test at 5% and 80%."""
    pooled = (first + second) / 2
    null = norm.ppf(0.975) * sqrt(2 * pooled * (1 - pooled))
    own = norm.ppf(0.8) * sqrt(first * (1 - first) + second * (1 - second))
    return ((null + own) / (first - second)) ** 2


def test_b4_1_the_customers_agree_with_the_two_proportion_formula():
    found = forecast(RATE, [0.5, 0.5], KNOWN)

    assert found.customers[0] == found.customers[1]
    assert found.customers[0] == pytest.approx(textbook(0.2, 0.22), rel=0.01)
    assert (found.days, found.wait_days) == (28, 14)  # 13,000 at 500 a day are 26 days, in whole weeks 28


def test_an_amount_agrees_with_the_two_sample_formula():
    found = forecast(AMOUNT, [0.5, 0.5], Assumptions(10.0, 0.5, 1_000, 0.9, spread=12.0))

    expected = 2 * (12 / 0.5) ** 2 * (norm.ppf(0.975) + norm.ppf(0.9)) ** 2
    assert found.customers[0] == pytest.approx(expected, rel=0.001)


def test_a_change_downwards_needs_what_a_fall_of_the_rate_needs():
    down = MetricDefinition("left", "proportion", event="left", direction="down", window_s=86_400)

    assert forecast(down, [0.5, 0.5], KNOWN).customers[0] == pytest.approx(textbook(0.2, 0.18), rel=0.01)


def test_more_days_find_less():
    effects = [part.effect for part in forecast(RATE, [0.5, 0.5], KNOWN).lengths]

    assert effects == sorted(effects, reverse=True)
    fourteen = next(part for part in forecast(RATE, [0.5, 0.5], KNOWN).lengths if part.days == 14)
    assert textbook(0.2, 0.2 + fourteen.effect) == pytest.approx(14 * 500 / 2, rel=0.01)


def test_three_offers_where_the_planned_days_are_too_few_and_none_where_they_suffice():
    total = 2 * textbook(0.2, 0.22)

    short = forecast(RATE, [0.5, 0.5], KNOWN, starts=STARTS, ends=STARTS + timedelta(days=14))
    long = forecast(RATE, [0.5, 0.5], KNOWN, starts=STARTS, ends=STARTS + timedelta(days=28))

    assert long.offers == ()
    assert short.offers == (
        "A larger minimum effect: 14 days find 2.7 points.",
        f"A wider audience: with {ceil(total / 14):,} new customers a day 14 days are enough.",
        f"A metric with less noise: with {100 * (1 - 7_000 / total):.0f}% less variance 14 days are enough.",
    )


def test_a_year_that_is_not_enough_is_said():
    assert forecast(RATE, [0.5, 0.5], Assumptions(0.2, 0.02, 10, 0.8)).days is None


def test_a_rate_has_no_room_for_a_change_beyond_it():
    with pytest.raises(ValueError, match="outside"):
        forecast(RATE, [0.5, 0.5], Assumptions(0.9, 0.2, 500, 0.8))


def test_several_treatments_need_more_than_one():
    one, three = forecast(RATE, [0.5, 0.5], KNOWN), forecast(RATE, [0.25] * 4, KNOWN)

    assert three.customers[0] > 1.15 * one.customers[0]
    assert len(set(three.customers)) == 1
