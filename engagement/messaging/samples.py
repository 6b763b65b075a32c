"""Made-up customers for previews: one as one would wish, one of whom nothing is known, one too long, one right to left.

Nobody's data are in it: what a token is called decides what stands in its place.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Persona(StrEnum):
    IDEAL = "ideal"
    EMPTIEST = "emptiest"
    LONGEST = "longest"
    RIGHT_TO_LEFT = "right_to_left"


UNSUBSCRIBE = "https://example.org/unsubscribe/"
KINDS: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "since", "day", "at", "birthday", "until"),
    "number": ("count", "number", "total", "amount", "price", "value", "visits", "days", "minutes", "points", "orders"),
    "email": ("mail", "email"),
    "first": ("first", "given", "nickname"),
    "last": ("last", "family", "surname"),
    "name": ("name",),
    "place": ("city", "town", "country", "region", "place"),
}
WORDS: Mapping[Persona, Mapping[str, object]] = {
    Persona.IDEAL: {
        "date": "2026-03-09", "number": 42, "email": "anna.berg@example.org", "first": "Anna", "last": "Berg",
        "name": "Anna Berg", "place": "Lisbon", "state": "core",
    },
    Persona.LONGEST: {
        "date": "2026-12-31", "number": 1_234_567.89, "first": "Maximiliane-Alexandra Philippa",
        "email": "maximiliane-alexandra.von-hohenlohe-waldenburg@correspondence.example.org",
        "last": "von Hohenlohe-Waldenburg-Schillingsfürst", "state": "casual",
        "name": "Maximiliane-Alexandra Philippa von Hohenlohe-Waldenburg-Schillingsfürst",
        "place": "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
        "": "the longest thing that anybody here has ever been told to be called, and then a little more",
    },
    Persona.RIGHT_TO_LEFT: {
        "date": "2026-03-09", "number": 42, "email": "layla@example.org", "first": "ليلى", "last": "الهاشمي",
        "name": "ليلى الهاشمي", "place": "القاهرة", "state": "core", "": "نص من اليمين إلى اليسار",
    },
}  # fmt: skip


def words_of(persona: Persona, names: Iterable[str]) -> dict[str, object]:
    """A value for each token; nothing for the emptiest customer but the link to unsubscribe."""
    known: dict[str, object] = {"unsubscribe_url": UNSUBSCRIBE}
    if persona == Persona.EMPTIEST:
        return known
    words = WORDS[persona]
    said = {
        name: words.get(_kind(name), words.get("", name.removeprefix("event.").replace("_", " "))) for name in names
    }
    return said | known


def _kind(name: str) -> str:
    if name == "state":
        return name
    parts = name.removeprefix("event.").casefold().replace("-", "_").split("_")
    return next((kind for kind, words in KINDS.items() if any(part in words for part in parts)), "?")
