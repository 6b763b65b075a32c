"""Keeping account of how complete each feed of events is."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from engagement.customers.models import Feed


def complete(*, events: Iterable[str], through: datetime) -> None:
    """States that these feeds are complete to `through`; an earlier statement is never taken back."""
    for event in events:
        Feed.objects.get_or_create(event=event, defaults={"complete_through": through})
        earlier = Q(complete_through__lt=through) | Q(complete_through__isnull=True)
        Feed.objects.filter(earlier, event=event).update(complete_through=through)


def arrived(newest: Mapping[str, datetime]) -> None:
    """Notes that live events of these names came in, and when the newest of each occurred."""
    for event, at in newest.items():
        Feed.objects.get_or_create(event=event, defaults={"is_live": True, "newest_at": at})
        Feed.objects.filter(event=event, is_live=False).update(is_live=True)
        earlier = Q(newest_at__lt=at) | Q(newest_at__isnull=True)
        Feed.objects.filter(earlier, event=event).update(newest_at=at)
