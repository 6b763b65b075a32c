"""From the inbox into the store: whose word holds, and who becomes one with whom."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

import pytest

from engagement.customers.models import Customer, Flush, Identity, InboxItem, Merge
from engagement.customers.payloads import Taken
from engagement.customers.services import flushing, inbox
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
