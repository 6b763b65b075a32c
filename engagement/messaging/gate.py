"""May this message go out now, and if not, why not. Pure: times and words in, a verdict out.

Quiet hours delay and never exclude; what excludes names one reason, the first in a stated order. The frequency cap is
over all channels in a rolling window of whole days of 24 hours, so that no change of the clocks and no week's edge
makes it longer or shorter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum


class Refusal(StrEnum):
    """Why a message is not sent; in the order in which they are asked."""

    ERASED = "erased"
    SUPPRESSED = "suppressed"
    NO_CONSENT = "no_consent"
    NO_ADDRESS = "no_address"
    CAP = "cap"
    STOPPED = "stopped"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Limits:
    """The workspace's: at most `most` messages to one customer in `days`, and none between `quiet_from` and `quiet_to`
    of the customer's own day. None: no such limit."""

    most: int | None = None
    days: int = 7
    quiet_from: time | None = None
    quiet_to: time | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is true of a customer on the channel at hand; `sent_at`: when messages went out to them, on any channel."""

    is_erased: bool = False
    is_suppressed: bool = False
    has_consent: bool = True
    has_address: bool = True
    sent_at: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class Gate:
    """Go (neither), wait until `not_before`, or never, for the `refusal`."""

    refusal: Refusal | None = None
    not_before: datetime | None = None

    @property
    def is_open(self) -> bool:
        return self.refusal is None and self.not_before is None


def judge(customer: Standing, limits: Limits, *, at: datetime, zone: tzinfo) -> Gate:
    """The verdict at a moment, for a customer whose day is that of `zone`."""
    reasons = [
        (Refusal.ERASED, customer.is_erased),
        (Refusal.SUPPRESSED, customer.is_suppressed),
        (Refusal.NO_CONSENT, not customer.has_consent),
        (Refusal.NO_ADDRESS, not customer.has_address),
    ]
    for reason, holds in reasons:
        if holds:
            return Gate(reason)
    if (until := quiet_until(limits, at=at, zone=zone)) is not None:
        return Gate(not_before=until)
    return Gate(Refusal.CAP) if over_cap(customer.sent_at, limits, at=at) else Gate()


def over_cap(sent_at: Sequence[datetime], limits: Limits, *, at: datetime) -> bool:
    """Whether one more message at this moment would be more than the most in the window that ends with it."""
    if limits.most is None:
        return False
    since = at - timedelta(days=limits.days)
    return sum(since < moment <= at for moment in sent_at) >= limits.most


def quiet_until(limits: Limits, *, at: datetime, zone: tzinfo) -> datetime | None:
    """When the customer's quiet hours that hold now are over; None outside them, and where none are set.

    From 22:00 to 8:00 they cross midnight. An end that the clocks leave out comes when they have jumped over it.
    """
    begin, end = limits.quiet_from, limits.quiet_to
    if begin is None or end is None or begin == end:
        return None
    local = at.astimezone(zone)
    wall = local.time()
    is_quiet = begin <= wall < end if begin < end else wall >= begin or wall < end
    if not is_quiet:
        return None
    day = local.date() if wall < end else local.date() + timedelta(days=1)
    over = datetime.combine(day, end, zone).astimezone(at.tzinfo)
    return max(over, at)
