"""The talks on disputed ideas over HTTP. What may be read when is tests/test_secrecy.py's."""

from datetime import timedelta

import pytest

from backlog.models import Talk
from backlog.services import rounds
from engagement.accounts.models import Member
from engagement.core.clock import now
from engagement.core.models import Job
from tests.backlog.factories import DisputedFactory
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.fixture
def talk():
    place = DisputedFactory()
    rounds.close_round(voting_round=place.round, actor=None)
    return Talk.objects.get()


def address(talk, verb: str = "") -> str:
    return f"/api/v1/talks/{talk.pk}/{verb}"


def told(answer) -> list[tuple[str, str]]:
    return [(side["voter"]["name"], side["text"]) for side in answer.json()["sides"]]


def test_a6_1_both_ends_write_over_http_and_are_read_at_the_same_moment(client_of, talk):
    low, high = (client_of(Member.objects.get(name=name)) for name in ("Lou", "Oz"))

    kept = low.post(address(talk, "explanation/"), {"text": "Seen it fail."}, content_type=JSON)
    unread = high.get(address(talk))
    high.post(address(talk, "explanation/"), {"text": "Seen it work.", "would_change": "A test."}, content_type=JSON)
    read = client_of(MemberFactory()).get("/api/v1/talks/").json()["results"]

    assert told(kept) == [("Oz", ""), ("Lou", "Seen it fail.")]
    assert (told(unread), unread.json()["opened_at"]) == ([("Oz", ""), ("Lou", "")], None)
    place = talk.round_idea
    assert [(one["round"], one["idea"], one["scale"]) for one in read] == [(place.round_id, place.idea_id, "impact")]
    assert [(side["end"], side["score"], side["text"], side["would_change"]) for side in read[0]["sides"]] == [
        ("highest", 9, "Seen it work.", "A test."),
        ("lowest", 2, "Seen it fail.", ""),
    ]


def test_a6_1_what_the_pages_refuse_is_refused_over_http(client_of, talk):
    other, low = client_of(MemberFactory()), client_of(Member.objects.get(name="Lou"))
    moderator = client_of(talk.round_idea.round.opened_by)

    answers = [
        other.post(address(talk, "explanation/"), {"text": "Me too."}, content_type=JSON),
        low.post(address(talk, "explanation/"), {"text": ""}, content_type=JSON),
        low.post(address(talk, "explanation/"), {"text": "x" * 100_000}, content_type=JSON),
        moderator.post(address(talk, "alone/"), {"reason": "Enough."}, content_type=JSON),
        moderator.post(address(talk, "ask/"), {"end": "middle"}, content_type=JSON),
    ]

    assert [answer.status_code for answer in answers] == [403, 400, 400, 409, 400]
    assert talk.explanations.filter(written_at__isnull=False).count() == 0


def test_a6_1_an_end_is_asked_and_one_text_stands_alone_over_http(client_of, talk):
    moderator = client_of(talk.round_idea.round.opened_by)
    low = client_of(Member.objects.get(name="Lou"))
    low.post(address(talk, "explanation/"), {"text": "Seen it fail."}, content_type=JSON)

    asked = moderator.post(address(talk, "ask/"), {"end": "highest"}, content_type=JSON)
    talk.round_idea.round.closed_at = now() - timedelta(days=4)
    talk.round_idea.round.save()
    alone = moderator.post(address(talk, "alone/"), {"reason": "Oz is away."}, content_type=JSON)

    assert asked.json()["sides"][0]["asked_at"] is not None
    assert Job.objects.filter(name="backlog.tasks.ask_for_reason").count() == 1
    assert (alone.json()["alone_reason"], told(alone)) == ("Oz is away.", [("Oz", ""), ("Lou", "Seen it fail.")])


@pytest.mark.parametrize("rows", [1, 3])
def test_query_count_does_not_grow_with_rows(client_of, rows, django_assert_max_num_queries):
    place = DisputedFactory()
    for number in range(1, rows):
        DisputedFactory(round=place.round, idea__title=f"Idea {number}")
    rounds.close_round(voting_round=place.round, actor=None)
    client = client_of(MemberFactory())

    with django_assert_max_num_queries(5):
        assert len(client.get("/api/v1/talks/").json()["results"]) == rows
