"""The page on which members rate the way they work."""

import pytest

from backlog.queries import current_quarter
from engagement.core.clock import now
from experiments.maturity import Factor
from experiments.models import FactorRating
from experiments.queries.maturity import own_ratings
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def quarter():
    return current_quarter(now())


def test_ratings_are_kept_changed_and_taken_back_without_script(client, quarter):
    member = MemberFactory()
    client.force_login(member)
    assert client.get("/maturity/")["Location"] == f"/maturity/{quarter}/"

    answer = client.post(f"/maturity/{quarter}/", {"trust": "4", "speed": "2"}, follow=True)

    page = answer.content.decode()
    assert own_ratings(member, str(quarter)) == {"trust": 4, "speed": 2}
    assert "Your ratings are kept." in page
    assert 'name="trust" value="4" checked' in page
    client.post(f"/maturity/{quarter}/", {"speed_abstain": "on", "speed": "2", "limits": "5"})
    assert own_ratings(member, str(quarter)) == {"trust": 4, "limits": 5}


def test_the_page_has_five_steps_for_each_factor_and_nobody_elses_ratings(client, quarter):
    FactorRating.objects.create(quarter=str(quarter), member=MemberFactory(), factor="trust", rating=5)
    client.force_login(MemberFactory())

    page = client.get(f"/maturity/{quarter}/").content.decode()

    assert page.count('type="radio"') == 5 * len(Factor)
    assert "checked" not in page
    assert "1 member has rated." in page
    assert "You have not yet." in page
    assert "Decided experiments closed with a retro: at least 90%." in page


@pytest.mark.parametrize("rating", ["0", "6", "much"])
def test_an_odd_rating_is_told_beside_its_scale(client, quarter, rating):
    client.force_login(MemberFactory())

    answer = client.post(f"/maturity/{quarter}/", {"trust": rating, "speed": "3"})

    assert answer.status_code == 422
    assert "A rating is 1, 2, 3, 4 or 5." in answer.content.decode()
    assert not FactorRating.objects.exists()


def test_another_quarter_is_not_rated(client, quarter):
    client.force_login(MemberFactory())
    far = quarter.next

    answer = client.post(f"/maturity/{far}/", {"trust": "3"})

    assert "This quarter is not rated now" in client.get(f"/maturity/{far}/").content.decode()
    assert answer.status_code == 409
    assert "while it lasts" in answer.content.decode()
    assert client.get("/maturity/2026-Q9/").status_code == 404


def test_a_reader_does_not_rate(client, quarter):
    client.force_login(MemberFactory(reader=True))

    assert client.get(f"/maturity/{quarter}/").status_code == 403
    assert client.post(f"/maturity/{quarter}/", {"trust": "3"}).status_code == 403
    assert not FactorRating.objects.exists()
    client.force_login(MemberFactory())
    assert client.post(f"/maturity/{quarter}/", {"trust": "3"}).status_code == 302


def test_the_page_takes_as_many_queries_for_one_rating_and_for_many(client, quarter, django_assert_num_queries):
    member = MemberFactory()
    client.force_login(member)
    client.get(f"/maturity/{quarter}/")
    for factor in ("trust", "speed", "limits"):
        FactorRating.objects.create(quarter=str(quarter), member=member, factor=factor, rating=3)
        with django_assert_num_queries(8):
            client.get(f"/maturity/{quarter}/")
