"""From real clients to the store: unmodified SDKs, many at once, and whoever is killed on the way."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import rudderstack.analytics.client
import segment.analytics.client

from engagement.customers.payloads import LARGEST_BATCH
from tests.engagement.customers.live import Live, bomb, flush_twice_at_once, kill_flusher, kill_web_under_load
from tests.installation import Installation
from tests.killed import nursery

FLUSHED = """
import json
from engagement.customers.services.flushing import flush
flush()
from engagement.customers.models import Customer, Identity, Merge
from engagement.warehouse.engines import connect
with connect() as warehouse:
    rows = warehouse.backend.to_pyarrow(warehouse.table('events')).to_pylist()
names = {customer.pk: customer.external_id for customer in Customer.objects.all()}
print(json.dumps({
    'events': sorted([names[row['customer']], row['event'], row['value'], row['currency']] for row in rows),
    'traits': {row.external_id: [row.email, row.traits] for row in Customer.objects.exclude(external_id=None)},
    'anonymous': {identity.value: identity.customer.external_id for identity in Identity.objects.all()},
    'merges': [merge.cause for merge in Merge.objects.all()],
}))
"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, pattern: Installation) -> Iterator[Live]:
    made = Installation(tmp_path_factory.mktemp("live"), like=pattern)
    try:
        made.start_web()
        with nursery(made) as work:
            yield Live(made, work)
    finally:
        made.stop()


def told(live: Live) -> dict:
    found: dict = json.loads(live.installation.shell(FLUSHED).strip().splitlines()[-1])
    return found


def test_the_clients_of_segment_and_rudderstack_work_as_they_come(live: Live):
    host = live.installation.url
    for name, module, address in (
        ("segment", segment.analytics.client, {"host": host}),
        ("rudder", rudderstack.analytics.client, {"host": host}),
    ):
        for gzip in (False, True):
            problems: list[object] = []
            user, ghost = f"{name}-{gzip}", f"ghost-{name}-{gzip}"
            client = module.Client(
                live.key, sync_mode=True, gzip=gzip, on_error=lambda *wrong, to=problems: to.append(wrong), **address
            )
            client.page(anonymous_id=ghost, name="Home")
            client.identify(user, {"email": f"{user}@example.org", "plan": "gold"}, anonymous_id=ghost)
            client.track(user, "purchase", {"revenue": 12.5, "currency": "EUR"})
            client.alias(f"old-{user}", user)
            client.group(user, "acme", {"size": 4})
            client.screen(user, name="Cart")
            assert problems == []
    found = told(live)
    users = ["rudder-False", "rudder-True", "segment-False", "segment-True"]
    assert found["events"] == sorted(
        row
        for user in users
        for row in ([user, "page", None, None], [user, "purchase", 12.5, "EUR"], [user, "screen", None, None])
    )
    for user in users:
        mail, traits = found["traits"][user]
        assert (mail, traits) == (f"{user}@example.org", {"plan": "gold", "group_id": "acme", "group_size": 4})
        assert found["traits"][f"old-{user}"] == ["", {}]
        assert found["anonymous"][f"ghost-{user}"] == user
    assert sorted(found["merges"]) == ["alias"] * 4


def test_the_same_messages_sent_by_many_at_once_are_stored_once(live: Live):
    batch = live.batch(60)
    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(lambda turn: live.send(batch if turn % 2 else batch[::-1]), range(12)))
    assert live.lost_and_doubled() == (0, 0)
    assert live.send(batch)  # the day after
    assert live.lost_and_doubled() == (0, 0)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the most memory a process held")
def test_a_bomb_of_a_gigabyte_leaves_the_web_process_as_small_as_it_was(live: Live):
    assert live.send(live.batch())
    before = live.peak_memory()
    whole, fitting = bomb(1 << 30), bomb(450 << 20)  # refused by its length; and one that is short enough to be opened
    with ThreadPoolExecutor(4) as pool:
        packed = {"Content-Encoding": "gzip"}
        answers = list(pool.map(lambda body: live.post(body, **packed), [whole, fitting, fitting, whole]))
    assert answers == [413] * 4
    assert len(fitting) < LARGEST_BATCH < len(whole)
    assert live.peak_memory() - before < 32 << 20
    assert live.send(live.batch())


def test_nothing_acknowledged_is_lost_or_doubled_whoever_dies(live: Live):
    kill_web_under_load(live, 2)
    assert live.lost_and_doubled() == (0, 0)
    assert kill_flusher(live, 6) >= 4
    flush_twice_at_once(live)
    assert live.lost_and_doubled() == (0, 0)
    assert len(live.acknowledged) > 900
