"""Customer states as the page shows them: shares, moves, sentences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from scipy import stats

from engagement.core.templatetags.estimates import written_estimate
from engagement.customers import queries
from engagement.customers.audience_rules import Rule
from engagement.customers.choices import STATE_CHOICES, Channel, SuppressionReason
from engagement.customers.cohorts import STEPS
from engagement.customers.models import AudienceCount, StateCount
from engagement.customers.states import CustomerState, StateRule
from engagement.customers.wording import PART_LABELS

STATE_LABELS = {CustomerState(state): label for state, label in STATE_CHOICES}


@dataclass(frozen=True, slots=True)
class StateLine:
    """One state: what it takes, and how many are in it."""

    label: str | Promise
    definition: str
    customers: int
    percent: float


@dataclass(frozen=True, slots=True)
class MoveLine:
    """Where those who were in one state are now, in % of them; `customers` is how many they were."""

    label: str | Promise
    percents: list[float]
    stayed: int | None
    customers: int


def state_lines(customers: Mapping[str, int], rule: StateRule) -> list[StateLine]:
    everybody = sum(customers.values())
    return [
        StateLine(STATE_LABELS[state], definition(state, rule), customers[state], _percent(customers[state], everybody))
        for state in CustomerState
    ]


def definition(state: CustomerState, rule: StateRule) -> str:
    """What it takes to be in the state, such as “active in 2 to 3 of the last 4 weeks”."""
    states = list(CustomerState)
    above = states.index(state) - 1
    most = rule.intervals if above < 0 else rule.least[states[above]] - 1
    least = rule.least[state]
    number = f"{least}" if least == most else _("%(least)s to %(most)s") % {"least": least, "most": most}
    days = ngettext("%(count)d day", "%(count)d days", rule.interval_days) % {"count": rule.interval_days}
    values = {"number": number, "all": rule.intervals, "days": days}
    return _("active in %(number)s of the last %(all)s intervals of %(days)s") % values


def move_lines(moved: Mapping[str, Mapping[str, int]]) -> list[MoveLine]:
    """The states as they were, from power to low, then those who are new."""
    lines = []
    for place, state in enumerate(CustomerState):
        row = moved[state]
        total = sum(row.values())
        lines.append(MoveLine(STATE_LABELS[state], [_percent(row[now], total) for now in CustomerState], place, total))
    row = moved["new"]
    total = sum(row.values())
    lines.append(MoveLine(_("Not there yet"), [_percent(row[now], total) for now in CustomerState], None, total))
    return lines


def states_sentence(customers: Mapping[str, int]) -> str:
    """Which state most are in, and how many come nearly always."""
    everybody = sum(customers.values())
    if not everybody:
        return _("No customer has done anything yet.")
    largest = max(CustomerState, key=lambda state: customers[state])
    values = {
        "largest": str(STATE_LABELS[largest]).lower(),
        "share": f"{_percent(customers[largest], everybody):.1f}",
        "power": f"{_percent(customers[CustomerState.POWER], everybody):.1f}",
    }
    if largest == CustomerState.POWER:
        return _("Most customers are power (%(share)s%%)") % values
    return _("Most customers are %(largest)s (%(share)s%%); %(power)s%% are power") % values


def moves_sentence(moved: Mapping[str, Mapping[str, int]]) -> str:
    """Whether more customers cool down or warm up."""
    states = list(CustomerState)
    pairs = [(i, j, moved[a][b]) for i, a in enumerate(states) for j, b in enumerate(states)]
    down, up = (sum(n for i, j, n in pairs if sign * (j - i) > 0) for sign in (1, -1))
    words = _("%(down)s cooled down and %(up)s warmed up.")
    return words % {"down": f"{down:,}", "up": f"{up:,}"}


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0


@dataclass(frozen=True, slots=True)
class AudienceLines:
    """A count as the page shows it: parts that add up to all that match, and what is left by state."""

    sentence: str
    matching: int
    parts: list[tuple[str, int]]
    left: int
    states: list[tuple[str, int]]
    at: datetime
    channels: str
    removed_most: str
    others: list[tuple[str, int]]


def audience_lines(counted: AudienceCount) -> AudienceLines:
    labels = {**{state.value: str(label) for state, label in STATE_LABELS.items()}, "": _("Never seen")}
    return AudienceLines(
        sentence=audience_sentence(counted),
        matching=counted.matching,
        parts=[(str(PART_LABELS.get(name, name)), number) for name, number in counted.parts],
        left=counted.left,
        states=[(label, counted.left_by_state[s]) for s, label in labels.items() if counted.left_by_state.get(s)],
        at=counted.at,
        channels=", ".join(str(Channel(one).label) for one in counted.channels.split(",") if one),
        removed_most=counted.removed_most,
        others=[(name, number) for name, number in counted.others],
    )


def audience_sentence(counted: AudienceCount) -> str:
    """Such as “10,340 of 15,900 matching customers can be asked; most others are without consent.”"""
    values = {"left": f"{counted.left:,}", "matching": f"{counted.matching:,}"}
    if not counted.matching:
        return _("Nobody matches.")
    if counted.left == counted.matching:
        return _("All %(matching)s matching customers can be asked.") % values
    most = max(counted.parts, key=lambda part: part[1])[0]
    reason = str(PART_LABELS.get(most, most)).lower()
    return _("%(left)s of %(matching)s matching customers can be asked; most others: %(reason)s.") % {
        **values, "reason": reason
    }  # fmt: skip


def peace_sentence(customers: int, by_reason: Mapping[str, int]) -> str:
    """Such as “5 customers must not be messaged (asked for it 4, complained 1).”; one may have several reasons."""
    if not customers:
        return _("Nobody is on a list: everybody may be messaged who consents.")
    told = ngettext(
        "%(count)s customer must not be messaged (%(reasons)s).",
        "%(count)s customers must not be messaged (%(reasons)s).",
        customers,
    )
    reasons = ", ".join(
        f"{reason.label!s} {by_reason[reason]:,}".lower() for reason in SuppressionReason if by_reason.get(reason)
    )
    return told % {"count": f"{customers:,}", "reasons": reasons}


def silent_sentences(rule: Rule) -> list[str]:
    """What a rule reads that arrives no more, with the day it last did; in the order of events and traits."""
    return [_silent_sentence(one) for one in queries.silent(rule)]


def _silent_sentence(one: queries.Silent) -> str:
    values = {"name": one.name, "day": date_format(localtime(one.since)) if one.since else ""}
    if one.kind == "event":
        if one.since is None:
            return _("No event called “%(name)s” has ever arrived.") % values
        return _("No “%(name)s” has arrived since %(day)s: what the rule says of it ends with that day.") % values
    if one.since is None:
        return _("Of no customer a trait called “%(name)s” is known.") % values
    return _("“%(name)s” was last told on %(day)s, other traits since then: it may be out of date.") % values


@dataclass(frozen=True, slots=True)
class Returned:
    """The share of a cohort active in one later week or month, with its interval; None for all while it is not over."""

    share: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Cohort:
    began: date
    customers: int
    later: list[Returned]


def cohort_lines(counted: StateCount, kind: str) -> list[Cohort]:
    """The cohorts by week or by month as the table shows them, newest first."""
    rows = counted.monthly_cohorts if kind == "month" else counted.cohorts
    return [
        Cohort(
            date.fromisoformat(row["began"]),
            row["customers"],
            [_returned(row["returned"].get(str(step)), row["customers"]) for step in STEPS[kind]],
        )
        for row in rows
    ]


COHORT_WORDS = {
    "week": gettext_lazy(
        "Of those who began in the week of %(when)s, %(value)s came back in week %(step)d (%(range)s)"
    ),
    "month": gettext_lazy("Of those who began in %(when)s, %(value)s came back in month %(step)d (%(range)s)"),
}


def cohorts_sentence(cohorts: list[Cohort], kind: str) -> str:
    """How many of the newest cohort that is old enough for it came back after the longest time; empty without one."""
    for place, step in reversed(list(enumerate(STEPS[kind]))):
        found = next((one for one in cohorts if one.later[place].share is not None), None)
        if found is None:
            continue
        back, when = found.later[place], date_format(found.began, "F Y" if kind == "month" else "j F Y")
        written = written_estimate(back.share, back.low, back.high, "%", 100, level=True)
        if written is not None:
            values = {"when": when, "value": written.value, "step": step, "range": written.interval}
            return str(COHORT_WORDS[kind]) % values
    return ""


def _returned(customers: int | None, of: int) -> Returned:
    """Wilson's interval at 95%."""
    if customers is None:
        return Returned(None, None, None)
    ends = stats.binomtest(customers, of).proportion_ci(0.95, method="wilson")
    return Returned(customers / of, float(ends.low), float(ends.high))
