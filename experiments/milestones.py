"""The steps on the way to a launch, and the days by which they are to be done: counted back in working days."""

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum

DAY = timedelta(days=1)
WORKING_DAYS = 5


class Step(StrEnum):
    PLAN = "plan"
    CONTENT = "content"
    AUDIENCE = "audience"
    APPROVAL = "approval"
    LAUNCH = "launch"


# Working days before the launch.
AHEAD: Mapping[Step, int] = {Step.PLAN: 15, Step.CONTENT: 10, Step.AUDIENCE: 6, Step.APPROVAL: 2, Step.LAUNCH: 0}


def proposed(launch: date, *, today: date) -> dict[Step, date]:
    """Each step's day; none before today, for nobody can be asked to have done something."""
    return {step: max(min(today, launch), working_days_before(launch, days)) for step, days in AHEAD.items()}


def working_days_before(day: date, days: int) -> date:
    """That many working days earlier; a day of the weekend counts as its Friday, but for no days at all."""
    if days == 0:
        return day
    friday = day - DAY * max(0, day.weekday() - (WORKING_DAYS - 1))
    weeks, rest = divmod(days, WORKING_DAYS)
    earlier = friday - timedelta(weeks=weeks)
    for _ in range(rest):
        earlier -= DAY * (3 if earlier.weekday() == 0 else 1)
    return earlier
