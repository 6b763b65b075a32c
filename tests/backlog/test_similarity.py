"""When two ideas say the same."""

import pytest

from backlog import queries
from backlog.similarity import is_nearly_the_same, telling_words
from tests.backlog.factories import IdeaFactory


def test_telling_words_are_distinct_long_and_few():
    assert telling_words("No ask in the first seven days, the FIRST week") == ["first", "seven", "days", "week"]
    assert len(telling_words(" ".join(f"word{n}" for n in range(40)))) == 12


@pytest.mark.parametrize(
    ("title", "other", "same"),
    [
        ("A quiet first week", "A quiet first week!", True),
        ("Quiet week for new readers", "For new readers, a quiet week", True),
        ("Thank readers after their third visit", "Thank reader after third visit", True),
        ("A quiet first week", "A loud last month", False),
        ("Push only for topics a reader follows", "Push only in the evening", False),
    ],
)
def test_titles_nearly_the_same(title, other, same):
    assert is_nearly_the_same(title, other) is same


@pytest.mark.django_db
def test_the_nearest_come_first_and_those_that_share_little_or_were_merged_do_not_come():
    exact = IdeaFactory(title="Quiet week for readers", problem="-", change="-")
    half = IdeaFactory(title="A quiet month", problem="Readers leave in a week.", change="-")
    IdeaFactory(title="Evening push", problem="Something else altogether", change="-")
    IdeaFactory(title="Quiet week for readers", state="merged", merged_into=exact)

    assert queries.similar_ideas("quiet week, readers") == [exact, half]
    assert queries.similar_ideas("quiet week, readers", but=exact) == [half]
    assert queries.similar_ideas("is it so") == []
