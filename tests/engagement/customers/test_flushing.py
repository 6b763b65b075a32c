"""From the inbox into the store: whose word holds, and who becomes one with whom."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from engagement.core.jobs import Progress
from engagement.customers.models import Customer, Flush, Identity, InboxItem, Merge, TraitFeed
from engagement.customers.payloads import Taken
from engagement.customers.services import flushing, inbox
from engagement.customers.services.customer_imports import import_customers
from engagement.customers.services.customers import ensure
from engagement.customers.services.merges import merge
from engagement.warehouse import store
from engagement.warehouse.engines import connect

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 7, 1, tzinfo=UTC)


def said(number: int, **more) -> Taken:
    return Taken(**{"kind": "identify", "message_id": f"m{number}", "received_at": AT, "occurred_at": AT, **more})


def plan_of(customer_id: str) -> object:
    return Customer.objects.get(external_id=customer_id).traits.get("plan")


def test_of_fifty_words_in_one_batch_the_last_one_holds():
    inbox.accept([said(number, customer_id="ada", traits={"plan": number}) for number in range(50)])

    flushing.flush()

    assert plan_of("ada") == 49
    assert not InboxItem.objects.exists()


def test_what_was_said_later_holds_whenever_it_came_in():
    def hour(number: int, **traits) -> Taken:
        return said(number, customer_id="ada", occurred_at=AT + timedelta(hours=number), traits=traits)

    inbox.accept([hour(5, plan="gold", email="new@example.org"), hour(3, plan="basic", email="old@example.org")])
    flushing.flush()
    inbox.accept([hour(4, plan="silver", city="Oslo", email="older@example.org"), hour(6, city=None)])
    flushing.flush()
    inbox.accept([hour(2, city="Bergen", size=4)])
    flushing.flush()

    ada = Customer.objects.get()
    assert (ada.email, ada.traits) == ("new@example.org", {"plan": "gold", "size": 4})
    assert set(TraitFeed.objects.values_list("trait", flat=True)) == {"city", "email", "plan", "size"}


def test_a_file_of_customers_is_later_than_what_happened_before_it_and_speaks_of_whoever_stayed(tmp_path):
    old, new = ensure(["old", "new"])
    merge([(old, new)], cause="member")
    (tmp_path / "c.csv").write_text("customer_id,email,plan\nold,o@example.org,gold\n")
    assert import_customers(path=tmp_path / "c.csv", name="c.csv", progress=Progress()) == (1, 1)

    inbox.accept([said(1, customer_id="new", traits={"plan": "basic", "email": "n@example.org", "size": 4})])
    flushing.flush()

    stayed, gone = Customer.objects.get(pk=new), Customer.objects.get(pk=old)
    assert (stayed.email, stayed.traits) == ("o@example.org", {"plan": "gold", "size": 4})
    assert (gone.email, gone.traits) == ("", {})


def test_what_anybody_may_send_makes_nobody_one():
    """A publishable key lies open in a page: whoever reads it could else claim a stranger's past for an id."""
    inbox.accept([said(1, kind="page", event="page", anonymous_id="ghost", is_trusted=False)])
    inbox.accept([said(2, kind="page", event="page", anonymous_id="ghost", customer_id="ada", is_trusted=False)])
    flushing.flush()
    assert Identity.objects.get(value="ghost").customer.external_id is None
    assert not Merge.objects.exists()

    inbox.accept([said(3, anonymous_id="ghost", customer_id="ada")])
    flushing.flush()

    assert Identity.objects.get(value="ghost").customer.external_id == "ada"
    assert Merge.objects.count() == 1


def test_a_flusher_that_wakes_after_its_flush_was_finished_says_nothing_old():
    inbox.accept([said(1, customer_id="ada", traits={"plan": "old"})])
    number = flushing._claim()
    items = [flushing.DECODE(bytes(payload)) for payload in flushing._payloads(number)]
    flushing.flush()  # another process finishes it, and the next one
    inbox.accept([said(2, customer_id="ada", traits={"plan": "new"})])
    flushing.flush()

    flushing._remember_traits(items, [Customer.objects.get().pk], number=number)

    assert plan_of("ada") == "new"
    assert not Flush.objects.filter(is_done=False).exists()


def test_flushes_while_files_are_made_large_lose_and_double_nothing():
    done = Event()

    def compact_on() -> int:
        count = 0
        while not done.is_set():
            store.compact("events")
            count += 1
        return count

    with ThreadPoolExecutor(1) as pool:
        compacting = pool.submit(compact_on)
        for batch in range(12):
            inbox.accept([said(12 * batch + n, kind="track", event="e", customer_id=f"u{n}") for n in range(12)])
            flushing.flush()
        done.set()
    assert compacting.result() > 0
    with connect() as warehouse:
        found = warehouse.backend.to_pyarrow(warehouse.table("events"))["message_id"].to_pylist()
    assert sorted(found) == sorted(f"m{number}" for number in range(144))
