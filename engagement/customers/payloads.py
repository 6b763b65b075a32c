"""The Segment tracking spec: an item as it comes in, checked and turned into what the inbox keeps.

Source of the names and rules: the public specification of Segment's HTTP tracking API. Pure: no Django, no database.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

LARGEST_ITEM = 32 * 1024
LARGEST_BATCH = 500 * 1024
LONGEST_NAME = 255
DEEPEST = 10
MOST_PROPERTIES = 1_000
LARGEST_AMOUNT = 1e15  # beyond it squares and cubes lose their digits
LEAD = timedelta(minutes=5)  # how far a clock may run ahead; beyond it the time is wrong
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

Kind = Literal["identify", "track", "page", "screen", "group", "alias"]
KINDS: frozenset[str] = frozenset({"identify", "track", "page", "screen", "group", "alias"})
PUBLISHABLE = frozenset({"track", "page", "screen"})  # what a key that anybody can read may report
VIEWED = "Experiment Viewed"


class Refused(Exception):
    """Why an item cannot be taken, in one sentence."""


class Item(msgspec.Struct, rename="camel"):
    """One call as the spec has it; what is not named here is not used."""

    type: str = ""
    message_id: str | None = None
    user_id: str | int | None = None
    anonymous_id: str | int | None = None
    previous_id: str | int | None = None
    group_id: str | int | None = None
    event: str | None = None
    name: str | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    timestamp: str | None = None
    sent_at: str | None = None


class Envelope(msgspec.Struct, rename="camel"):
    """A batch call: its items stay raw, so that one that is wrong spoils no other."""

    batch: list[msgspec.Raw]
    sent_at: str | None = None
    write_key: str | None = None
    context: dict[str, Any] | None = None


class Taken(msgspec.Struct, omit_defaults=True):
    """One item as the inbox keeps it: everything checked, names as the house has them."""

    kind: Kind
    message_id: str
    received_at: datetime
    occurred_at: datetime
    customer_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    event: str = ""
    value: float | None = None
    currency: str | None = None
    properties: dict[str, str] = {}
    traits: dict[str, Any] = {}
    experiment: str | None = None
    variant: str | None = None
    is_trusted: bool = True  # sent with a key that is a secret


ITEM = msgspec.json.Decoder(Item)
BATCH = msgspec.json.Decoder(Envelope)


def envelope(body: bytes) -> Envelope:
    """A batch call's body; raises `Refused` where it is no JSON of that form."""
    try:
        return BATCH.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"This is no batch call: {_reason(error)}.") from None


def taken(raw: bytes | msgspec.Raw, *, kind: str | None, received_at: datetime, sent_at: str | None = None) -> Taken:
    """The item, checked; raises `Refused`. `kind` is None in a batch, where the item says what it is.

    The time of the event: the item's own, moved by how far the sender's clock was off when it sent (`sentAt` against
    the time of receipt); without an own time, the time of receipt.
    """
    if len(memoryview(raw)) > LARGEST_ITEM:
        raise Refused("An item may hold 32 KB.")
    item = _item(raw)
    kind = _kind(kind or item.type)
    occurred_at = _occurred_at(item.timestamp, item.sent_at or sent_at, received_at)
    found = Taken(
        kind=kind,
        message_id=_text("messageId", item.message_id) or "",
        received_at=received_at,
        occurred_at=occurred_at,
        customer_id=_text("userId", item.user_id),
        anonymous_id=_text("anonymousId", item.anonymous_id),
    )
    if not found.customer_id and not found.anonymous_id:
        raise Refused("An item needs a userId or an anonymousId.")
    _FILL[kind](found, item)
    return found


def _item(raw: bytes | msgspec.Raw) -> Item:
    try:
        return ITEM.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"This is no item of the tracking spec: {_reason(error)}.") from None


def _kind(text: str) -> Kind:
    if text not in KINDS:
        raise Refused(f"The type “{text[:40]}” is none of {', '.join(sorted(KINDS))}.")
    return text  # type: ignore[return-value]  # one of them, as was just seen


def _track(found: Taken, item: Item) -> None:
    found.event = _text("event", item.event) or ""
    if not found.event:
        raise Refused("A track call names its event.")
    properties = item.properties or {}
    if found.event == VIEWED:
        found.experiment = _text("experiment_id", properties.get("experiment_id"))
        found.variant = _text("variation_id", properties.get("variation_id"))
        if not found.experiment or not found.variant:
            raise Refused("“Experiment Viewed” names experiment_id and variation_id.")
        return
    found.value, found.currency = _amount(properties), _currency(properties.get("currency"))
    found.properties = flattened(properties)


def _page(found: Taken, item: Item) -> None:
    found.event = found.kind
    found.properties = flattened({**(item.properties or {}), **({"name": item.name} if item.name else {})})


def _identify(found: Taken, item: Item) -> None:
    context = item.context or {}
    told = context.get("traits")  # where RudderStack's clients put them
    found.traits = _traits({**(told if isinstance(told, dict) else {}), **(item.traits or {})})
    for name, place in (("time_zone", "timezone"), ("locale", "locale")):
        text = context.get(place)
        if isinstance(text, str) and text:
            found.traits.setdefault(name, text)


def _group(found: Taken, item: Item) -> None:
    group_id = _text("groupId", item.group_id)
    if not group_id:
        raise Refused("A group call names its groupId.")
    found.traits = {"group_id": group_id, **{f"group_{name}": value for name, value in _traits(item.traits).items()}}


def _alias(found: Taken, item: Item) -> None:
    found.previous_id = _text("previousId", item.previous_id)
    if not found.previous_id or not found.customer_id:
        raise Refused("An alias call names previousId and userId.")


_FILL = {
    "track": _track,
    "page": _page,
    "screen": _page,
    "identify": _identify,
    "group": _group,
    "alias": _alias,
}


def _text(name: str, value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str | int) or isinstance(value, bool):
        raise Refused(f"{name} must be text.")
    text = str(value)
    if len(text) > LONGEST_NAME:
        raise Refused(f"{name} is longer than {LONGEST_NAME} characters.")
    if "\0" in text:
        raise Refused(f"{name} holds a zero character.")
    return text or None


def _occurred_at(timestamp: str | None, sent_at: str | None, received_at: datetime) -> datetime:
    if timestamp is None:
        return received_at
    at = _moment("timestamp", timestamp)
    if sent_at is not None:
        at += received_at - _moment("sentAt", sent_at)
    if at > received_at + LEAD:
        raise Refused(f"The event lies in the future: {at.isoformat()}.")
    if at < EARLIEST:
        raise Refused(f"The event lies before 1990: {at.isoformat()}.")
    return min(at, received_at)


def _moment(name: str, text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise Refused(f"{name} is “{text[:40]}”; it must be an ISO 8601 time.") from None


def _amount(properties: Mapping[str, Any]) -> float | None:
    """What the event was worth: `revenue`, else `value`, else `total`."""
    for name in ("revenue", "value", "total"):
        told = properties.get(name)
        if told is None or told == "":
            continue
        if isinstance(told, str):
            told = _number(name, told)
        if isinstance(told, bool) or not isinstance(told, int | float):
            raise Refused(f"{name} must be a number.")
        if not math.isfinite(told) or abs(told) > LARGEST_AMOUNT:
            raise Refused(f"{name} is too large to calculate with.")
        return float(told)
    return None


def _number(name: str, text: str) -> float:
    try:
        return float(text.strip().lstrip("$€£"))
    except ValueError:
        raise Refused(f"{name} is “{text[:40]}”; it must be a number.") from None


def _currency(told: Any) -> str | None:
    if told is None or told == "":
        return None
    text = told.strip().upper() if isinstance(told, str) else ""
    if len(text) != 3 or not text.isascii() or not text.isalpha():
        raise Refused("currency must be a code of three letters.")
    return text


def flattened(properties: Mapping[str, Any]) -> dict[str, str]:
    """Properties as text under dotted names; nulls are left out, lists are JSON."""
    found = dict(_leaves(properties, "", 1))
    if len(found) > MOST_PROPERTIES:
        raise Refused(f"An item may hold {MOST_PROPERTIES:,} properties.")
    return found


def _leaves(part: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth > DEEPEST:
        raise Refused(f"Properties are nested deeper than {DEEPEST}.")
    for name, value in part.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.", depth + 1)
        elif value is not None:
            text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            if "\0" in text or "\0" in name:
                raise Refused(f"The property {name[:40]!r} holds a zero character.")
            yield prefix + name, text


def _traits(told: Mapping[str, Any] | None) -> dict[str, Any]:
    """Traits under dotted names, their values as JSON has them; null takes a trait away."""
    found: dict[str, Any] = {}
    for name, value in (told or {}).items():
        if isinstance(value, dict):
            found.update({f"{name}.{part}": text for part, text in flattened(value).items()})
        elif isinstance(value, list):
            found.update(flattened({name: value}))
        else:
            found[name] = value
    if len(found) > MOST_PROPERTIES or any("\0" in f"{name}{value}" for name, value in found.items()):
        raise Refused(f"Traits may be {MOST_PROPERTIES:,} and hold no zero character.")
    return found


def _reason(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error).rstrip(".").lower()[:200]
