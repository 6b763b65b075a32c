"""The OpenFeature protocol over HTTP: the same variants as everywhere, and its own words where there is none."""

import json
from datetime import timedelta

import pytest
from django.test import Client

from engagement.accounts import keys
from engagement.accounts.services.keys import make_key
from engagement.core.clock import now
from engagement.customers import rate
from experiments.models import Experiment, Holdout
from experiments.services import in_force, runs
from experiments.services.assigning import decide, experiment_open_now
from experiments.services.plans import VariantPlan
from tests.experiments.builders import planned
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
ORIGIN = "https://shop.example.org"
ALL = "/ofrep/v1/evaluate/flags"
ONE = f"{ALL}/banner"
VARIANTS = (
    VariantPlan("none", "No banner", 0.5),
    VariantPlan("banner", "A banner", 0.5, channel="in_app", subject="Hello", body="Stay a while."),
)


@pytest.fixture(autouse=True)
def nobody_known():
    keys.forget()
    in_force.forget()
    rate._buckets.clear()


@pytest.fixture
def secret() -> str:
    return make_key(name="Shop server", kind="secret", actor=None)[1]


@pytest.fixture
def publishable() -> str:
    return make_key(name="Shop", kind="publishable", origins=[ORIGIN], actor=None)[1]


@pytest.fixture
def running() -> Experiment:
    return launched("banner")


def launched(key: str) -> Experiment:
    experiment = planned(key=key, variants=VARIANTS, starts=now() - timedelta(days=1), ends=now() + timedelta(days=9))
    runs.start(experiment=experiment, actor=None)
    in_force.forget()
    return experiment


def ask(address: str, customer: object = "c1", key: str = "", *, raw: bytes | None = None, **headers: str):
    body = raw if raw is not None else json.dumps({"context": {"targetingKey": customer}}).encode()
    if key:
        headers["authorization"] = f"Bearer {key}"
    return Client().generic("POST", address, body, content_type="application/json", headers=headers)


def told(answer) -> dict:
    return json.loads(answer.content)


def test_b6_2_every_customer_gets_the_variant_that_assignment_gives(secret, running):
    serving = experiment_open_now("banner")
    expected = {name: decide(serving, name).assigned.variant for name in (f"c{number}" for number in range(40))}

    answers = {name: told(ask(ONE, name, secret)) for name in expected}

    assert {answer["variant"] for answer in answers.values()} == {"none", "banner"}
    for name, variant in expected.items():
        content = {"title": "Hello", "text": "Stay a while."} if variant.key == "banner" else {}
        assert answers[name] == {
            "key": "banner", "reason": "SPLIT", "variant": variant.key, "value": content,
            "metadata": {"version": serving.version},
        }  # fmt: skip


def test_whoever_is_held_out_gets_no_value_and_the_program_its_default(secret):
    day = now().date()
    Holdout.objects.create(quarter=f"{day.year}-Q{(day.month + 2) // 3}", share=0.5)
    experiment = planned(key="banner", variants=VARIANTS, starts=now(), ends=now() + timedelta(days=9))
    runs.start(experiment=experiment, actor=None)
    in_force.forget()

    serving = experiment_open_now("banner")
    held_out = next(name for name in (f"c{number}" for number in range(99)) if decide(serving, name).assigned is None)
    answer = told(ask(ONE, held_out, secret))

    assert answer["reason"] == "DEFAULT"
    assert (answer["variant"], "value" in answer) == ("", False)


def test_what_is_paused_is_disabled_and_what_is_not_there_is_not_found(secret, running):
    runs.pause(experiment=running, actor=MemberFactory(), reason="A wrong price.")
    in_force.forget()

    assert told(ask(ONE, key=secret)) == {"key": "banner", "reason": "DISABLED", "variant": "", "metadata": {}}
    assert told(ask(ALL, key=secret)) == {"flags": []}
    missing = ask(f"{ALL}/nothing", key=secret)
    assert (missing.status_code, told(missing)) == (404, {
        "key": "nothing", "errorCode": "FLAG_NOT_FOUND", "errorDetails": "There is no experiment “nothing”.",
    })  # fmt: skip


def test_all_at_once_are_the_single_answers_and_known_by_their_tag(secret, running):
    launched("another")
    first = ask(ALL, "c1", secret)
    assert told(first)["flags"] == [told(ask(f"{ALL}/{key}", "c1", secret)) for key in ("another", "banner")]
    tag = first["ETag"]

    again = ask(ALL, "c1", secret, **{"if-none-match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert ask(ALL, "c2", secret, **{"if-none-match": tag}).status_code == 200  # another context
    runs.end(experiment=running, actor=None)
    in_force.forget()
    assert ask(ALL, "c1", secret, **{"if-none-match": tag}).status_code == 200  # another answer


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"{", "PARSE_ERROR"),
        (b"\xff", "PARSE_ERROR"),
        (b"[" * 10_000, "PARSE_ERROR"),
        (b"[]", "INVALID_CONTEXT"),
        (b"{}", "INVALID_CONTEXT"),
        (b'{"context": 7}', "INVALID_CONTEXT"),
        (b'{"context": {}}', "TARGETING_KEY_MISSING"),
        (b'{"context": {"targetingKey": ""}}', "TARGETING_KEY_MISSING"),
        (b'{"context": {"targetingKey": 7}}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": "a\\u0000b"}}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": "' + b"x" * 256 + b'"}}', "INVALID_CONTEXT"),
    ],
)
def test_what_cannot_be_read_is_refused_in_the_protocols_words(secret, running, raw, code):
    one, every = ask(ONE, key=secret, raw=raw), ask(ALL, key=secret, raw=raw)

    assert (one.status_code, told(one)["key"], told(one)["errorCode"]) == (400, "banner", code)
    assert (every.status_code, told(every)["errorCode"]) == (400, code)
    assert told(one)["errorDetails"]


def test_a_context_too_large_is_refused(secret):
    assert ask(ALL, key=secret, raw=b" " * 40_000).status_code == 413


def test_who_may_ask(secret, publishable, running):
    member = MemberFactory(administrator=True)
    reads = make_key(name="Reader", kind="secret", scopes=["read"], actor=member)[1]

    assert ask(ONE).status_code == 401
    assert ask(ONE, key="wrong").status_code == 401
    assert ask(ONE, key=reads).status_code == 403
    assert ask(ONE, **{"x-api-key": secret}).status_code == 200
    assert ask(ONE, key=publishable).status_code == 403
    assert ask(ONE, key=publishable, origin="https://evil.example.org").status_code == 403
    assert Client().get(ONE, headers={"authorization": f"Bearer {secret}"}).status_code == 405


def test_a_page_of_a_known_origin_may_ask_and_read(publishable, running):
    asked = Client().options(ONE, headers={"origin": ORIGIN})
    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert "If-None-Match" in asked["Access-Control-Allow-Headers"]
    assert Client().options(ONE, headers={"origin": "https://evil.example.org"}).status_code == 403

    answer = ask(ALL, key=publishable, origin=ORIGIN)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, ORIGIN)
    assert answer["Access-Control-Expose-Headers"] == "ETag, Retry-After"


def test_a_key_that_asks_too_often_is_told_when_to_come_again(secret, running, settings):
    settings.TRACK_CALLS_PER_S = 2.0

    answers = [ask(ONE, key=secret) for _ in range(4)]

    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    assert (answers[3].status_code, answers[3]["Retry-After"]) == (429, "1")
