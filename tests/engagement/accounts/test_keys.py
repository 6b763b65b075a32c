"""API keys: made and shown once, revoked for good, and nobody's business but an administrator's."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from engagement.accounts import keys
from engagement.accounts.models import ApiKey, AuditEntry
from engagement.accounts.services.keys import key_hash, make_key, revoke_key
from engagement.core.errors import Forbidden, InvalidInput
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client):
    member = MemberFactory(administrator=True, name="Ada")
    client.force_login(member)
    return member


def test_a_key_is_shown_once_and_kept_as_its_hash(client, administrator):
    page = client.post("/settings/keys/", {"name": "Shop server", "kind": "secret", "scopes": "track", "origins": ""})
    text = re.search(r'<code class="key">(ice_sk_[\w-]{43})</code>', page.content.decode()).group(1)
    key = ApiKey.objects.get()
    assert (key.key_hash, key.made_by) == (key_hash(text), administrator)
    assert page["Cache-Control"] == "no-store"
    later = (
        client.get("/settings/keys/").content.decode()
        + client.get(f"/admin/accounts/apikey/{key.pk}/").content.decode()
    )
    assert text[:12] in later
    assert text[12:] not in later
    assert key.key_hash not in later
    assert text[12:] not in str(list(AuditEntry.objects.values()))


def test_a_publishable_key_needs_origins_and_says_so_beside_the_field(client, administrator):
    asked = {"name": "Shop", "kind": "publishable", "scopes": "track"}
    page = client.post("/settings/keys/", {**asked, "origins": "shop.example.org"})
    assert "is no origin; one looks like https://shop.example.org" in page.content.decode()
    assert not ApiKey.objects.exists()
    page = client.post("/settings/keys/", {**asked, "scopes": ["track", "read"], "origins": "https://shop.example.org"})
    assert "A publishable key sends events and asks for variants only: anybody can read it." in page.content.decode()
    client.post("/settings/keys/", {**asked, "origins": "https://Shop.example.org/"})
    assert ApiKey.objects.get().origins == ["https://shop.example.org"]


def test_a_revoked_key_stays_revoked_and_both_steps_are_in_the_trail(client, administrator):
    key, _text = make_key(name="Old", kind="secret", actor=administrator)
    client.post(f"/settings/keys/{key.pk}/revoke/")
    client.post(f"/settings/keys/{key.pk}/revoke/")
    assert ApiKey.objects.get().revoked_at is not None
    assert sorted(AuditEntry.objects.values_list("verb", flat=True)) == ["made key", "revoked key"]


@pytest.mark.parametrize("role", ["member", "reader"])
def test_nobody_but_an_administrator_sees_makes_or_revokes(client, role):
    member = MemberFactory(role=role)
    key, _text = make_key(name="Hidden", kind="secret", actor=None)
    client.force_login(member)
    for answer in (client.get("/settings/keys/"), client.post(f"/settings/keys/{key.pk}/revoke/")):
        assert (answer.status_code, b"Hidden" in answer.content) == (403, False)
    with pytest.raises(Forbidden):
        make_key(name="x", kind="secret", actor=member)
    with pytest.raises(Forbidden):
        revoke_key(key=key, actor=member)
    assert ApiKey.objects.get().revoked_at is None


def test_more_keys_ask_the_database_no_more_often(client, administrator):
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/settings/keys/").status_code == 200
        return len(captured)

    make_key(name="1", kind="secret", actor=administrator)
    one = asked()
    for number in (2, 3):
        make_key(name=str(number), kind="secret", actor=administrator)
    assert asked() == one <= 12


def test_a_key_for_events_reads_nothing(client):
    maker = MemberFactory(administrator=True)
    _secret, secret = make_key(name="Shop server", kind="secret", actor=maker)
    _open, publishable = make_key(name="Shop", kind="publishable", origins=["https://shop.example.org"], actor=maker)
    keys.forget()
    shown = [{"authorization": f"Bearer {text}"} for text in (secret, publishable, "ice_sk_wrong", "")]
    assert [client.get("/api/v1/ideas/", headers=header).status_code for header in shown] == [403, 403, 401, 401]


@pytest.mark.parametrize(
    ("kind", "scopes", "sentence"),
    [("secret", [], "Say what the key"), ("publishable", ["track", "read"], "sends events and asks for variants only")],
)
def test_what_a_key_is_for_is_said_and_may_be(kind, scopes, sentence):
    maker = MemberFactory(administrator=True)
    with pytest.raises(InvalidInput, match=sentence):
        make_key(name="x", kind=kind, scopes=scopes, origins=["https://shop.example.org"], actor=maker)
    with pytest.raises(InvalidInput, match="its maker"):
        make_key(name="x", kind="secret", scopes=["read"], actor=None)
    assert not ApiKey.objects.exists()
