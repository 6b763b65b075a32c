"""Counting an audience of a million customers: traits from the database, events from the store, reasons and states."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from tests.benchmarks import synthetic
from tests.benchmarks.lines import measured
from tests.benchmarks.timing import best

CUSTOMERS, EVENTS = 1_000_000, 5_000_000
MOST_S = 2.0
RULE = {
    "all": [
        {"trait": "plan", "op": "is", "value": "gold"},
        {"any": [
            {"event": "purchase", "of": "count", "op": "at_least", "value": 1, "within_days": 30},
            {"event": "session", "of": "days_since", "op": "at_most", "value": 7},
        ]},
    ]
}  # fmt: skip


def lines(customers: int = CUSTOMERS, events: int = EVENTS) -> Iterator[str]:
    """Seconds on the wall, the least of three."""
    folder = synthetic.installation(customers, events)
    _people(folder, customers)
    from engagement.customers.models import Audience
    from engagement.customers.services import audiences

    Audience.objects.filter(name="bench", versions=None).delete()
    version = _version()
    at = synthetic.FIRST_DAY + timedelta(days=synthetic.DAYS)
    yield f"audience: {customers:,} customers, {events:,} events, a trait and two events, suppression and consent"
    found = audiences.count(version=version, asking=audiences.Asking(["email"]), at=at)
    yield f"  {found.matching:,} match, {found.left:,} are left"
    took = best(lambda: audiences.count(version=version, asking=audiences.Asking(["email"]), at=at))
    yield measured("count with its reasons and states", took, "s", at_most=MOST_S)


def _version() -> "object":
    from engagement.customers.models import AudienceVersion
    from engagement.customers.services import audiences

    known = AudienceVersion.objects.filter(audience__name="bench").first()
    return known or audiences.create(name="bench", rule=RULE, actor=None)


def _people(folder: Path, customers: int) -> None:
    """Rows in the database for the store's customers: a third on the gold plan, one in fifty in peace, half consent."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with sqlite3.connect(folder / "db.sqlite3", isolation_level=None) as connection:
        if connection.execute("SELECT count(*) FROM customers_customer").fetchone()[0] >= customers:
            return
        connection.execute("BEGIN")
        plans = [json.dumps({"plan": plan, "city": "Larkmoor", "age": 40}) for plan in ("gold", "free", "none")]
        connection.executemany(
            "INSERT INTO customers_customer (id, external_id, traits) VALUES (?, ?, ?)",
            ((n, f"reader-{n}", plans[n % 3]) for n in range(customers)),
        )
        connection.executemany(
            "INSERT INTO customers_suppression (customer_id, scope, what, reason, note, starts_at, lifted_because)"
            " VALUES (?, 'everywhere', '', 'asked', '', '2026-01-01', '')",
            ((n,) for n in range(0, customers, 50)),
        )
        connection.executemany(
            "INSERT INTO customers_consent (customer_id, channel, topic, is_granted, at, source, is_newest)"
            " VALUES (?, 'email', '', 1, '2026-01-01', 'form', 1)",
            ((n,) for n in range(0, customers, 2)),
        )
        connection.execute("COMMIT")
