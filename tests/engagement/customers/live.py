"""A running site that events are sent to: real web process, real flushers, real kills."""

import base64
import http.client
import json
import random
import time
import urllib.error
import urllib.request
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
from deltalake import DeltaTable

from tests.installation import Installation
from tests.killed import Nursery


class Live:
    """The site with a key, and an account of every message it said it had taken."""

    def __init__(self, installation: Installation, work: Nursery) -> None:
        self.installation, self.work = installation, work
        self.key: str = work.do("key")
        self.login = "Basic " + base64.b64encode(f"{self.key}:".encode()).decode()
        self.acknowledged: set[str] = set()
        self.sent = 0

    def batch(self, size: int = 20) -> list[dict[str, Any]]:
        first, self.sent = self.sent, self.sent + size
        return [
            {
                "type": "track",
                "userId": f"u{n % 50}",
                "event": "purchase",
                "messageId": f"m{n}",
                "properties": {"value": n},
            }
            for n in range(first, first + size)
        ]

    def send(self, items: list[dict[str, Any]]) -> bool:
        """Whether the site took them all; what it took is noted."""
        request = urllib.request.Request(  # noqa: S310  loopback
            f"{self.installation.url}/v1/batch",
            json.dumps({"batch": items}).encode(),
            {"Authorization": self.login, "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  loopback
                told = json.load(answer)
        except (OSError, http.client.HTTPException):  # no answer, or half of one
            return False
        if told["accepted"] + told["repeated"] != len(items):
            return False
        self.acknowledged.update(item["messageId"] for item in items)
        return True

    def post(self, body: bytes, **headers: str) -> int:
        """The status with which a batch call of this body is answered."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.installation.port, timeout=60)) as connection:
            with suppress(ConnectionError):  # answered before all of it was read
                connection.request("POST", "/v1/batch", body, {"Authorization": self.login, **headers})
            with connection.getresponse() as answer:
                return answer.status

    def peak_memory(self) -> int:
        """Bytes: the most that a process of the web server has held so far, as Linux counts it."""
        web = psutil.Process(self.installation.processes[-1].pid)
        return max(_peak(process.pid) for process in (web, *web.children(recursive=True)))

    def flush(self) -> None:
        self.work.do("flush")

    def stored(self) -> list[str]:
        """The message ids in the store, once each time they are there."""
        table = DeltaTable(str(self.installation.folder / "warehouse" / "events"))
        found: list[str] = pa.table(table.to_pyarrow_table(columns=["message_id"]))["message_id"].to_pylist()
        return found

    def lost_and_doubled(self) -> tuple[int, int]:
        """After everything has been flushed: acknowledged messages that are not there, and those there twice."""
        self.flush()
        found = self.stored()
        return len(self.acknowledged - set(found)), len(found) - len(set(found))


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def bomb(size: int) -> bytes:
    """A gzip file of so many zeros: its megabytes are all alike, so that one is packed and then written many times."""
    pack = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    megabyte = pack.compress(bytes(1 << 20)) + pack.flush(zlib.Z_FULL_FLUSH)
    return b"\x1f\x8b\x08" + bytes(7) + megabyte * (size >> 20) + pack.flush() + bytes(8)


def kill_web_under_load(live: Live, rounds: int, *, seed: int = 1) -> None:
    """Each round four senders send, the web process is killed in the middle, started again, and some send again."""
    rng = random.Random(seed)  # noqa: S311  where to kill
    installation = live.installation
    for _ in range(rounds):
        web = installation.processes[-1]
        with ThreadPoolExecutor(4) as pool:
            batches = [live.batch() for _ in range(12)]
            sending = pool.map(live.send, batches)
            time.sleep(rng.uniform(0.0, 0.15))
            for process in (*psutil.Process(web.pid).children(recursive=True), web):
                process.kill()
            list(sending)
        web.wait()
        installation.processes.remove(web)
        installation.start_web()
        assert all(live.send(batch) for batch in rng.sample(batches, 4))  # a sender that was not answered tries again


def kill_flusher(live: Live, rounds: int, *, seed: int = 2) -> int:
    """Each round a flusher dies: before it wrote, between store and inbox, or at a moment of chance. How many did."""
    rng = random.Random(seed)  # noqa: S311  where to kill
    assert live.send(live.batch(200))
    longest, died = live.work.timed("flush"), 0
    for number in range(rounds):
        assert live.send(live.batch(200))
        if number % 3 < 2:
            died += live.work.dies("flush_and_die", point=("_remember_traits", "_finish")[number % 3])
        else:
            died += live.work.kill("flush", after_s=rng.uniform(0.0, longest))
    return died


def flush_twice_at_once(live: Live) -> None:
    assert live.send(live.batch(200))
    live.work.do("flush_by_two")
