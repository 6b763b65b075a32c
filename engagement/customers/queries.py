"""What is known of customers and their feeds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min

from engagement.core.clock import now
from engagement.customers.models import Customer, Feed, InboxItem, Merge

STALE_AFTER = 4  # stated delays without anything new


def complete_through(events: Iterable[str]) -> dict[str, datetime]:
    """Per event name the time its feed is complete to; a feed that never delivered is missing.

    An import says to when. A live feed is complete to now less its stated delay, or to its newest event once it has
    gone stale; never past what was accepted and has not reached the store.
    """
    feeds = Feed.objects.filter(event__in=set(events))
    present = _flushed_through()
    found: dict[str, datetime] = {}
    for feed in feeds:
        moments = [feed.complete_through, _live_through(feed, present)]
        if known := [moment for moment in moments if moment is not None]:
            found[feed.event] = max(known)
    return found


@dataclass(frozen=True, slots=True)
class Age:
    """How old the newest event of a live feed is, and how old it may be."""

    event: str
    age: timedelta
    stated_delay: timedelta


def ages(events: Iterable[str]) -> list[Age]:
    """Of those feeds that are live, by name."""
    feeds = Feed.objects.filter(event__in=set(events), is_live=True, newest_at__isnull=False).order_by("event")
    present = now()
    return [Age(f.event, present - f.newest_at, f.stated_delay) for f in feeds if f.newest_at is not None]


def _flushed_through() -> datetime:
    waiting = InboxItem.objects.aggregate(oldest=Min("received_at"))["oldest"]
    return min(now(), waiting) if waiting else now()


def _live_through(feed: Feed, present: datetime) -> datetime | None:
    if not feed.is_live or feed.newest_at is None:
        return None
    is_stale = present - feed.newest_at > STALE_AFTER * feed.stated_delay
    return feed.newest_at if is_stale else present - feed.stated_delay


def merged_customers() -> dict[int, int]:
    """Per customer who turned out to be somebody else, who that is: what a query over the store joins its rows with."""
    pairs = Customer.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into")
    return {pk: into for pk, into in pairs if into is not None}


def merged_since(moment: datetime) -> set[int]:
    """The survivors of merges made after a moment."""
    return set(Merge.objects.filter(at__gt=moment).values_list("into_id", flat=True))
