"""Work in real processes that are killed at a moment of chance, and what that costs: rounds are counted, rows too.

`make test` runs a few rounds of each, `make faults` fifty.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.installation import ROOT, Installation
from tests.mail_sink import Sink

# Everything is imported once; each piece of work is a fork of it, so that a round takes moments and not seconds.
NURSERY = """
import json, os, sys, django
django.setup()
from django.utils.module_loading import import_string
import_string("tests.killed_work.stored")
print("ready", flush=True)
for line in sys.stdin:
    name, arguments, answer = json.loads(line)
    child = os.fork()
    if child == 0:
        told = json.dumps(import_string(name)(**arguments))
        with open(answer, "w") as file:
            file.write(told)
        os._exit(0)
    print(child, flush=True)
    sys.stdin.readline()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass
class Toll:
    """How many rounds there were, in how many the process died at work, and what was amiss afterwards."""

    rounds: int = 0
    killed: int = 0
    lost: int = 0
    doubled: int = 0

    def __str__(self) -> str:
        return f"{self.rounds} rounds, {self.killed} killed at work, {self.lost} lost, {self.doubled} counted twice"


class Nursery:
    """A process of an installation that has everything imported and does each piece of work in a fork."""

    def __init__(self, process: "subprocess.Popen[str]", folder: Path) -> None:
        self.process, self.answer = process, folder / "answer.json"
        assert self._line() == "ready"

    def do(self, name: str, **arguments: Any) -> Any:
        """What the function of `tests.killed_work` returns."""
        self._begin(name, arguments)
        code = self._end()
        assert code == 0, f"{name} ended with {code}"
        return json.loads(self.answer.read_text())

    def kill(self, name: str, *, after_s: float, **arguments: Any) -> bool:
        """Lets the function run for so long and kills it; whether it died at work."""
        child = self._begin(name, arguments)
        time.sleep(after_s)
        os.kill(child, signal.SIGKILL)  # nobody has waited for it yet: the number is still its own
        code = self._end()
        assert code in (0, -signal.SIGKILL), f"{name} ended with {code}"
        return code != 0

    def dies(self, name: str, **arguments: Any) -> bool:
        """Lets the function run until it kills itself; whether it did."""
        self._begin(name, arguments)
        return self._end() == -signal.SIGKILL

    def timed(self, name: str, **arguments: Any) -> float:
        started = time.monotonic()
        self.do(name, **arguments)
        return time.monotonic() - started

    def _begin(self, name: str, arguments: dict[str, Any]) -> int:
        self._say(json.dumps([f"tests.killed_work.{name}", arguments, str(self.answer)]))
        return int(self._line())

    def _end(self) -> int:
        self._say("")
        return int(self._line())

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()


@contextmanager
def nursery(installation: Installation) -> Iterator[Nursery]:
    environment = {**installation.environment, "DJANGO_SETTINGS_MODULE": "engagement.settings"}
    command = [sys.executable, "-c", NURSERY]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Nursery(process, installation.folder)
        finally:
            process.kill()


def kill_compactions(work: Nursery, rounds: int, *, seed: int = 3) -> Toll:
    """Each round small files come, a compaction dies while more come, and the store must hold every row once."""
    rng, toll, written = random.Random(seed), Toll(), 0  # noqa: S311  where to kill
    work.do("append", first=written, files=6)
    written = 6
    longest = work.timed("compact")
    for _ in range(rounds):
        work.do("append", first=written, files=6)
        written += 6
        toll.killed += work.kill("append_and_compact", first=written, files=3, after_s=rng.uniform(0.0, 3 * longest))
        work.do("append", first=written, files=3)  # the writer tries again: what was committed is not taken twice
        written += 3
        toll.rounds += 1
        _count(toll, work.do("stored"), work.do("expected", files=written))
    work.do("compact")
    _count(toll, work.do("stored"), work.do("expected", files=written))
    assert work.do("files") == 1
    return toll


def kill_sendings(work: Nursery, rounds: int, sink: Sink, *, customers: int, seed: int = 5) -> Toll:
    """A sending that dies again and again at a moment of chance. `lost` are messages told as sent that never came,
    `doubled` those that came twice; every message has a fate, and whoever is in the sending was exposed once."""
    rng, toll = random.Random(seed), Toll()  # noqa: S311  when to kill
    work.do("launch_letter", customers=customers)
    for _ in range(rounds):
        toll.killed += work.kill("send_letter", after_s=rng.uniform(0.0, 0.6))
        toll.rounds += 1
    work.do("send_letter")
    found, came = work.do("fates"), sink.to
    assert sum(map(len, found.values())) == customers
    assert set(found) <= {"sent", "unknown"}
    assert len(found.get("unknown", [])) <= toll.killed
    toll.lost = len(set(found["sent"]) - set(came))
    toll.doubled = len(came) - len(set(came))
    exposed = work.do("stored")
    assert (len(exposed), len(set(exposed))) == (customers, customers)
    return toll


def _count(toll: Toll, found: list[int], expected: list[int]) -> None:
    toll.lost += len(set(expected) - set(found))
    toll.doubled += len(found) - len(set(found))


def kill_analyses(work: Nursery, rounds: int, *, begins: datetime, ends: datetime, seed: int = 4) -> Toll:
    """Each round a period's rows come and an analysis of them dies; what the refreshes count in the end must be what
    one full count does. `lost` are figures that differ, `doubled` days that are kept more than once."""
    rng, toll = random.Random(seed), Toll()  # noqa: S311  where to kill
    longest, step = 1.0, (ends - begins) / rounds
    for number in range(rounds):
        since = begins + number * step if number else datetime(2000, 1, 1, tzinfo=UTC)
        until = begins + (number + 1) * step
        work.do("deliver", begins=since.isoformat(), ends=until.isoformat())
        toll.killed += work.kill("analyse", after_s=rng.uniform(0.0, longest))
        toll.rounds += 1
        if number % 3 == 0:  # else the next one finds nothing but what the dead one left
            started = time.monotonic()
            work.do("analyse")
            longest = time.monotonic() - started
    refreshed, full = work.do("analyse"), work.do("analyse", is_full=True)
    assert len(full["figures"]) > 100
    toll.lost = sum(_differs(*pair) for pair in zip(refreshed["figures"], full["figures"], strict=True))
    toll.doubled = full["kept"] - full["metrics"]
    return toll


def _differs(found: Any, expected: Any) -> bool:
    if isinstance(expected, float) and isinstance(found, float):
        return abs(found - expected) > 1e-9 * max(1.0, abs(expected))
    return bool(found != expected)
