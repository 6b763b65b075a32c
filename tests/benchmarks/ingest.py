"""Events over HTTP: the web process as `make run` starts it, PostgreSQL that waits for its disk, nothing lost.

The load comes from one more process of this machine, so that both share its cores. The server is looked for on
127.0.0.1:5432, or where BENCH_POSTGRESQL says.
"""

import base64
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path

import psycopg

from tests.benchmarks.lines import absent, measured
from tests.benchmarks.timing import seconds
from tests.engagement.customers.live import Live
from tests.installation import Installation
from tests.killed import nursery

SERVER = os.environ.get("BENCH_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432")
BATCH, BATCHES, SENDERS = 100, 1_500, 4
WARM_UP = 100
LONGEST_S = 120
LEAST = 10_000


def lines() -> Iterator[str]:
    """Events a second between the first call sent and the last one answered; the store is counted after a flush."""
    try:
        with psycopg.connect(f"{SERVER}/postgres") as connection:
            waits = connection.execute("SHOW synchronous_commit").fetchone() or ("unknown",)
    except psycopg.OperationalError:
        yield absent("PostgreSQL server")
        return
    yield f"ingest: {BATCHES:,} batches of {BATCH}, {SENDERS} senders; PostgreSQL, synchronous commit {waits[0]}"
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder), server=SERVER)
        try:
            installation.run("migrate", "--verbosity", "0")
            installation.start_web()
            with nursery(installation) as work:
                yield from _lines(Live(installation, work))
        finally:
            installation.stop()


def _lines(live: Live) -> Iterator[str]:
    _send(live, 0, WARM_UP)
    took = _send(live, WARM_UP, WARM_UP + BATCHES)
    flushed = seconds(live.flush)
    sent = (WARM_UP + BATCHES) * BATCH
    stored = live.stored()
    yield measured("accepted over HTTP", BATCHES * BATCH / took, "events/s", at_least=LEAST)
    yield measured("moved into the store by a flush", sent / flushed, "events/s")
    yield measured("acknowledged and not in the store", sent - len(set(stored)), "events", at_most=0)
    yield measured("in the store twice", len(stored) - len(set(stored)), "events", at_most=0)


def _send(live: Live, first: int, last: int) -> float:
    command = [sys.executable, "-m", "tests.benchmarks.ingest", str(live.installation.port), live.key]
    done = subprocess.run(
        [*command, str(first), str(last)], check=True, stdout=subprocess.PIPE, text=True, timeout=LONGEST_S
    )
    return float(done.stdout)


def send(port: int, key: str, batches: range) -> float:
    """Seconds on the wall for sending these batches. The bodies are made before: that work is not what is measured."""
    bodies = [_body(number) for number in batches]
    headers = {
        "Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
        "Content-Type": "application/json",
    }

    def call(part: list[bytes]) -> None:
        connection = HTTPConnection("127.0.0.1", port, timeout=60)
        for body in part:
            connection.request("POST", "/v1/batch", body, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
            assert told == {"success": True, "accepted": BATCH, "repeated": 0}, told

    start = time.perf_counter()
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(call, [bodies[number::SENDERS] for number in range(SENDERS)]))
    return time.perf_counter() - start


def _body(batch: int) -> bytes:
    items = [
        {
            "type": "track",
            "messageId": f"ingest-{number}",
            "userId": f"customer-{number % 20_000}",
            "event": "purchase",
            "timestamp": "2026-07-01T12:00:00.000Z",
            "properties": {"revenue": number % 97 + 0.5, "currency": "EUR", "sku": f"A-{number % 300}", "first": False},
            "context": {"library": {"name": "benchmark", "version": "1"}},
        }
        for number in range(batch * BATCH, (batch + 1) * BATCH)
    ]
    return json.dumps({"batch": items}).encode()


def main() -> None:
    port, key, first, last = sys.argv[1:]
    print(send(int(port), key, range(int(first), int(last))))


if __name__ == "__main__":
    main()
