"""One customer's page, the suppression lists, and both over the API."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from engagement.accounts.models import AuditEntry
from engagement.core.jobs import Progress
from engagement.customers.models import Consent, Customer, Erasure, Suppression
from engagement.customers.services import permissions
from engagement.customers.services.customer_imports import import_customers
from engagement.customers.services.customers import ensure
from engagement.customers.services.event_imports import import_events
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def zoe(tmp_path) -> Customer:
    people, events = tmp_path / "people.csv", tmp_path / "events.csv"
    people.write_text("customer_id,email,first_name,plan\nreader-1,zoe@example.org,Zoe,gold\n")
    import_customers(path=people, name="people.csv", progress=Progress())
    rows = [f"reader-1,order,2026-07-{day:02d}T10:00:00,{day}" for day in range(1, 29)] * 2
    events.write_text("\n".join(["customer_id,event,occurred_at,value", *rows]) + "\n")
    import_events(path=events, name="events.csv", complete_through=None, progress=Progress())
    return Customer.objects.get(external_id="reader-1")


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_b2_2_personal_data_are_masked_and_showing_them_is_logged(client, zoe):
    client.force_login(MemberFactory())
    page = text_of(client.get(f"/customers/{zoe.pk}/"))
    assert ("zoe@example.org" in page, "Zoe" in page, "gold" in page) == (False, False, True)
    assert client.post(f"/customers/{zoe.pk}/show/").status_code == 403

    administrator = MemberFactory(role="administrator")
    client.force_login(administrator)
    assert "zoe@example.org" not in text_of(client.get(f"/customers/{zoe.pk}/"))
    shown = text_of(client.post(f"/customers/{zoe.pk}/show/"))

    assert ("zoe@example.org" in shown, "Zoe" in shown) == (True, True)
    [entry] = AuditEntry.objects.filter(verb="viewed personal data")
    assert (entry.actor, entry.target_id) == (administrator, str(zoe.pk))


def test_events_stand_newest_first_a_page_at_a_time(client, zoe):
    client.force_login(MemberFactory())

    first, second = (text_of(client.get(f"/customers/{zoe.pk}/?from={start}")) for start in (0, 50))

    assert first.count("<td>order</td>") == 50
    assert second.count("<td>order</td>") == 6
    assert first.index("28 Jul 2026") < first.index("27 Jul 2026")
    assert "?from=50" in first


def test_a_customer_is_found_by_exactly_one_of_their_names(client, zoe):
    client.force_login(MemberFactory())

    for text in ("reader-1", "ZOE@example.org"):
        assert client.get("/customers/find/", {"q": text})["Location"] == f"/customers/{zoe.pk}/"
    assert "Nobody is known by that" in text_of(client.get("/customers/find/", {"q": "reader"}))
    assert client.get("/customers/999999/").status_code == 404


def test_a_word_is_recorded_on_the_page(client, zoe):
    client.force_login(MemberFactory())

    client.post(f"/customers/{zoe.pk}/consent/", {"channel": "email", "is_granted": "no", "source": "Phone call"})
    refused = client.post(f"/customers/{zoe.pk}/consent/", {"channel": "fax", "is_granted": "no", "source": ""})

    assert list(Consent.objects.values_list("channel", "is_granted", "source")) == [("email", False, "Phone call")]
    assert refused.status_code == 422


def test_erasing_on_the_page_asks_for_the_number(client, zoe):
    client.force_login(MemberFactory(role="administrator"))

    assert client.post(f"/customers/{zoe.pk}/erase/", {"number": "1x"}).status_code == 422
    assert not Erasure.objects.exists()
    client.post(f"/customers/{zoe.pk}/erase/", {"number": str(zoe.pk)})

    assert Erasure.objects.get().customer_id == zoe.pk
    assert "Erased on" in text_of(client.get(f"/customers/{zoe.pk}/"))
    client.force_login(MemberFactory())
    assert client.post(f"/customers/{zoe.pk}/erase/", {"number": str(zoe.pk)}).status_code == 403


def test_a_file_of_ids_is_suppressed_and_lifted_with_a_reason(client, zoe):
    client.force_login(MemberFactory())
    file = SimpleUploadedFile("ids.csv", b"customer_id\nreader-1\n\nreader-2\n")

    client.post("/customers/suppressions/", {"file": file, "scope": "channel", "what": "email", "reason": "asked"})
    page = text_of(client.get("/customers/suppressions/", {"scope": "channel"}))
    row = Suppression.objects.get(customer=zoe)
    refused = client.post(f"/customers/suppressions/{row.pk}/lift/", {"because": ""})
    client.post(f"/customers/suppressions/{row.pk}/lift/", {"because": "Came back."})

    assert ("reader-1" in page, "reader-2" in page) == (True, True)
    assert "No entry fits" in text_of(client.get("/customers/suppressions/", {"scope": "topic"}))
    assert refused.status_code == 422
    assert set(Suppression.objects.filter(lifted_at=None).values_list("customer__external_id", flat=True)) == {
        "reader-2"
    }


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"scope": "everywhere", "reason": "asked"}, "Name a customer, or choose a file."),
        ({"customer": "a", "scope": "channel", "what": "fax", "reason": "asked"}, "There is no channel “fax”."),
        ({"file": SimpleUploadedFile("x.csv", b"\xff\xfe\x00"), "scope": "everywhere", "reason": "asked"}, "no UTF-8"),
    ],
)
def test_what_cannot_be_suppressed_is_told_beside_what_was_typed(client, data, sentence):
    client.force_login(MemberFactory())

    answer = client.post("/customers/suppressions/", data)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Suppression.objects.exists()


def test_the_list_takes_the_same_queries_for_one_and_for_three(client, django_assert_max_num_queries):
    client.force_login(MemberFactory())
    permissions.suppress(customers=ensure(["a"]), scope="everywhere", reason="asked", actor=None)
    with django_assert_max_num_queries(8):
        client.get("/customers/suppressions/")

    permissions.suppress(customers=ensure(["b", "c"]), scope="everywhere", reason="asked", actor=None)

    with django_assert_max_num_queries(8):
        assert client.get("/customers/suppressions/").content.count(b"for good") >= 3


def test_the_api_masks_erases_and_suppresses_by_the_same_rules(client, zoe):
    client.force_login(MemberFactory())
    seen = client.get(f"/api/v1/customers/{zoe.pk}/").json()
    listed = client.get("/api/v1/customers/?external_id=reader-1").json()["results"]
    assert (seen["email"], seen["traits"]) == ("z•••@•••.org", {"first_name": "Z•••", "plan": "gold"})
    assert [one["id"] for one in listed] == [zoe.pk]
    assert client.delete(f"/api/v1/customers/{zoe.pk}/").status_code == 403

    body = {"customer_id": "reader-1", "scope": "topic", "what": "offers", "reason": "asked"}
    made = client.post("/api/v1/suppressions/", json.dumps(body), content_type="application/json")
    word = {"channel": "push", "is_granted": True, "source": "App"}
    said = client.post(f"/api/v1/customers/{zoe.pk}/consent/", json.dumps(word), content_type="application/json")
    bad = client.post("/api/v1/suppressions/", json.dumps({**body, "what": ""}), content_type="application/json")
    lifted = client.post(
        f"/api/v1/suppressions/{made.json()['id']}/lift/", json.dumps({"because": "x"}), content_type="application/json"
    )

    assert (made.status_code, made.json()["customer_id"], said.status_code) == (201, "reader-1", 201)
    assert (bad.status_code, bad["Content-Type"]) == (422, "application/problem+json")
    assert lifted.status_code == 204
    client.force_login(MemberFactory(role="administrator"))
    assert client.delete(f"/api/v1/customers/{zoe.pk}/").status_code == 204
    assert client.get(f"/api/v1/customers/{zoe.pk}/").json()["email"] == ""
