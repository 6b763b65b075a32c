"""Goals and the plan for the next quarter in words, as page and paper write them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backlog.choices import GoalKind
from backlog.models import Goal
from backlog.templatetags.goals import baseline_words, target_words
from engagement.core.templatetags.formats import MINUS
from experiments.reports.sentences import listed

NAMED_AT_MOST = 4


@dataclass(frozen=True, slots=True)
class PlannedGoal:
    """A goal of the next quarter with the names of what is planned under it; without a goal, what serves none."""

    name: str
    about: str
    experiments: list[dict[str, Any]]

    @property
    def names(self) -> str:
        return ", ".join(one["name"] for one in self.experiments)


def aim_words(goal: dict[str, Any]) -> str:
    """Such as +6%, or: 30% to 33% (+10%)."""
    written = _as_goal(goal)
    if goal["kind"] == GoalKind.LIFT or goal["baseline"] is None:
        return target_words(written)
    values = {"from": baseline_words(written), "to": target_words(written), "lift": _signed(goal["lift"])}
    return _("%(from)s to %(to)s (%(lift)s)") % values


def goal_sentence(goal: dict[str, Any]) -> str:
    """Such as: New readers who stay, +6% (Welcome)."""
    return _("%(name)s, %(target)s (%(pod)s)") % {**goal, "target": aim_words(goal)}


def plan_page(document: dict[str, Any]) -> dict[str, Any]:
    """The context for `next` of a document: a sentence, what stands under which goal, and whether there is room."""
    ahead, planned = document["next"], document["planned"]
    goals = [
        PlannedGoal(goal["name"], f"{goal['pod']} · {aim_words(goal)}", _under(goal["id"], planned))
        for goal in ahead["goals"]
    ]
    rest = _under(None, planned)
    return {
        "sentence": _sentence(planned, [goal for goal in goals if goal.experiments]),
        "goals": [*goals, *([PlannedGoal(_("No goal of that quarter"), "", rest)] if rest else [])],
        "room": _room(ahead) if planned else "",
        "over": _over(ahead["over"]) if ahead["over"] else "",
        "unsized": _unsized(ahead["unsized"]) if ahead["unsized"] else "",
    }


def _under(goal: int | None, planned: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in planned if one["goal"] == goal]


def _sentence(planned: Sequence[dict[str, Any]], served: Sequence[PlannedGoal]) -> str:
    if not planned:
        return _("Nothing is planned yet.")
    count = ngettext("%(count)d experiment is planned", "%(count)d experiments are planned", len(planned))
    under = ngettext("under %(count)d goal.", "under %(count)d goals.", len(served))
    told = under % {"count": len(served)} if served else _("under no goal.")
    return f"{count % {'count': len(planned)}} {told}"


def _room(ahead: dict[str, Any]) -> str:
    """What all weeks together are asked for, of what they have."""
    asked = sum(week["booked"] + week["planned"] for week in ahead["weeks"])
    there = sum(week["free"] for week in ahead["weeks"])
    if not there:
        return ""
    values = {"share": f"{100 * asked / there:.0f}", "free": f"{max(week['free'] for week in ahead['weeks']):,}"}
    return (
        _("With what runs by then %(share)s%% of the %(free)s customers there for experiments each week are taken.")
        % values
    )


def _over(week: dict[str, Any]) -> str:
    """Such as: Over-booked: in the week of 22 March experiments ask for 6,000 customers more than the 40,000 there."""
    values = {
        "day": date_format(date.fromisoformat(week["monday"]), "j F"),
        "over": f"{week['over']:,}",
        "free": f"{week['free']:,}",
        "names": listed([f"“{name}”" for name in week["experiments"][:NAMED_AT_MOST]]),
    }
    told = _(
        "Over-booked: in the week of %(day)s experiments ask for %(over)s customers more than the %(free)s that are "
        "there. In that week: %(names)s."
    )
    others = week["weeks"] - 1
    more = ngettext("%(count)d other week is over-booked too.", "%(count)d other weeks are over-booked too.", others)
    return told % values + (f" {more % {'count': others}}" if others else "")


def _unsized(names: Sequence[str]) -> str:
    told = _("Not counted, for nothing says how many customers they take: %(names)s.")
    return told % {"names": listed([f"“{name}”" for name in names])}


def _signed(lift: float) -> str:
    """Round, for it comes of dividing round numbers."""
    return ("+" if lift > 0 else MINUS) + f"{abs(100 * lift):.3g}%"


def _as_goal(goal: dict[str, Any]) -> Goal:
    """As the backlog writes it; never saved."""
    numbers = {name: None if goal[name] is None else Decimal(str(goal[name])) for name in ("target", "baseline")}
    return Goal(kind=goal["kind"], direction=goal["direction"], unit=goal["unit"], **numbers)
