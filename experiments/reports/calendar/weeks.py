"""The weeks of a quarter: those whose Monday lies in it, so that each week belongs to one quarter."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from backlog.quarters import Quarter

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Weeks:
    """Weeks in a row, in a time zone; a place among them is a number of weeks from the first midnight."""

    first: date
    count: int
    zone: ZoneInfo

    @classmethod
    def of(cls, quarter: Quarter, zone: ZoneInfo) -> "Weeks":
        first, after = _monday(quarter.first_day), _monday(quarter.first_day_after)
        return cls(first, (after - first) // WEEK, zone)

    @property
    def mondays(self) -> list[date]:
        return [self.first + WEEK * number for number in range(self.count)]

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """First moment, and first moment after."""
        return self.moment(self.first), self.moment(self.first + WEEK * self.count)

    def moment(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone)

    def place(self, at: datetime) -> float:
        """By the clock on the wall, so that a week with a change of clocks is as long as the others."""
        wall = at.astimezone(self.zone).replace(tzinfo=None)
        return (wall - datetime.combine(self.first, time.min)) / WEEK

    def longer(self, more: int) -> "Weeks":
        return Weeks(self.first, self.count + more, self.zone)


def _monday(day: date) -> date:
    """The first Monday on or after a day."""
    return day + timedelta(days=-day.weekday() % 7)
