"""Keeping account of how complete each feed of events is."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from engagement.customers.models import Feed


def complete(*, events: Iterable[str], through: datetime) -> None:
    """States that these feeds are complete to `through`; an earlier statement is never taken back."""
    for event in events:
        Feed.objects.get_or_create(event=event, defaults={"complete_through": through})
        earlier = Q(complete_through__lt=through) | Q(complete_through__isnull=True)
        Feed.objects.filter(earlier, event=event).update(complete_through=through)
