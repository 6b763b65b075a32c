"""Reading vectors and judging answers against them."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]


def read(path: Path) -> list[Entry]:
    """The entries of a vector file."""
    entries: list[Entry] = json.loads(path.read_text(encoding="utf-8"))
    return entries


def departures(expected: Any, answer: Any, tolerance: float, place: str = "answer") -> Iterator[str]:
    """Every place where `answer` departs from `expected`.

    The tolerance is absolute for expected values below 1 in size and relative above. An expected null is an open
    end: the answer must be infinite.
    """
    if isinstance(expected, Mapping):
        for key, value in expected.items():
            if key in answer:
                yield from departures(value, answer[key], tolerance, key)
            else:
                yield f"{key} is missing"
    elif isinstance(expected, Sequence) and not isinstance(expected, str):
        if len(answer) != len(expected):
            yield f"{place} has {len(answer)} values where {len(expected)} were expected"
        for index, (value, got) in enumerate(zip(expected, answer, strict=False)):
            yield from departures(value, got, tolerance, f"{place}[{index}]")
    elif not _agrees(expected, answer, tolerance):
        yield f"{place} is {answer}, expected {expected} within {tolerance}"


def _agrees(expected: Any, answer: Any, tolerance: float) -> bool:
    if expected is None:
        return math.isinf(answer)
    if isinstance(expected, str):
        return expected == str(answer)
    return abs(float(answer) - float(expected)) <= tolerance * max(1.0, abs(float(expected)))
