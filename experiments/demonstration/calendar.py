"""When things happened at the Courier: told in weeks, so that the demonstration is always of this quarter."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backlog.quarters import Quarter

MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)


@dataclass(frozen=True, slots=True)
class When:
    """A moment in the publisher's own time: so many weeks from one of two Mondays (negative: before it)."""

    is_recent: bool
    week: int
    weekday: int
    hour: int = 0
    minute: int = 0


def in_quarter(week: int, weekday: int, hour: int = 0, minute: int = 0) -> When:
    """Counted from the first Monday of the last full quarter."""
    return When(False, week, weekday, hour, minute)


def recently(week: int, weekday: int, hour: int = 0, minute: int = 0) -> When:
    """Counted from the Monday of this week; week −1 and before have passed whatever day it is."""
    return When(True, week, weekday, hour, minute)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The two Mondays, and the zone in which the publisher tells the time."""

    today: date
    zone: ZoneInfo

    @property
    def last_full_quarter(self) -> Quarter:
        return Quarter.of(self.today).previous

    def day(self, when: When) -> date:
        return self._monday(when) + timedelta(days=7 * when.week + when.weekday)

    def moment(self, when: When) -> datetime:
        local = datetime.combine(self.day(when), time(when.hour, when.minute), self.zone)
        return local.astimezone(UTC)

    def midnights(self, first: date, after: date) -> list[int]:
        """Seconds since 1970 at which each day of [first, after) begins for the publisher."""
        days = (first + timedelta(days=number) for number in range((after - first).days))
        return [int(datetime.combine(day, time.min, self.zone).timestamp()) for day in days]

    def _monday(self, when: When) -> date:
        if when.is_recent:
            return self.today - timedelta(days=self.today.weekday())
        first = self.last_full_quarter.first_day
        return first + timedelta(days=-first.weekday() % 7)
