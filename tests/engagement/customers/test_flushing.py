"""From the inbox into the store: whose word holds, and who becomes one with whom."""

from datetime import UTC, datetime

import pytest

from engagement.customers.models import Customer, Flush, Identity, InboxItem, Merge
from engagement.customers.payloads import Taken
from engagement.customers.services import flushing, inbox

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
