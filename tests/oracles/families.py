"""Which function answers which family of vectors: from the entry's inputs alone, no entry is special."""

from collections.abc import Callable
from typing import Any

from tests.oracles import bandits, comparisons, estimation, sequential
from tests.oracles.entries import Entry, departures

GROUPS = (comparisons, estimation, sequential, bandits)
FAMILIES: dict[str, Callable[[Any], dict[str, Any]]] = {
    name: answer for group in GROUPS for name, answer in group.FAMILIES.items()
}


def failure(entry: Entry) -> str | None:
    """What is wrong with our answer to one entry, or None."""
    family = FAMILIES.get(entry["family"])
    if family is None:
        return f"unknown family {entry['family']}"
    try:
        problems = list(departures(entry["expected"], family(entry["inputs"]), entry["tolerance"]))
    except Exception as error:  # noqa: BLE001 - one broken entry must not hide the others
        return f"{type(error).__name__}: {error}"
    return "; ".join(problems) or None
