"""`python -m tests.oracles PATH`: hold the statistics package against a file of vectors.

Prints one line per failure and closes with `N passed, M failed`; exit code 1 if any failed or a family is unknown.
"""

import sys
from pathlib import Path

from tests.oracles.entries import read
from tests.oracles.families import failure

USAGE = "usage: python -m tests.oracles PATH"


def main(arguments: list[str]) -> int:
    """Run one file; the exit code."""
    if len(arguments) != 1:
        sys.stderr.write(f"{USAGE}\n")
        return 2
    try:
        entries = read(Path(arguments[0]))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"cannot read {arguments[0]}: {error}\n")
        return 2
    failures = [(entry["id"], problem) for entry in entries if (problem := failure(entry))]
    for name, problem in failures:
        sys.stdout.write(f"{name}: {problem}\n")
    sys.stdout.write(f"{len(entries) - len(failures)} passed, {len(failures)} failed\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
