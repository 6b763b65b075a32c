"""Names of experiments, composed from the workspace's pattern."""

import re
import unicodedata
from collections.abc import Collection

LONGEST = 100
FALLBACK = "experiment"


def composed_key(pattern: str, *, quarter: str, pod: str, channel: str, title: str) -> str:
    """The pattern filled in, as a key: small letters, digits and hyphens, at most 100 characters.

    A part that is empty leaves no trace. Long keys are cut between words; a key of nothing is `experiment`.
    """
    parts = {"quarter": quarter, "pod": pod, "channel": channel, "title": title}
    return _cut(_slug(pattern.format(**{name: _slug(part) for name, part in parts.items()})), LONGEST) or FALLBACK


def free_key(key: str, taken: Collection[str]) -> str:
    """`key`, or with the first number behind it that makes it one nobody has."""
    candidate, number = key, 1
    while candidate in taken:
        number += 1
        suffix = f"-{number}"
        candidate = _cut(key, LONGEST - len(suffix)) + suffix
    return candidate


def _slug(text: str) -> str:
    """Latin letters lose their accents; other scripts have no place in a key and drop out."""
    plain = unicodedata.normalize("NFKD", text.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _cut(slug: str, longest: int) -> str:
    if len(slug) <= longest:
        return slug
    whole_words = slug[: longest + 1].rpartition("-")[0]
    return whole_words or slug[:longest]
