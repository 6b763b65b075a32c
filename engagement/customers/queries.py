"""What is known of customers and their feeds."""

from collections.abc import Iterable
from datetime import datetime

from engagement.customers.models import Customer, Feed, Merge


def complete_through(events: Iterable[str]) -> dict[str, datetime]:
    """Per event name the time its feed is complete to; a feed that never delivered is missing."""
    stated = Feed.objects.filter(event__in=set(events), complete_through__isnull=False)
    return {event: through for event, through in stated.values_list("event", "complete_through") if through}


def merged_customers() -> dict[int, int]:
    """Per customer who turned out to be somebody else, who that is: what a query over the store joins its rows with."""
    pairs = Customer.objects.filter(merged_into__isnull=False).values_list("pk", "merged_into")
    return {pk: into for pk, into in pairs if into is not None}


def merged_since(moment: datetime) -> set[int]:
    """The survivors of merges made after a moment."""
    return set(Merge.objects.filter(at__gt=moment).values_list("into_id", flat=True))
