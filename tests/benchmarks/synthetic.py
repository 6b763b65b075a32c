"""A made-up programme of any size, straight into the store: a file of events a day, customers by number."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

FIRST_DAY = datetime(2026, 6, 1, tzinfo=UTC)
DAYS, STARTS_AFTER, EXPOSED_DAYS = 60, 28, 16  # the experiment starts on day 29 and takes customers in for 16 days
PLAN = """
[experiment]
key = "synthetic"
name = "A made-up experiment"
control = "today"
shares = { today = 0.4, short = 0.3, long = 0.3 }
starts = 2026-06-29
ends = 2026-07-15
[[metrics]]
key = "retained_7"
kind = "retention"
role = "primary"
event = "session"
day = 7
[[metrics]]
key = "revenue"
kind = "mean"
event = "purchase"
window_days = 14
cap = 200.0
covariate = { event = "purchase", days_before = 28 }
[[metrics]]
key = "bought"
kind = "proportion"
event = "purchase"
window_days = 14
[[metrics]]
key = "order_value"
kind = "ratio"
numerator = { event = "purchase", value = true }
denominator = { event = "purchase", value = false }
window_days = 14
[[metrics]]
key = "complained"
kind = "proportion"
role = "guardrail"
event = "complaint"
window_days = 14
direction = "down"
margin_absolute = 0.01
"""


def installation(customers: int, events: int) -> Path:
    """Django set up on a data folder of this size; made once and kept in the system's folder for passing things."""
    folder = Path(tempfile.gettempdir()) / f"icebreaker-bench-{customers}-{events}"
    os.environ.update({"DATA_DIR": str(folder), "DATABASE_URL": ""})
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
    import django
    from django.core.management import call_command

    django.setup()
    ready = folder / "ready"
    if not ready.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        _fill(folder, customers, events)
        ready.touch()
    call_command("migrate", verbosity=0)  # a folder made before a later migration goes on as any installation does
    return folder


def _fill(folder: Path, customers: int, events: int) -> None:
    from django.core.management import call_command

    from engagement.customers.services import feeds
    from engagement.warehouse import store
    from experiments.models import Experiment
    from experiments.services.loading import load

    call_command("migrate", verbosity=0)
    (folder / "plan.toml").write_text(PLAN)
    load(path=folder / "plan.toml", actor=None, at=FIRST_DAY)
    uid = str(Experiment.objects.get().uid)
    store.append("exposures", _exposures(uid, customers), source="bench")
    for day in range(DAYS):
        store.append("events", _events(day, customers, events // DAYS), source=f"bench:{day}")
    feeds.complete(events=["session", "purchase", "complaint"], through=FIRST_DAY + timedelta(days=DAYS))


def batches(query: str, name: str) -> Iterator[object]:
    import duckdb

    from engagement.warehouse.tables import SCHEMAS

    with duckdb.connect(config={"memory_limit": "2GB", "threads": 2}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for batch in connection.execute(query).to_arrow_reader(200_000):
            yield batch.cast(SCHEMAS[name])


def _exposures(uid: str, customers: int) -> Iterator[object]:
    start = FIRST_DAY + timedelta(days=STARTS_AFTER)
    at = f"TIMESTAMPTZ '{start.isoformat()}' + to_seconds((hash(i * 31 + 7) % {EXPOSED_DAYS * 86_400})::BIGINT)"
    yield from batches(
        f"""
        SELECT '{uid}' AS experiment, i AS customer,
               CASE WHEN hash(i) % 10 < 4 THEN 'today' WHEN hash(i) % 10 < 7 THEN 'short' ELSE 'long' END AS variant,
               {at} AS exposed_at, NULL::DOUBLE AS propensity, NULL::BIGINT AS batch, {at} AS received_at
        FROM range({customers}) AS t (i) ORDER BY exposed_at
        """,  # noqa: S608  numbers of our own
        "exposures",
    )


def _events(day: int, customers: int, events: int) -> Iterator[object]:
    start = FIRST_DAY + timedelta(days=day)
    yield from batches(
        f"""
        SELECT (hash(i * 13 + {day}) % {customers})::BIGINT AS customer,
               CASE WHEN k < 70 THEN 'session' WHEN k < 98 THEN 'purchase' ELSE 'complaint' END AS event,
               happened AS occurred_at, happened + INTERVAL 1 MINUTE AS received_at, '{day}-' || i AS message_id,
               CASE WHEN k BETWEEN 70 AND 97 THEN exp(2.2 + (hash(i * 3 + {day}) % 1600)::DOUBLE / 1000) END AS value,
               NULL::VARCHAR AS currency, NULL::MAP(VARCHAR, VARCHAR) AS properties
        FROM (SELECT i, hash(i * 5 + {day} * 1000003) % 100 AS k,
                     TIMESTAMPTZ '{start.isoformat()}' + to_seconds((hash(i + {day}) % 86400)::BIGINT) AS happened
              FROM range({events}) AS t (i)) ORDER BY occurred_at
        """,  # noqa: S608
        "events",
    )
