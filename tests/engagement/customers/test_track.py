"""The tracking endpoints over HTTP: what they answer, what they take once, whom they refuse."""

import base64
import gzip
import json
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from engagement.accounts import keys
from engagement.accounts.services.keys import make_key, revoke_key
from engagement.core.clock import now
from engagement.core.errors import InvalidInput
from engagement.customers import rate
from engagement.customers.models import InboxItem
from engagement.customers.services import inbox
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
ORIGIN = "https://shop.example.org"


@pytest.fixture(autouse=True)
def nobody_known():
    keys.forget()
    rate._buckets.clear()


@pytest.fixture
def secret() -> str:
    return make_key(name="Shop server", kind="secret", actor=None)[1]


@pytest.fixture
def publishable() -> str:
    return make_key(name="Shop", kind="publishable", origins=[ORIGIN], actor=None)[1]


def send(kind: str, body, key: str = "", *, packed: bool = False, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    if packed:
        raw, headers["content-encoding"] = gzip.compress(raw), "gzip"
    if key:
        headers["authorization"] = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
    return Client().generic("POST", f"/v1/{kind}", raw, content_type="application/json", headers=headers)


def event(number: int, **more) -> dict:
    return {"type": "track", "userId": f"u{number}", "event": "purchase", "messageId": f"m{number}", **more}


def told(response) -> dict:
    return json.loads(response.content)


def test_a_batch_is_taken_once_and_its_wrong_items_are_named(secret):
    items = [event(1), event(2, userId=None), event(3), {"type": "track"}]
    answer = send("batch", {"batch": items}, secret)
    assert (answer.status_code, told(answer)) == (200, {
        "success": True, "accepted": 2, "repeated": 0,
        "errors": [
            {"index": 1, "messageId": "m2", "message": "An item needs a userId or an anonymousId."},
            {"index": 3, "messageId": None, "message": "An item needs a userId or an anonymousId."},
        ],
    })  # fmt: skip
    assert InboxItem.objects.count() == 2
    again = send("batch", {"batch": items[:1] * 3 + [event(4)]}, secret, packed=True)
    assert told(again) == {"success": True, "accepted": 1, "repeated": 3}
    assert InboxItem.objects.count() == 3


@pytest.mark.parametrize("kind", ["identify", "track", "page", "screen", "group", "alias"])
def test_every_call_has_its_own_address(secret, kind):
    call = {"userId": "u", "event": "e", "groupId": "g", "previousId": "p", "messageId": kind}
    assert told(send(kind, call, secret)) == {"success": True, "accepted": 1, "repeated": 0}
    refused = send(kind, {"messageId": "x"}, secret)
    assert refused.status_code == 400
    assert told(refused)["message"] == "An item needs a userId or an anonymousId."


def test_a_message_is_known_for_thirty_days(secret):
    with time_machine.travel(now() - timedelta(days=31)):
        send("track", event(1), secret)
    with time_machine.travel(now() - timedelta(days=29)):
        send("track", event(2), secret)
    assert inbox.forget_seen() == 1
    answer = send("batch", {"batch": [event(1), event(2)]}, secret)
    assert told(answer) == {"success": True, "accepted": 1, "repeated": 1}


def test_whoever_shows_no_key_or_a_revoked_one_is_refused(secret):
    for key in ("", "ice_sk_wrong", "x" * 1000):
        answer = send("track", event(1), key)
        assert (answer.status_code, told(answer)["code"]) == (401, "unauthorised")
        assert answer["WWW-Authenticate"].startswith("Basic")
    key, text = make_key(name="Old", kind="secret", actor=None)
    assert send("track", event(1), text).status_code == 200
    revoke_key(key=key, actor=None)
    keys.forget()
    assert send("track", event(2), text).status_code == 401
    assert InboxItem.objects.count() == 1


def test_a_key_that_reads_sends_nothing():
    _key, text = make_key(name="Report", kind="secret", scopes=["read"], actor=MemberFactory(administrator=True))
    answer = send("track", event(1), text)
    assert (answer.status_code, told(answer)["code"]) == (403, "scope")
    assert not InboxItem.objects.exists()


def test_a_publishable_key_serves_its_origins_and_little_else(publishable):
    assert send("track", event(1), publishable).status_code == 403
    assert send("track", event(1), publishable, origin="https://evil.example.org").status_code == 403
    answer = send("track", event(1), publishable, origin=ORIGIN)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    in_body = send("batch", {"writeKey": publishable, "batch": [event(2)]}, origin=ORIGIN)
    assert told(in_body)["accepted"] == 1
    calls = [
        event(3, type="identify"),
        event(4, type="alias", previousId="u1"),
        event(5, properties={"revenue": 5}),
        event(6, event="Experiment Viewed", properties={"experiment_id": "e", "variation_id": "a"}),
    ]
    refused = send("batch", {"batch": calls}, publishable, origin=ORIGIN)
    assert refused.status_code == 400
    assert [line["index"] for line in told(refused)["errors"]] == [0, 1, 2, 3]
    assert InboxItem.objects.count() == 2


def test_a_page_may_read_why_it_was_refused(publishable):
    refused = [
        send("track", event(1), "ice_pk_wrong", origin=ORIGIN),
        send("track", b"{", publishable, origin=ORIGIN),
        send("track", b"x" * 600_000, publishable, origin=ORIGIN),
        send("track", event(1, type="identify"), "", origin=ORIGIN),
    ]
    assert [answer.status_code for answer in refused] == [401, 400, 413, 401]
    assert {answer["Access-Control-Allow-Origin"] for answer in refused} == {ORIGIN}
    assert {answer["Access-Control-Expose-Headers"] for answer in refused} == {"Retry-After"}
    elsewhere = send("track", event(1), publishable, origin="https://evil.example.org")
    assert (elsewhere.status_code, elsewhere.has_header("Access-Control-Allow-Origin")) == (403, False)


def test_a_page_s_call_asks_the_database_no_more_than_a_server_s(secret, publishable):
    def asked(key: str, number: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert send("track", event(number), key, origin=ORIGIN).status_code == 200
        return len(captured)

    send("track", event(1), secret), send("track", event(2), publishable, origin=ORIGIN)
    assert asked(publishable, 3) == asked(secret, 4)


def test_a_batch_stands_in_the_inbox_in_the_order_it_was_sent_in(secret):
    send("batch", {"batch": [event(number) for number in range(50)]}, secret)
    kept = [json.loads(bytes(item.payload))["message_id"] for item in InboxItem.objects.order_by("pk")]
    assert kept == [f"m{number}" for number in range(50)]


def test_a_browser_asks_first_and_is_told(publishable):
    asked = Client().options("/v1/track", headers={"origin": ORIGIN})
    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert Client().options("/v1/track", headers={"origin": "https://evil.example.org"}).status_code == 403


@pytest.mark.parametrize("origin", ["shop.example.org", "https://", "https://a.example/b", "ftp://a.example", ""])
def test_a_key_for_a_page_names_true_origins(origin):
    with pytest.raises(InvalidInput, match="origin"):
        make_key(name="Shop", kind="publishable", origins=[origin] if origin else [], actor=None)


def test_too_much_is_refused_before_it_is_read(secret):
    long = event(1, properties={"a": "x" * 33_000})
    assert told(send("batch", {"batch": [long, event(2)]}, secret))["errors"][0]["message"] == "An item may hold 32 KB."
    assert send("track", long, secret).status_code == 413
    assert (
        send("batch", {"batch": [event(n, properties={"a": "x" * 2_000}) for n in range(260)]}, secret).status_code
        == 413
    )
    cut = gzip.compress(json.dumps({"batch": [event(9)]}).encode())[:-12]
    assert send("batch", cut, secret, **{"content-encoding": "gzip"}).status_code == 400
    assert send("batch", b"{}", secret, **{"content-encoding": "br"}).status_code == 415
    assert Client().get("/v1/batch").status_code == 405
    assert InboxItem.objects.count() == 1


def test_a_key_that_calls_too_often_is_told_when_to_come_back(secret, settings):
    settings.TRACK_CALLS_PER_S = 3.0
    answers = [send("track", event(n), secret) for n in range(5)]
    assert [answer.status_code for answer in answers][:3] == [200, 200, 200]
    assert answers[-1].status_code == 429
    assert answers[-1]["Retry-After"] == "1"
    assert InboxItem.objects.count() == 3
