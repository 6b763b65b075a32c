"""The words under which a split round is shown."""

import pytest

from backlog.models import Ballot, Idea, RoundIdea
from backlog.queries import BoardRow
from backlog.views.reveal import Tier, most_disputed, rank_axis, split_sentence
from engagement.accounts.models import Member


def row(scores: dict[str, list[int]], *, spread: int = 5) -> BoardRow:
    """An idea about whose impact the members of each discipline say this."""
    cast = [
        Ballot(voter=Member(discipline=discipline), impact=score, confidence=5, ease=None)
        for discipline, given in scores.items()
        for score in given
    ]
    result = RoundIdea(counted_ballots=len(cast), impact_spread=spread, confidence_spread=0, ease_spread=None)
    return BoardRow(idea=Idea(title="A quiet week"), ballots=cast, own=None, result=result)


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        (
            {"marketing": [9, 8], "product": [7], "data": [3, 4], "editorial": [2]},
            "On impact the pod is in two camps: product and marketing 7 to 9, editorial and data 2 to 4",
        ),
        ({"design": [9, 9], "data": [2, 2, 3]}, "On impact the pod is in two camps: design 9, data 2 to 3"),
        (
            {"marketing": [2, 9], "data": [3, 8], "design": [3]},
            "On impact the pod is split through its disciplines, from 2 to 9",
        ),
        ({"design": [2, 3, 8, 9, 8]}, "On impact the pod is split through its disciplines, from 2 to 9"),
    ],
)
def test_two_camps_are_told_where_no_ballot_of_one_reaches_into_the_other(scores, said):
    assert split_sentence(row(scores)) == said


def test_the_widest_spread_is_shown_and_nothing_to_those_who_see_no_ballots():
    mild, wide = row({"data": [3, 4, 5, 6, 7]}, spread=3), row({"data": [1, 2, 5, 8, 9]}, spread=6)
    hidden = BoardRow(idea=wide.idea, ballots=[], own=None, result=wide.result)

    assert most_disputed([mild, wide]) is wide
    assert most_disputed([hidden]) is None


@pytest.mark.parametrize(
    ("ideas", "named"), [(1, [1]), (4, [1, 2, 3, 4]), (12, list(range(1, 13))), (50, [1, 11, 21, 30, 40, 50])]
)
def test_the_axis_of_ranks_names_twelve_at_most_the_first_and_the_last_among_them(ideas, named):
    axis = rank_axis([Tier(1, [None] * ideas)])

    assert [rank for _x, rank in axis] == named
    assert [x for x, _rank in axis] == sorted({x for x, _rank in axis})
