"""Medians, spreads and ICE against NumPy, exact fractions and numbers worked by hand."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backlog.scoring import ScaleSummary, Scores, order_key, summarise, summarise_scale

score = st.integers(1, 10)
maybe = st.none() | score
ballots = st.lists(st.builds(Scores, maybe, maybe, maybe), max_size=40)


def test_summarise_nine_ballots_worked_by_hand():
    # Ordered: impact 2 3 3 4 5 7 8 8 9, confidence 2 3 3 4 5 6 6 7 7, ease 6 6 7 7 7 7 7 8 8. With nine scores the
    # quartiles are the third and the seventh, the median the fifth. ICE = (5 + 5 + 7) / 3 = 5.67.
    impact, confidence, ease = (9, 8, 8, 7, 3, 4, 2, 3, 5), (7, 7, 6, 6, 3, 4, 3, 2, 5), (8, 7, 7, 6, 7, 8, 7, 6, 7)

    summary = summarise(Scores(*scores) for scores in zip(impact, confidence, ease, strict=True))

    assert summary.impact == ScaleSummary(Decimal(3), Decimal(5), Decimal(8), (0, 1, 2, 1, 1, 0, 1, 2, 1, 0))
    assert summary.confidence == ScaleSummary(Decimal(3), Decimal(5), Decimal(6), (0, 1, 2, 1, 1, 2, 2, 0, 0, 0))
    assert summary.ease == ScaleSummary(Decimal(7), Decimal(7), Decimal(7), (0, 0, 0, 0, 0, 2, 5, 2, 0, 0))
    assert [summary.impact.spread, summary.confidence.spread, summary.ease.spread] == [5, 3, 0]
    assert (summary.ice, summary.missing, summary.counted) == (Decimal("5.7"), (), 9)


def test_summarise_when_some_abstain_leaves_them_out_scale_by_scale():
    # Impact 4 and 7: median 5.5, quartiles 4.75 and 6.25. Confidence 9 alone. Ease 1 and 2. ICE = (5.5+9+1.5)/3 = 5.33.
    summary = summarise([Scores(4, None, 1), Scores(7, 9, None), Scores(None, None, 2), Scores(None, None, None)])

    assert (summary.impact.median, summary.impact.spread) == (Decimal("5.5"), Decimal("1.5"))
    assert (summary.confidence.median, summary.confidence.spread) == (Decimal(9), Decimal(0))
    assert (summary.ease.median, summary.ease.spread) == (Decimal("1.5"), Decimal("0.5"))
    assert (summary.ice, summary.missing, summary.counted) == (Decimal("5.3"), (), 3)


def test_summarise_when_nobody_scored_a_scale_gives_no_ice_and_names_it():
    summary = summarise([Scores(7, None, 8), Scores(6, None, None)])

    assert (summary.ice, summary.missing, summary.counted) == (None, ("confidence",), 2)
    assert summary.confidence == ScaleSummary(None, None, None, (0,) * 10)


def test_summarise_without_ballots_gives_nothing():
    summary = summarise([])

    assert (summary.ice, summary.missing, summary.counted) == (None, ("impact", "confidence", "ease"), 0)


@given(st.lists(score, min_size=1, max_size=60))
def test_scale_agrees_with_numpy(scores):
    summary = summarise_scale(scores)

    lower, upper = np.percentile(scores, [25, 75], method="linear")
    assert (float(summary.lower), float(summary.median), float(summary.upper)) == (lower, np.median(scores), upper)
    assert float(summary.spread) == upper - lower
    assert summary.counts == tuple(np.bincount(scores, minlength=11)[1:])


@given(ballots)
def test_ice_is_the_mean_of_three_medians_to_one_decimal(cast):
    summary = summarise(cast)

    scales = ([getattr(ballot, scale) for ballot in cast] for scale in ("impact", "confidence", "ease"))
    medians = [np.median(given) for scores in scales if (given := [one for one in scores if one is not None])]
    if len(medians) < 3:
        assert summary.ice is None
    else:
        exact = sum(Fraction(median) for median in medians) / 3
        assert abs(Fraction(summary.ice) - exact) < Fraction(1, 20)
        assert summary.ice.as_tuple().exponent == -1


@given(ballots, st.randoms())
def test_summary_does_not_depend_on_the_order_of_ballots(cast, random):
    shuffled = random.sample(cast, len(cast))

    assert summarise(shuffled) == summarise(cast)


@given(ballots)
def test_ballots_that_abstain_on_everything_change_nothing(cast):
    assert summarise([*cast, Scores(None, None, None)]) == summarise(cast)


def test_order_key_stays_and_differs_by_member_and_round():
    def order(member: int, voting_round: int) -> list[int]:
        return sorted(range(12), key=lambda idea: order_key(member=member, voting_round=voting_round, idea=idea))

    assert order(1, 1) == order(1, 1)
    assert len({tuple(order(member, voting_round)) for member in range(20) for voting_round in range(5)}) == 100


def test_order_key_puts_every_idea_first_about_equally_often():
    firsts = [
        min(range(4), key=lambda idea: order_key(member=member, voting_round=1, idea=idea)) for member in range(2000)
    ]

    assert all(430 <= firsts.count(idea) <= 570 for idea in range(4))  # 500 expected, sd 19
