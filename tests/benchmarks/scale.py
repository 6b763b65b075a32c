"""A readout of ten times as many events: ten times as long, in bounded memory. Each size in a process of its own."""

import json
import resource
import subprocess
import sys
from collections.abc import Iterator

from tests.benchmarks import readout, synthetic
from tests.benchmarks.lines import measured
from tests.benchmarks.timing import seconds

SIZES = ((1_000_000, 10_000_000), (10_000_000, 100_000_000))
MOST_GIB, MOST_TIMES = 6.0, 12.0  # a fifth above linear


def lines() -> Iterator[str]:
    """Seconds on the wall of one full readout each, and the most memory the process ever held."""
    yield "scale: a full readout of 10 M and of 100 M events, 10 events a customer"
    took = []
    for customers, events in SIZES:
        found = _measured(customers, events)
        took.append(found["seconds"])
        yield measured(f"{events:,} events", found["seconds"], "s")
        yield measured(f"{events:,} events: peak memory", found["peak_gib"], "GiB", at_most=MOST_GIB)
    yield measured("100 M over 10 M", took[1] / took[0], "×", at_most=MOST_TIMES)


def _measured(customers: int, events: int) -> dict[str, float]:
    _in_a_process("make", customers, events)  # apart: making the rows takes more memory than reading them
    found: dict[str, float] = json.loads(_in_a_process("read", customers, events).splitlines()[-1])
    return found


def _in_a_process(what: str, customers: int, events: int) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.scale", what, str(customers), str(events)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def main() -> None:
    what, customers, events = sys.argv[1:]
    synthetic.installation(int(customers), int(events))
    if what == "read":
        took = seconds(lambda: readout.readout(synthetic.DAYS, is_full=True))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(json.dumps({"seconds": took, "peak_gib": peak}))


if __name__ == "__main__":
    main()
