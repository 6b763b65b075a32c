"""Which quarter is meant, when it begins and ends, and which quarters have anything to tell."""

from collections import Counter
from datetime import datetime, time
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from backlog.quarters import Quarter
from engagement.accounts.queries import workspace
from engagement.core.errors import NotFound
from experiments.models import Decision
from experiments.queries import launched

EARLIEST, LATEST = 2000, 2199


def quarter_named(text: str) -> Quarter:
    """The quarter of that name, such as 2026-Q3; refuses anything else, and years nobody reports on."""
    try:
        quarter = Quarter.parse(text)
    except ValueError as error:
        raise NotFound(_("%(why)s.") % {"why": error}) from error
    if not EARLIEST <= quarter.year <= LATEST or str(quarter) != text:
        raise NotFound(_("There is no report for %(quarter)s.") % {"quarter": quarter})
    return quarter


def quarter_of(moment: datetime) -> Quarter:
    """The quarter a moment belongs to, in the workspace's zone."""
    return Quarter.of(moment.astimezone(ZoneInfo(workspace().time_zone)).date())


def bounds(quarter: Quarter, time_zone: str) -> tuple[datetime, datetime]:
    """First moment of the quarter and first moment after it, in the workspace's zone."""
    zone = ZoneInfo(time_zone)
    days = (quarter.first_day, quarter.first_day_after)
    start, end = (datetime.combine(day, time.min, zone) for day in days)
    return start, end


def reported_quarters() -> dict[Quarter, int]:
    """The quarters in which something was launched or decided, newest first, with the number of decisions."""
    zone = ZoneInfo(workspace().time_zone)
    decided = Counter(
        Quarter.of(at.astimezone(zone).date()) for at in Decision.objects.values_list("decided_at", flat=True)
    )
    begun = {Quarter.of(at.astimezone(zone).date()) for at in launched().values_list("starts", flat=True) if at}
    return {quarter: decided[quarter] for quarter in sorted(begun | set(decided), reverse=True)}
