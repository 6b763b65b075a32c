"""Items of the tracking spec: what is taken and as what, and each sentence that refuses one."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from engagement.customers import payloads
from engagement.customers.payloads import Refused, Taken, taken

NOW = datetime(2026, 7, 6, 12, 0, tzinfo=UTC)


def take(sent_at: str | None = None, kind: str | None = None, **item) -> Taken:
    whole = {"type": "track", "userId": "u1", "event": "purchase", "messageId": "m1", **item}
    return taken(json.dumps(whole).encode(), kind=kind, received_at=NOW, sent_at=sent_at)


def test_a_track_call_becomes_an_event_with_amount_currency_and_flat_properties():
    found = take(
        properties={"revenue": 12.5, "currency": "eur", "cart": {"size": 2, "gift": True}, "tags": ["a", 1], "x": None},
        timestamp="2026-07-06T10:00:00+02:00",
    )
    assert found == Taken(
        kind="track",
        message_id="m1",
        received_at=NOW,
        occurred_at=datetime(2026, 7, 6, 8, 0, tzinfo=UTC),
        customer_id="u1",
        event="purchase",
        value=12.5,
        currency="EUR",
        properties={"revenue": "12.5", "currency": "eur", "cart.size": "2", "cart.gift": "true", "tags": '["a",1]'},
    )


@pytest.mark.parametrize(
    ("properties", "value"),
    [
        ({"value": 3, "total": 9}, 3.0),
        ({"total": "4.50"}, 4.5),
        ({"revenue": "$7"}, 7.0),
        ({"revenue": -2}, -2.0),
        ({"revenue": None, "value": 1}, 1.0),
        ({}, None),
    ],
)
def test_the_amount_is_revenue_else_value_else_total(properties, value):
    assert take(properties=properties).value == value


def test_a_clock_that_is_a_day_off_is_put_right_by_when_it_says_it_sent():
    a_day_ahead = take(timestamp="2026-07-07T11:00:00Z", sent_at="2026-07-07T12:00:00Z")
    assert a_day_ahead.occurred_at == NOW - timedelta(hours=1)
    behind = take(timestamp="2026-07-05T11:00:00Z", sentAt="2026-07-05T12:00:00Z")
    assert behind.occurred_at == NOW - timedelta(hours=1)
    assert take().occurred_at == NOW
    assert take(timestamp="2026-07-06T12:03:00Z").occurred_at == NOW  # a little ahead is now


def test_identify_group_alias_and_page_say_what_the_spec_says():
    identify = take(
        kind="identify", traits={"email": "a@example.org", "plan": None, "address": {"city": "Oslo"}},
        context={"timezone": "Europe/Oslo", "locale": "nb"},
    )  # fmt: skip
    assert identify.traits == {
        "email": "a@example.org", "plan": None, "address.city": "Oslo", "time_zone": "Europe/Oslo", "locale": "nb",
    }  # fmt: skip
    assert take(kind="group", groupId=5, traits={"size": 2}).traits == {"group_id": "5", "group_size": 2}
    assert take(kind="alias", previousId="old").previous_id == "old"
    page = take(kind="page", name="Home", properties={"url": "/"})
    assert (page.event, page.properties) == ("page", {"url": "/", "name": "Home"})
    viewed = take(event="Experiment Viewed", properties={"experiment_id": "e", "variation_id": "b"})
    assert (viewed.experiment, viewed.variant, viewed.properties) == ("e", "b", {})


DEEP: dict = {"a": 1}
for _ in range(11):
    DEEP = {"a": DEEP}


@pytest.mark.parametrize(
    ("item", "sentence"),
    [
        ({"userId": None}, "An item needs a userId or an anonymousId."),
        ({"userId": "x" * 256}, "userId is longer than 255 characters."),
        ({"userId": "a\0b"}, "userId holds a zero character."),
        ({"userId": True}, "This is no item of the tracking spec"),
        ({"type": "trace"}, "The type “trace” is none of"),
        ({"event": ""}, "A track call names its event."),
        ({"event": None}, "A track call names its event."),
        ({"timestamp": "yesterday"}, "timestamp is “yesterday”; it must be an ISO 8601 time."),
        ({"timestamp": "2026-07-07T12:00:00Z"}, "The event lies in the future"),
        ({"timestamp": "1970-01-01T00:00:00Z"}, "The event lies before 1990"),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, "it must be an ISO 8601 time"),
        ({"properties": {"revenue": "lots"}}, "revenue is “lots”; it must be a number."),
        ({"properties": {"revenue": "nan"}}, "revenue is too large to calculate with."),
        ({"properties": {"revenue": 1e16}}, "revenue is too large to calculate with."),
        ({"properties": {"revenue": True}}, "revenue must be a number."),
        ({"properties": {"currency": "euro"}}, "currency must be a code of three letters."),
        ({"properties": {"a": "x\0"}}, "holds a zero character"),
        ({"properties": DEEP}, "nested deeper than 10"),
        ({"properties": {f"p{n}": 1 for n in range(1001)}}, "An item may hold 1,000 properties."),
        ({"properties": {f"p{n}": 1 for n in range(20_000)}}, "An item may hold 32 KB."),
        ({"properties": []}, "This is no item of the tracking spec"),
        ({"event": "Experiment Viewed"}, "names experiment_id and variation_id"),
        ({"type": "alias"}, "An alias call names previousId and userId."),
        ({"type": "group"}, "A group call names its groupId."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(item, sentence):
    with pytest.raises(Refused, match=sentence.replace("(", r"\(")):
        take(**item)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"type":"track","userId":"u","event":"\\ud83d"}',  # a lone surrogate
        b'{"type":"track","userId":"u","event":"e","properties":{"a":1e400}}',
        b'{"type":"track","userId":"u","event":"e","properties":{"a":NaN}}',
        b'{"type":"track","userId":"u","event":"\xff"}',
        b'{"type":"track","properties":' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
        b"[]",
        b"null",
        b"",
    ],
)
def test_what_is_no_item_is_refused_and_nothing_worse(raw):
    with pytest.raises(Refused, match=r"no item of the tracking spec|32 KB"):
        taken(msgspec.Raw(raw), kind=None, received_at=NOW)


def test_a_batch_keeps_its_items_raw_so_that_a_wrong_one_spoils_no_other():
    call = payloads.envelope(b'{"batch":[{"type":1},{"type":"track","userId":"u","event":"e"}],"sentAt":"x"}')
    assert [bytes(raw) for raw in call.batch] == [b'{"type":1}', b'{"type":"track","userId":"u","event":"e"}']
    for broken in (b"{", b'{"batch":{}}', b'{"items":[]}', b'{"batch":' + b"[" * 100_000):
        with pytest.raises(Refused, match="This is no batch call"):
            payloads.envelope(broken)
