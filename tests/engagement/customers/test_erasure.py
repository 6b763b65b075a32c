"""An erased customer leaves nothing that tells who it was, and is never written to again."""

import json
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable
from django.apps import apps
from django.conf import settings as django_settings
from django.core.management import call_command

from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Forbidden, InvalidInput
from engagement.core.jobs import Progress
from engagement.core.models import Job
from engagement.customers import queries
from engagement.customers.models import Customer, Erasure, InboxItem, Suppression
from engagement.customers.payloads import Taken
from engagement.customers.services import erasure, permissions
from engagement.customers.services.customer_imports import import_customers
from engagement.customers.services.customers import ensure
from engagement.customers.services.event_imports import import_events
from engagement.customers.services.identities import Names, resolve
from engagement.customers.services.merges import merge
from engagement.warehouse import store
from engagement.warehouse.engines import connect
from tests.factories import MemberFactory

pytestmark = pytest.mark.django_db
# What must be found nowhere afterwards.
MARKS = ("reader-4711", "zoe.marker@example.org", "Zoe Markerova", "device-marker-9", "Markerstreet 5")


def bring(folder: Path, name: str, text: str, importer) -> None:
    path = folder / name
    path.write_text(text)
    if importer is import_events:
        importer(path=path, name=name, complete_through=None, progress=Progress())
    else:
        importer(path=path, name=name, progress=Progress())


@pytest.fixture
def zoe(tmp_path) -> Customer:
    bring(
        tmp_path, "customers.csv",
        "customer_id,email,first_name\nreader-4711,zoe.marker@example.org,Zoe Markerova\nother,o@example.org,Otto\n",
        import_customers,
    )  # fmt: skip
    rows = ["customer_id,event,occurred_at,value,address", "reader-4711,order,2026-07-01T10:00:00,12.5,Markerstreet 5"]
    rows += ["other,order,2026-07-01T11:00:00,7,Elsewhere 1"]
    bring(tmp_path, "events.csv", "\n".join(rows) + "\n", import_events)
    resolve([Names("reader-4711", "device-marker-9")])
    found = Customer.objects.get(external_id="reader-4711")
    permissions.say(customer=found, channel="email", is_granted=True, source="Zoe Markerova's form", actor=None)
    audit.record(actor=None, verb="changed", target=found, reason="Asked by Zoe Markerova")
    Job.objects.create(name="x.y", label="Mail to reader-4711", arguments={"to": "zoe.marker@example.org"})
    item = Taken(
        kind="track", message_id="m1", customer_id="reader-4711", anonymous_id=None, event="order", occurred_at=now(),
        received_at=now(), properties={"address": "Markerstreet 5"},
    )  # fmt: skip
    InboxItem.objects.create(payload=msgspec.json.encode(item), received_at=now())
    return found


def in_database() -> set[str]:
    """The marks that any row of any table still holds."""
    text = json.dumps(
        [list(model._default_manager.values()) for model in apps.get_models() if model._meta.managed], default=_told
    )
    return {mark for mark in MARKS if mark in text}


def _told(value: object) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


def in_store(*, newest: bool) -> set[str]:
    """The marks that the store's rows hold, or the files on disk whatever snapshot they belong to."""
    folder = django_settings.WAREHOUSE_DIR / "events"
    if newest:
        return {mark for mark in MARKS if mark in str(DeltaTable(str(folder)).to_pyarrow_table().to_pylist())}
    text = str([pq.read_table(path).to_pylist() for path in folder.glob("*.parquet")])
    return {mark for mark in MARKS if mark in text}


def test_nothing_tells_who_an_erased_customer_was(zoe, monkeypatch):
    assert in_database() == set(MARKS)
    assert in_store(newest=True) == {"Markerstreet 5"}

    erasure.erase(customer=zoe, actor=MemberFactory(role="administrator"))
    assert in_database() == set()

    erasure.strip()
    assert in_store(newest=True) == set()
    monkeypatch.setattr(store, "KEPT_FOR_H", 0)  # as if the week had passed
    monkeypatch.setattr(DeltaTable, "vacuum", _at_once(DeltaTable.vacuum))
    store.vacuum("events")
    assert in_store(newest=False) == set()
    assert Erasure.objects.get().stripped_at is not None


def _at_once(vacuum):
    return lambda self, **options: vacuum(self, **{**options, "enforce_retention_duration": False})


def test_what_was_counted_stays_counted_and_nobody_else_loses_anything(zoe):
    erasure.erase(customer=zoe, actor=None)
    erasure.strip()

    with connect() as warehouse:
        rows = warehouse.rows(warehouse.table("events").select("customer", "value", "properties"))

    other = Customer.objects.get(external_id="other")
    by_customer = {row["customer"]: (row["value"], row["properties"]) for row in rows}
    assert by_customer[zoe.pk] == (12.5, None)
    assert by_customer[other.pk][0] == 7
    assert dict(by_customer[other.pk][1]) == {"address": "Elsewhere 1"}
    assert other.email == "o@example.org"


def test_who_comes_back_under_an_old_name_stays_in_peace(zoe, tmp_path):
    erasure.erase(customer=zoe, actor=None)

    [again] = ensure(["reader-4711"])
    [device] = resolve([Names(None, "device-marker-9")])
    bring(tmp_path, "again.csv", "customer_id,email\nanother-id,ZOE.marker@example.org\n", import_customers)
    by_mail = Customer.objects.get(external_id="another-id").pk

    in_peace = set(queries.suppressed(channel="email").values_list("customer", flat=True))
    assert in_peace == {zoe.pk, again, device, by_mail}
    assert Customer.objects.get(external_id="other").pk not in in_peace


def test_an_erased_customers_peace_is_not_lifted(zoe):
    erasure.erase(customer=zoe, actor=None)

    with pytest.raises(InvalidInput, match="for good"):
        permissions.lift(suppression=Suppression.objects.get(), because="Please", actor=None)


def test_who_had_turned_out_to_be_one_is_erased_as_one(zoe):
    [old] = ensure(["old-name"])
    merge([(old, zoe.pk)], cause="alias")

    erasure.erase(customer=Customer.objects.get(pk=old), actor=None)

    assert not Customer.objects.filter(external_id__in=["old-name", "reader-4711"]).exists()
    assert Erasure.objects.get().customer_id == zoe.pk


def test_only_administrators_erase(zoe):
    with pytest.raises(Forbidden):
        erasure.erase(customer=zoe, actor=MemberFactory())

    assert Customer.objects.filter(external_id="reader-4711").exists()


def test_the_command_erases_by_the_organisations_id(zoe, capsys):
    call_command("erase_customer", "reader-4711")

    assert in_database() == set()
    assert in_store(newest=True) == set()
