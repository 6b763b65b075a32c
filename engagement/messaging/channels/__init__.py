"""How a message leaves: one file a channel."""

from dataclasses import dataclass

from engagement.core.errors import DomainError


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message for one customer, its words already written. `key` names it for good: the same for a repeat."""

    key: str
    address: str
    words: dict[str, str]
    unsubscribe_url: str = ""


class NotTaken(Exception):
    """The other side refused this very message: it was not sent, and trying again would not help."""


class TakenLater(Exception):
    """The other side did not take it now: it was not sent, and may be tried again."""


class Unreachable(DomainError):
    """The other side cannot be talked to. What was handed over last may or may not have been sent."""

    status = 503
