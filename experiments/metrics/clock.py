"""Time as the engines reckon it: whole microseconds since 1970, UTC, so a window is a sum and a day a remainder."""

from datetime import UTC, date, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)  # the store's clock
SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US


def microseconds(moment: datetime) -> int:
    """The moment as the store's columns `exposed_us` and `occurred_us` have it."""
    return (moment - EPOCH) // INSTANT


def day_of(number: int) -> date:
    """The day with this number since 1970."""
    return EPOCH.date() + timedelta(days=number)
