"""Rating the way we work: whose, when, and what is told of it."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from backlog.quarters import Quarter
from engagement.accounts.models import AuditEntry
from engagement.core.errors import Conflict, Forbidden, InvalidInput
from experiments.models import FactorRating
from experiments.queries import maturity as queries
from experiments.queries.maturity import Rated
from experiments.services.maturity import rate
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
QUARTER = Quarter(2026, 3)
AT = datetime(2026, 8, 1, tzinfo=UTC)


def rated(**ratings):
    member = MemberFactory()
    rate(quarter=QUARTER, ratings=ratings, actor=member, at=AT)
    return member


def test_an_average_is_told_from_three_raters_on_and_counts_before():
    for rating in (5, 4, 4):
        rated(trust=rating, speed=2 if rating == 5 else None)
    rated(speed=3)

    assert queries.ratings(str(QUARTER)) == {"trust": Rated(3, 4.3), "speed": Rated(2, None)}
    assert queries.rater_count(str(QUARTER)) == 4
    assert queries.ratings(str(QUARTER.next)) == {}


def test_a_rating_is_changed_and_taken_back_and_others_stay():
    member = rated(trust=5, speed=2, limits=3)

    rate(quarter=QUARTER, ratings={"trust": 1, "speed": None}, actor=member, at=AT)

    assert queries.own_ratings(member, str(QUARTER)) == {"trust": 1, "limits": 3}


def test_the_trail_says_nothing_of_ratings():
    rated(trust=5)

    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("moment", [datetime(2026, 6, 30, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)])
def test_a_quarter_is_rated_while_it_lasts_and_during_the_one_after(moment):
    with pytest.raises(Conflict, match="while it lasts"):
        rate(quarter=QUARTER, ratings={"trust": 3}, actor=MemberFactory(), at=moment)

    rate(quarter=QUARTER, ratings={"trust": 3}, actor=MemberFactory(), at=datetime(2026, 12, 31, tzinfo=UTC))
    assert FactorRating.objects.count() == 1


def test_a_reader_does_not_rate():
    with pytest.raises(Forbidden):
        rate(quarter=QUARTER, ratings={"trust": 3}, actor=MemberFactory(reader=True), at=AT)


@pytest.mark.parametrize("ratings", [{"trust": 0}, {"trust": 6}, {"charm": 3}])
def test_odd_ratings_are_refused_and_nothing_is_kept(ratings):
    with pytest.raises(InvalidInput):
        rate(quarter=QUARTER, ratings={"speed": 3, **ratings}, actor=MemberFactory(), at=AT)

    assert not FactorRating.objects.exists()


def test_the_database_holds_to_one_rating_from_one_to_five():
    words = {"quarter": str(QUARTER), "member": MemberFactory(), "factor": "trust"}
    FactorRating.objects.create(rating=5, **words)

    for wrong in ({"rating": 4}, {"rating": 6, "factor": "speed"}, {"rating": 0, "factor": "speed"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FactorRating.objects.create(**{**words, **wrong})
