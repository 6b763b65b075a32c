"""Keeping account of how complete each feed of events is, and when each trait was last told."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db.models import Q

from engagement.core.clock import now
from engagement.customers.models import Feed, TraitFeed

CHUNK, LONGEST = 500, 255  # a longer name stands in no rule


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


def told(traits: Iterable[str], *, at: datetime | None = None) -> None:
    """Notes that something was said about these traits, the same as before or not; in few queries whatever they are."""
    moment, names = at or now(), sorted(name for name in set(traits) if len(name) <= LONGEST)
    for start in range(0, len(names), CHUNK):
        some = names[start : start + CHUNK]
        rows = [TraitFeed(trait=name, newest_at=moment) for name in some]
        TraitFeed.objects.bulk_create(rows, ignore_conflicts=True)
        TraitFeed.objects.filter(trait__in=some, newest_at__lt=moment).update(newest_at=moment)
