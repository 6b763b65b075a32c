"""The calendar of a quarter as its page shows it: sentences, lanes, weeks, goals, and what is not placed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backlog.models import Goal
from backlog.quarters import Quarter
from backlog.queries import goals_of
from backlog.templatetags.goals import quarter_words
from engagement.accounts.models import Member
from engagement.core.figures.still import Drawing
from engagement.core.figures.timeline import Lane, Span, Week, Words, timeline
from experiments import queries
from experiments.choices import DecisionKind
from experiments.reports import goal_tree
from experiments.reports.calendar.capacity import WeekLoad, counted_customers, free_customers, loads
from experiments.reports.calendar.entries import QUARTER_WEEKS, Dates, Entry, entries
from experiments.reports.calendar.proposals import Proposal, WayOut, proposals, ways_out
from experiments.reports.calendar.weeks import Weeks
from experiments.reports.quarterly.programme import measured_lifts, shrunk_lift
from experiments.reports.sentences import listed

NAMED_AT_MOST = 4


@dataclass(frozen=True, slots=True)
class GoalRow:
    """A goal with where it stands and what became of its experiments so far.

    effect: what was shipped moved together, as a lift over all customers; None where nothing was.
    """

    goal: Goal
    level: goal_tree.Level | None
    decided: int
    shipped: int
    planned: int
    effect: dict[str, float] | None


@dataclass(frozen=True, slots=True)
class Calendar:
    """All that a quarter's calendar tells. `entries` are those of its own weeks, and what has no dates."""

    quarter: Quarter
    weeks: Weeks
    goals: list[Goal]
    entries: list[Entry]
    loads: list[WeekLoad]
    proposals: list[Proposal]
    ways_out: list[WayOut]
    customers: int
    at: datetime

    @property
    def now(self) -> float:
        """The present as a place among the weeks."""
        return self.weeks.place(self.at)

    @property
    def over(self) -> WeekLoad | None:
        """The first over-booked week that is not over, else the first of all."""
        crowded = [(week, one) for week, one in enumerate(self.loads) if one.over]
        ahead = [one for week, one in crowded if week + 1 > self.now]
        return next(iter([*ahead, *(one for _week, one in crowded)]), None)

    @property
    def has_proposed(self) -> bool:
        return any(one.start is not None for one in self.proposals)

    @property
    def undated(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.dates is None]

    @property
    def unsized(self) -> list[Entry]:
        """Those that nobody can count: nothing says how many customers they take."""
        return [entry for entry in self.entries if entry.dates is not None and not entry.customers]


def calendar(quarter: Quarter, *, member: Member, zone: ZoneInfo, at: datetime) -> Calendar:
    """The quarter's weeks and all that lies in them, as this member may see it then; `zone`: the workspace's."""
    weeks = Weeks.of(quarter, zone)
    horizon, goals = weeks.longer(QUARTER_WEEKS), list(goals_of(quarter))
    found = entries(horizon, goals)
    customers, asked = counted_customers()
    free = free_customers(sorted({Quarter.of(monday) for monday in horizon.mondays}), asked=asked)
    ahead = loads(horizon, found, free)
    place = weeks.place(at)
    earliest = max(0, int(place) + 1 if place >= 0 else 0)
    is_over = earliest > weeks.count
    return Calendar(
        quarter=quarter,
        weeks=weeks,
        goals=goals,
        entries=[entry for entry in found if _is_in(entry, weeks)],
        loads=ahead[: weeks.count],
        proposals=[] if is_over else proposals(goals, member, ahead[: weeks.count], earliest=earliest),
        ways_out=[] if is_over else ways_out(found, horizon, ahead, earliest=earliest),
        customers=customers,
        at=at,
    )


def _is_in(entry: Entry, weeks: Weeks) -> bool:
    first, after = weeks.bounds
    dates = [one for one in (entry.planned, entry.actual) if one is not None]
    return not dates or any(one.starts < after and one.ends > first for one in dates)


def calendar_page(found: Calendar) -> dict[str, Any]:
    """The context of the page."""
    over = found.over
    return {
        "calendar": found,
        "quarter": found.quarter,
        "label": quarter_words(found.quarter),
        "state": state_words(found),
        "over": over,
        "over_title": over_title(over) if over else "",
        "over_words": over_words(found, over) if over else "",
        "goals": goal_rows(found),
        "title": figure_title(found),
        "drawings": drawings(found) if found.loads else [],
        "dated": [entry for entry in found.entries if entry.dates is not None],
        "unsized_words": unsized_words(found),
    }


def state_words(found: Calendar) -> str:
    """Such as: Week 10 of 13. 7 experiments: 1 ended, 3 running, 3 planned."""
    counted = Counter(entry.kind for entry in found.entries)
    total = sum(counted.values())
    kinds = [
        ngettext("%(count)d ended", "%(count)d ended", counted["ended"]) % {"count": counted["ended"]},
        ngettext("%(count)d running", "%(count)d running", counted["running"]) % {"count": counted["running"]},
        ngettext("%(count)d planned", "%(count)d planned", counted["planned"]) % {"count": counted["planned"]},
    ]
    some = ngettext("%(count)d experiment: %(kinds)s.", "%(count)d experiments: %(kinds)s.", total)
    told = some % {"count": total, "kinds": ", ".join(kinds)} if total else _("No experiment yet.")
    return f"{_week_words(found)} {told}"


def _week_words(found: Calendar) -> str:
    if found.now < 0:
        day = date_format(found.weeks.first, "j F")
        return _("Its first week begins on %(day)s.") % {"day": day}
    if found.now >= found.weeks.count:
        return _("It is over.")
    return _("Week %(number)d of %(count)d.") % {"number": int(found.now) + 1, "count": found.weeks.count}


def over_title(week: WeekLoad) -> str:
    values = {"day": date_format(week.monday, "j F"), "count": f"{week.over:,}"}
    return _("The week of %(day)s is over-booked by %(count)s customers") % values


def over_words(found: Calendar, week: WeekLoad) -> str:
    """What is asked for, what there is, and who asks."""
    place = found.weeks.mondays.index(week.monday)
    asking = [f"“{one.experiment}”" for one in found.entries if one.load(found.weeks)[place] > 0]
    values = {
        "asked": f"{week.booked + week.planned:,}",
        "free": f"{week.free:,}",
        "names": listed(asking[:NAMED_AT_MOST]),
    }
    return _("Experiments ask for %(asked)s customers, %(free)s are there. In that week: %(names)s.") % values


def figure_title(found: Calendar) -> str:
    if found.over:
        values = {"day": date_format(found.over.monday, "j F"), "count": f"{found.over.over:,}"}
        return _("In the week of %(day)s experiments ask for %(count)s customers more than there are") % values
    if not any(one.booked or one.planned for one in found.loads):
        return _("No customer is booked for an experiment in this quarter yet")
    return _("In every week there are customers enough for what is planned")


def unsized_words(found: Calendar) -> str:
    names = [f"“{entry.experiment}”" for entry in found.unsized]
    if not names:
        return ""
    return _("Not counted, for nothing says how many customers they take: %(names)s.") % {"names": listed(names)}


def goal_rows(found: Calendar) -> list[GoalRow]:
    levels = queries.newest_levels_by_key({goal.metric_key for goal in found.goals})
    standing = {key: goal_tree.level(one.metric, one) for key, one in levels.items()}
    return [_goal_row(goal, standing.get(goal.metric_key), found) for goal in found.goals]


def _goal_row(goal: Goal, level: goal_tree.Level | None, found: Calendar) -> GoalRow:
    mine = [entry for entry in found.entries if entry.goal == goal]
    decisions = [entry.experiment.decision for entry in mine if hasattr(entry.experiment, "decision")]
    shipped = sum(decision.kind == DecisionKind.SHIP for decision in decisions)
    lifts = measured_lifts(decisions, all_customers=found.customers).get(goal.metric_key, [])
    planned = sum(entry.kind == "planned" for entry in mine)
    return GoalRow(goal, level, len(decisions), shipped, planned, shrunk_lift(lifts))


def drawings(found: Calendar) -> list[Drawing]:
    weeks = [_week(found, number) for number in range(found.weeks.count)]
    is_now = 0 <= found.now < found.weeks.count
    today = found.at.astimezone(found.weeks.zone).date()
    words = Words(
        (_("Customers"), _("a week")),
        _("there for experiments"),
        _("today, %(day)s") % {"day": date_format(today, "j F")},
    )
    place = found.weeks.place(found.weeks.moment(today)) if is_now else None
    return timeline(_lanes(found), weeks, today=place, words=words, tick=_tick)


def _tick(load: float) -> str:
    return f"{load:,.0f}"


def _week(found: Calendar, number: int) -> Week:
    load = found.loads[number]
    day, before = load.monday, found.loads[number - 1].monday if number else None
    is_first = before is None or before.month != day.month
    tick = date_format(day, "j M") if is_first else str(day.day)
    return Week(tick, date_format(day, "M") if is_first else "", load.booked, load.planned, load.free)


def _lanes(found: Calendar) -> list[Lane]:
    """A lane for each goal, and one for what serves none of this quarter's."""
    made = [Lane(goal.name, goal.pod.name, _spans(found, goal), _("nothing planned yet")) for goal in found.goals]
    rest = _spans(found, None)
    return [*made, Lane(_("No goal of this quarter"), "", rest)] if rest else made


def _spans(found: Calendar, goal: Goal | None) -> list[Span]:
    spans = [_span(found, entry, entry.dates) for entry in found.entries if entry.dates and entry.goal == goal]
    return spans + [
        Span(one.idea.title, one.start, one.end, "proposed")
        for one in found.proposals
        if one.goal == goal and one.start is not None and one.end is not None
    ]


def _span(found: Calendar, entry: Entry, dates: Dates) -> Span:
    place = found.weeks.place
    was = (place(entry.planned.starts), place(entry.planned.ends)) if entry.planned and _differs(entry) else None
    return Span(str(entry.experiment), place(dates.starts), place(dates.ends), entry.kind, was)


def _differs(entry: Entry) -> bool:
    """By a day at least: a launch at nine o'clock is on its day."""
    if entry.actual is None or entry.planned is None:
        return False
    pairs = [(entry.actual.starts, entry.planned.starts), (entry.actual.ends, entry.planned.ends)]
    return any(localtime(one).date() != localtime(other).date() for one, other in pairs)


def weeks_table(found: Calendar) -> tuple[Sequence[str], list[Sequence[Any]]]:
    header = ("week", "booked", "planned", "there", "over")
    return header, [(one.monday.isoformat(), one.booked, one.planned, one.free, one.over) for one in found.loads]


def experiments_table(found: Calendar) -> tuple[Sequence[str], list[Sequence[Any]]]:
    header = (
        "experiment", "name", "goal", "pod", "state", "planned_starts", "planned_ends", "starts", "ends", "customers",
    )  # fmt: skip
    return header, [_table_row(entry) for entry in found.entries]


def _table_row(entry: Entry) -> Sequence[Any]:
    one = entry.experiment
    dates = [
        moment.isoformat() if moment else ""
        for pair in (entry.planned, entry.actual)
        for moment in ((pair.starts, pair.ends) if pair else (None, None))
    ]
    goal = entry.goal.name if entry.goal else ""
    return (one.key, one.name, goal, one.pod.name if one.pod else "", one.state, *dates, entry.customers or "")
