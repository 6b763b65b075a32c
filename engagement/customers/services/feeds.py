"""Keeping account of how complete each feed of events is."""

from collections.abc import Iterable
from datetime import datetime

from engagement.customers.models import Feed


def complete(*, events: Iterable[str], through: datetime) -> None:
    """States that these feeds are complete to `through`; an earlier statement is never taken back."""
    for event in events:
        Feed.objects.get_or_create(event=event, defaults={"complete_through": through})
        Feed.objects.filter(event=event, complete_through__lt=through).update(complete_through=through)
