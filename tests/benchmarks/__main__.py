"""`python -m tests.benchmarks [NAME ...]`: measure, print, hold against the bars.

A bar that was not held is a line that says MISSED; the exit status is 0 all the same, for a busy machine misses too.
"""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator

import numpy as np
import scipy

from tests.benchmarks import (
    assignment,
    audience,
    boundaries,
    comparisons,
    division,
    ingest,
    learnings,
    moments,
    quarterly,
    readout,
    reallocation,
    regret,
    scale,
    serving,
    voting,
)

BENCHMARKS: dict[str, Callable[[], Iterator[str]]] = {
    "comparisons": comparisons.lines,
    "assignment": assignment.lines,
    "division": division.lines,
    "boundaries": boundaries.lines,
    "regret": regret.lines,
    "moments": moments.lines,
    "readout": readout.lines,
    "scale": scale.lines,
    "audience": audience.lines,
    "ingest": ingest.lines,
    "serving": serving.lines,
    "reallocation": reallocation.lines,
    "learnings": learnings.lines,
    "voting": voting.lines,
    "quarterly": quarterly.lines,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="Measure speed and earnings.")
    parser.add_argument("name", nargs="*", help=f"which ones, of {', '.join(BENCHMARKS)}; all without a name")
    names = parser.parse_args().name or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"no benchmark is called {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    if len(names) > 1:  # each has a folder of data of its own, and a process reads its settings once
        for name in names:
            subprocess.run([sys.executable, "-m", "tests.benchmarks", name], check=True)
        return
    print(f"Python {platform.python_version()}, numpy {np.__version__}, scipy {scipy.__version__}, {_load()}")
    print()
    for line in BENCHMARKS[names[0]]():
        print(line, flush=True)


def _load() -> str:
    """How busy the machine is: with more work than cores, times grow and ratios do not."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


if __name__ == "__main__":
    main()
