"""Where there is room: for ideas that nobody has planned, and for planned experiments that ask for too much."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from backlog.choices import IdeaState
from backlog.models import Goal, Idea
from backlog.queries import ideas_visible_to
from backlog.rules import may_be_planned
from engagement.accounts.models import Member
from experiments.reports.calendar.capacity import WeekLoad
from experiments.reports.calendar.entries import QUARTER_WEEKS, Entry
from experiments.reports.calendar.weeks import WEEK, Weeks
from experiments.stats.planning import CandidateIdea, ExperimentSize, PlacedIdea, QuarterLimits, greedy_plan

USUAL_WEEKS = 4
MOST_IDEAS = 8
EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Proposal:
    """An idea without an experiment. `start`: the week it fits into, None where nothing says that it does."""

    idea: Idea
    goal: Goal
    start: int | None
    first_day: date | None
    why_not: str = ""

    @property
    def end(self) -> int | None:
        return None if self.start is None else self.start + USUAL_WEEKS

    @property
    def is_free(self) -> bool:
        """Whether an experiment may be planned from it now."""
        return may_be_planned(self.idea)


@dataclass(frozen=True, slots=True)
class WayOut:
    """A planned experiment of an over-booked week, and the days into which it would fit; None where there are none."""

    entry: Entry
    first_day: date | None
    last_day: date | None


def proposals(goals: Sequence[Goal], member: Member, loads: Sequence[WeekLoad], *, earliest: int) -> list[Proposal]:
    """The ideas that serve these goals and wait for an experiment, the best score first, each as early as it fits.

    An idea takes the usual four weeks, and in each a thirteenth of the customers it would meet in a quarter. The
    scores are those that this member may see; without score and expected audience nothing is proposed.
    """
    waiting = (IdeaState.SCORED, IdeaState.BACKLOG, IdeaState.IN_ROUND)
    by_pk = {goal.pk: goal for goal in goals}
    ideas = ideas_visible_to(member).prefetch_related(None).filter(serves__in=by_pk, state__in=waiting)
    listed = sorted(ideas, key=lambda idea: (-(idea.ice or 0), idea.pk))[:MOST_IDEAS]
    placed = {item.idea: item.start for item in _placed(listed, loads, earliest)}
    return [_proposal(idea, by_pk[idea.serves_id or 0], placed.get(str(idea.pk)), loads) for idea in listed]


def _proposal(idea: Idea, goal: Goal, start: int | None, loads: Sequence[WeekLoad]) -> Proposal:
    return Proposal(idea, goal, start, None if start is None else loads[start].monday, _why_not(idea))


def _placed(ideas: Sequence[Idea], loads: Sequence[WeekLoad], earliest: int) -> Sequence[PlacedIdea]:
    candidates = [
        CandidateIdea(
            str(idea.pk),
            [ExperimentSize(USUAL_WEEKS, {EVERYBODY: idea.expected_audience / QUARTER_WEEKS}, float(idea.ice or 0))],
            earliest=earliest,
        )
        for idea in ideas
        if idea.expected_audience and idea.ice
    ]
    return greedy_plan(candidates, _limits(loads)).placed


def _limits(loads: Sequence[WeekLoad], *, given_back: Sequence[float] = ()) -> QuarterLimits:
    back = list(given_back) or [0.0] * len(loads)
    room = [max(0.0, one.free - one.booked - one.planned + more) for one, more in zip(loads, back, strict=True)]
    return QuarterLimits({EVERYBODY: room}, weeks=len(loads))


def _why_not(idea: Idea) -> str:
    if not idea.ice:
        return _("not scored yet")
    return "" if idea.expected_audience else _("says no expected audience")


def ways_out(entries: Sequence[Entry], weeks: Weeks, loads: Sequence[WeekLoad], *, earliest: int) -> list[WayOut]:
    """For each planned experiment of the first over-booked week still ahead: the first days in which it fits.

    `weeks` and `loads` reach beyond the quarter, so that a way out may lead into the next one.
    """
    crowded = next((week for week in range(earliest, len(loads)) if loads[week].over), None)
    if crowded is None:
        return []
    asking = [one for one in entries if one.kind == "planned" and one.load(weeks)[crowded] > 0]
    return [_way_out(one, weeks, loads, earliest) for one in asking]


def _way_out(entry: Entry, weeks: Weeks, loads: Sequence[WeekLoad], earliest: int) -> WayOut:
    dates, own = entry.dates, entry.load(weeks)
    if dates is None or not entry.customers:
        return WayOut(entry, None, None)
    days = (dates.ends - dates.starts).days
    length = max(1, math.ceil(days / 7))
    size = ExperimentSize(length, {EVERYBODY: entry.customers / length}, 1.0)
    candidate = CandidateIdea(entry.experiment.key, [size], earliest=earliest)
    placed = greedy_plan([candidate], _limits(loads, given_back=own)).placed
    if not placed:
        return WayOut(entry, None, None)
    first = weeks.first + WEEK * placed[0].start
    return WayOut(entry, first, first + timedelta(days=max(days, 1) - 1))
