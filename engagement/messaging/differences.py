"""In what one message differs from another: fields, paragraphs, and how many levers were moved at once."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from html import unescape
from typing import Final

from engagement.messaging import markup
from engagement.messaging.content import FIELDS, Contents, Field
from engagement.messaging.tokens import Place

CHANNEL: Final = "channel"
MOST_MATCHED = 150


def changed(control: Contents, other: Contents) -> list[tuple[str, Field]]:
    """The fields, with their channel, in which the two differ."""
    return [
        (channel, one)
        for channel, fields in FIELDS.items()
        for one in fields
        if control.get(channel, {}).get(one.name, "") != other.get(channel, {}).get(one.name, "")
    ]


def levers(control: Contents, other: Contents) -> list[str]:
    """What was moved: the channels a message goes by, its content, where it leads. Against no message all is one."""
    if not control or not other:
        return []
    found = {one.lever for channel, one in changed(control, other) if channel in control and channel in other}
    moved = [CHANNEL] if set(control) != set(other) else []
    return [*moved, *sorted(found)]


def paragraphs(text: str, place: Place) -> list[str]:
    """What is read, a paragraph each; of HTML without its markup."""
    if place == Place.HTML:
        text = unescape(markup.read(text).words)
    return [line for part in text.split("\n") if (line := re.sub(r"\s+", " ", part).strip())]


def aligned(control: Sequence[str], other: Sequence[str]) -> list[str | None]:
    """Per paragraph of the control what stands in its place: itself (None), other words, or nothing.

    What was put in stands with the paragraph before it; in front of all, with the first.
    """
    found: list[list[str] | None] = [None] * max(1, len(control))
    if not control:
        return ["\n".join(other)]
    if max(len(control), len(other)) > MOST_MATCHED:
        return _one_by_one(control, other)
    for tag, first, end, other_first, other_end in SequenceMatcher(None, control, other, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        words = list(other[other_first:other_end])
        if tag == "insert":
            place = max(0, first - 1)
            held = found[place]
            before = [control[place]] if held is None else held
            found[place] = [*words, *before] if first == 0 else [*before, *words]
            continue
        for place in range(first, end):
            found[place] = [words.pop(0)] if words and place < end - 1 else words
            words = words if place < end - 1 else []
    return [None if held is None else "\n".join(held) for held in found]


def _one_by_one(control: Sequence[str], other: Sequence[str]) -> list[str | None]:
    """Without looking for what moved, which takes too long of hundreds of paragraphs."""
    last = len(control) - 1
    beside = [*other[:last], "\n".join(other[last:])] + [""] * (last - len(other))
    return [None if line == beside[place] else beside[place] for place, line in enumerate(control)]
