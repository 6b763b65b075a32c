"""Variants over HTTP: OFREP against a view that does nothing, on one server and in one run.

The web process is the one `make run` starts, with that view beside the site's own; SQLite, and where a server answers
PostgreSQL. The load comes from one more process of this machine: a few connections kept open, each with its next
question as soon as it has its answer. Calls of all kinds take turns in short rounds, so that a busy machine is busy for
each; a ratio is the median over the rounds. PostgreSQL is looked for on 127.0.0.1:5432, or where BENCH_POSTGRESQL says.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import psycopg

from tests.benchmarks.ingest import SERVER
from tests.benchmarks.lines import absent, measured
from tests.installation import Installation

CUSTOMERS, EXPERIMENTS = 50_000, 10
CONNECTIONS, CALLS, ROUNDS = 4, 600, 9  # calls of one kind a round, over all connections
PATIENCE_S, LONGEST_S = 60, 550
EMPTY, OPEN, LIMITED = "empty view", "OFREP evaluate without audience", "OFREP evaluate with an audience"
PATHS = {
    EMPTY: "/empty",
    OPEN: "/ofrep/v1/evaluate/flags/everybody-0",
    LIMITED: "/ofrep/v1/evaluate/flags/readers",
}
LEAST = {OPEN: 60.0, LIMITED: 30.0}


def lines() -> Iterator[str]:
    yield f"serving: {CONNECTIONS} connections; {EXPERIMENTS + 1} experiments run, one for {CUSTOMERS:,} customers"
    yield from _lines("SQLite", None)
    try:
        psycopg.connect(f"{SERVER}/postgres").close()
    except psycopg.OperationalError:
        yield absent("PostgreSQL server")
        return
    yield from _lines("PostgreSQL", SERVER)


def _lines(name: str, server: str | None) -> Iterator[str]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(Path(folder), server=server)
        installation.environment["TRACK_CALLS_PER_S"] = "1000000"  # what is measured is the work, not the limit
        try:
            installation.run("migrate", "--verbosity", "0")
            program = "from tests.benchmarks import serving, voting; voting.within(serving.fill)"
            key = json.loads(installation.run(program=program).splitlines()[-1])
            installation.start_web("tests.benchmarks.serving_site:application")
            rates = _rates(installation.port, key)
        finally:
            installation.stop()
    yield measured(f"{name}: {EMPTY}", median(rates[EMPTY]), "calls/s")
    for label, least in LEAST.items():
        share = median(100 * ours / empty for ours, empty in zip(rates[label], rates[EMPTY], strict=True))
        yield measured(f"{name}: {label}", median(rates[label]), "calls/s")
        yield measured(f"{name}: {label}, of the empty view's", share, "%", at_least=least)


def _rates(port: int, key: str) -> dict[str, list[float]]:
    """Calls a second in each round."""
    command = [sys.executable, "-m", "tests.benchmarks.serving", str(port), key]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=LONGEST_S)
    return dict(json.loads(done.stdout))


def fill() -> str:
    """Experiments for everybody, one with an audience, its customers; a key that may ask."""
    from datetime import timedelta

    from engagement.accounts.services.keys import make_key
    from engagement.core.clock import now
    from engagement.customers.models import Customer
    from experiments.services import plans, runs, separation
    from experiments.services.plans import MetricPlan, VariantPlan

    variants = [VariantPlan("none", "None", 0.5), VariantPlan("banner", "Banner", 0.5, "in_app", "Hello", "Stay.")]
    metrics = [MetricPlan("read", "proportion", "primary")]
    Customer.objects.bulk_create((Customer(external_id=_name(n)) for n in range(CUSTOMERS)), batch_size=5_000)
    for name in (*(f"everybody-{n}" for n in range(EXPERIMENTS)), "readers"):
        made = plans.create(
            key=name, name=name, variants=variants, metrics=metrics, actor=None,
            starts=now(), ends=now() + timedelta(days=7),
        )  # fmt: skip
        if name == "readers":
            known = Customer.objects.values_list("pk", flat=True)
            separation.limit_to(experiment=made, customers=known, actor=None)
        runs.start(experiment=made, actor=None)
    return make_key(name="Bench", kind="secret", actor=None)[1]


def _name(number: int) -> str:
    return f"customer-{number}"


def main() -> None:
    port, key = int(sys.argv[1]), sys.argv[2]
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        callers = [Caller(port, key) for _ in range(CONNECTIONS)]
        rates: dict[str, list[float]] = {label: [] for label in PATHS}
        for number in range(ROUNDS + 1):
            for label, path in PATHS.items():
                calls = [[caller, path, number * CALLS + place] for place, caller in enumerate(callers)]
                start = time.perf_counter()
                list(pool.map(lambda call: call[0].ask(*call[1:]), calls))
                if number:  # the first round warms up
                    rates[label].append(CALLS / (time.perf_counter() - start))
    print(json.dumps(rates))


class Caller:
    """One connection, kept open. Bytes in, bytes out: what the load costs leaves little of the cores to the server."""

    def __init__(self, port: int, key: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = f"Host: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"

    def ask(self, path: str, first: int) -> None:
        """This connection's part of a round's calls, each about another customer."""
        questions = [self._question(path, number) for number in range(first, first + CALLS, CONNECTIONS)]
        for question in questions:
            self.socket.sendall(question)
            answer = self._answer()
            assert b'"variant":"' in answer or path == PATHS[EMPTY], answer

    def _question(self, path: str, number: int) -> bytes:
        body = json.dumps({"context": {"targetingKey": _name(number % CUSTOMERS)}})
        return f"POST {path} HTTP/1.1\r\n{self.head}Content-Length: {len(body)}\r\n\r\n{body}".encode()

    def _answer(self) -> bytes:
        told = b""
        while b"\r\n\r\n" not in told:
            told += self._more()
        head, _, body = told.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(body) < length:
            body += self._more()
        return body

    def _more(self) -> bytes:
        part = self.socket.recv(65_536)
        assert part, "the server hung up"
        return part


if __name__ == "__main__":
    main()
