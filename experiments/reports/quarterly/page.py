"""The `report/1` document as its page shows it. Nothing is computed anew: what is released reads the same for ever."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from backlog.quarters import Quarter
from engagement.core.figures.still import Drawing, Row, Share, against_diagonal, intervals
from engagement.core.templatetags.estimates import written_estimate
from engagement.core.templatetags.formats import MINUS, number, percent, signed_percent
from experiments.choices import CHECK_LABELS, VERDICT_LABELS
from experiments.reports.effects import Effect, shared_axis
from experiments.reports.quarterly.aims import aim_words, goal_sentence, plan_page
from experiments.reports.quarterly.maturing import maturity_page
from experiments.reports.sentences import listed
from experiments.reports.wording import metric_name

BASES = {
    "naive": gettext_lazy("Sum as measured"),
    "bias_corrected": gettext_lazy("Corrected for picking winners"),
    "shrunk": gettext_lazy("Shrunk towards what is usual"),
    "holdout": gettext_lazy("Against the holdout"),
}
FELT_LABELS = {"complaint": gettext_lazy("Complained"), "unsubscribe": gettext_lazy("Unsubscribed")}
HOLDOUT_BASIS = gettext_lazy("measured against the holdout")
SHRUNK_BASIS = gettext_lazy("sum of experiments, shrunk; may double count")


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision: the document's entry and its effect, ready to be written and drawn."""

    entry: dict[str, Any]
    effect: Effect | None
    decision: str
    decided_at: datetime
    why_invalid: str
    goal: str


@dataclass(frozen=True, slots=True)
class Learning:
    """A sentence, and the decision that backs it, where one does."""

    text: str
    row: DecisionRow | None


@dataclass(frozen=True, slots=True)
class Total:
    """One metric's four readings; `headline` is the one that leads, `basis` says in words what it rests on."""

    entry: dict[str, Any]
    name: str
    rows: list[tuple[str, dict[str, float] | None, bool]]
    basis: str
    goals: list[str]

    @property
    def headline(self) -> dict[str, float]:
        found: dict[str, float] = self.entry["rows"][self.entry["headline"]]
        return found


@dataclass(frozen=True, slots=True)
class GoalRow:
    """A goal with its target and what was decided under it, in words."""

    entry: dict[str, Any]
    target: str
    told: str

    @property
    def metric_name(self) -> str:
        return metric_name(self.entry["metric"])


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure of the process, in this quarter and the one before."""

    name: str
    now: str
    before: str


def quarter_page(document: dict[str, Any]) -> dict[str, Any]:
    names = {goal["id"]: goal["name"] for goal in document.get("goals", [])}
    rows = [_row(entry, names.get(entry.get("goal"), "")) for entry in document["decisions"]]
    totals = [_total(entry, document.get("goals", [])) for entry in document["programme"]]
    shipped = [total for total in totals if total.entry["shipped"]]
    return {
        "report": document,
        "rows": rows,
        "learnings": _learnings(document, rows),
        "axis": shared_axis(row.effect for row in rows),
        "counts": document["counts"],
        "made_at": datetime.fromisoformat(document["made_at"]),
        "label": quarter_label(document["quarter"]),
        "next_label": quarter_label(str(Quarter.parse(document["quarter"]).next)),
        "before_label": quarter_label(str(Quarter.parse(document["quarter"]).previous)),
        "months": _months(document),
        "lead": _lead(document),
        "number": _number(totals, rows),
        "asked": _asked(document),
        "verdicts": _verdicts(document),
        "totals": totals,
        "goals": _goals(document),
        "effects_title": _effects_title(shipped),
        "effects_basis": _effects_basis(shipped),
        "effects": _effects(shipped),
        "judging": document["judging"],
        "judged_title": _judged_title(document["judging"]),
        "judged": _judged(document["judging"]),
        "surprise": next((row for row in rows if row.entry["experiment"] == document["judging"]["surprise"]), None),
        "measures": [*_measures(document["process"]), *_contacts(document)],
        "contacts_basis": _contacts_basis(document),
        "maturity": maturity_page(document["maturity"]) if "maturity" in document else None,
        "departures": _departures(document),
        "is_simulated": any(entry["is_simulated"] for entry in document["decisions"] + document["launched"]),
        "felt": [_felt(part) for part in document["felt"]],
        "money": _money(document),
        "stages": document["stages"],
        "customer_states": _told_states(document),
        "plan": plan_page(document) if "next" in document else None,
        "decision_rate": _decision_rate(document),
        "asks": [{**ask, "due": date.fromisoformat(ask["due"])} for ask in document["asks"]],
    }


def quarter_label(quarter: str) -> str:
    """Q3 2026, as people say 2026-Q3."""
    year, name = quarter.split("-")
    return f"{name} {year}"


def _row(entry: dict[str, Any], goal: str) -> DecisionRow:
    effect = Effect(**entry["effect"]) if entry["effect"] else None
    ship = _("Ship %(name)s") % {"name": entry["variant"]} if entry["variant"] else ""
    failed = listed([str(CHECK_LABELS.get(check, check)).lower() for check in entry["why_invalid"]])
    decided_at = datetime.fromisoformat(entry["decided_at"])
    return DecisionRow(entry, effect, ship or entry["decision_label"], decided_at, failed, goal)


def _learnings(document: dict[str, Any], rows: Sequence[DecisionRow]) -> list[Learning]:
    by_key = {row.entry["experiment"]: row for row in rows}
    return [Learning(one["text"], by_key.get(one["experiment"])) for one in document["learnings"]]


def _total(entry: dict[str, Any], goals: Sequence[dict[str, Any]]) -> Total:
    rows = [(_reading(name, entry), entry["rows"][name], name == entry["headline"]) for name in BASES]
    basis = HOLDOUT_BASIS if entry["headline"] == "holdout" else SHRUNK_BASIS
    mine = [goal_sentence(goal) for goal in goals if goal["metric"] == entry["metric"]]
    return Total(entry, metric_name(entry["metric"]), rows, str(basis), mine)


def _reading(name: str, entry: dict[str, Any]) -> str:
    """What a row rests on; of a holdout too its chance to see an effect as large as the goal, its power."""
    power = entry.get("holdout_power")
    if name != "holdout" or power is None:
        return str(BASES[name])
    values = {"power": f"{100 * power:.0f}", "goal": f"{100 * entry['goal']:.3g}"}
    return _("Against the holdout, which would see %(goal)s%% with a chance of %(power)s%%") % values


def _goals(document: dict[str, Any]) -> list[GoalRow]:
    return [GoalRow(goal, aim_words(goal), _decided_words(goal)) for goal in document.get("goals", [])]


def _decided_words(goal: dict[str, Any]) -> str:
    if not goal["decided"]:
        return _("nothing decided under it")
    values = {"count": goal["decided"], "shipped": goal["shipped"]}
    one, more = "%(count)d decided, %(shipped)d shipped", "%(count)d decided, %(shipped)d shipped"
    return ngettext(one, more, goal["decided"]) % values


def _number(totals: Sequence[Total], rows: Sequence[DecisionRow]) -> str:
    """The one number of the first screen, with its range and what it rests on; empty where nothing was measured."""
    shipped = next((total for total in totals if total.entry["shipped"]), None)
    if shipped is not None:
        words = _("What was shipped moved %(metric)s by %(lift)s, between %(low)s and %(high)s (%(basis)s).")
        return words % {"metric": shipped.name, **_ends(shipped.headline), "basis": shipped.basis}
    effect = next((row.effect for row in rows if row.effect and row.effect.lift is not None), None)
    if effect is None or effect.lift_low is None:
        return ""
    words = _("Nothing was shipped. The newest result: %(metric)s %(lift)s, between %(low)s and %(high)s.")
    ends = {"lift": effect.lift, "low": effect.lift_low, "high": effect.lift_high}
    return words % {"metric": effect.metric_name, **_ends(ends)}


def _ends(row: Mapping[str, float | None]) -> dict[str, str]:
    return {name: signed_percent(row[name]) for name in ("lift", "low", "high")}


def _effects_title(totals: Sequence[Total]) -> str:
    """Which metrics moved and which cannot be told, as a sentence."""
    if not totals:
        return _("Nothing was shipped, so nothing has moved")
    up = [total.name for total in totals if total.headline["low"] > 0]
    down = [total.name for total in totals if total.headline["high"] < 0]
    open_ones = [total.name for total in totals if total.headline["low"] <= 0 <= total.headline["high"]]
    parts = [
        _("%(names)s went up") % {"names": listed(up)} if up else "",
        _("%(names)s went down") % {"names": listed(down)} if down else "",
        _("for %(names)s we cannot say") % {"names": listed(open_ones)} if open_ones else "",
    ]
    sentence = "; ".join(part for part in parts if part)
    return sentence[:1].upper() + sentence[1:]


def _effects(totals: Sequence[Total]) -> list[Drawing]:
    if not totals:
        return []
    rows = [_drawn(total) for total in totals]
    return intervals(rows, tick=_tick)


def _tick(value: float) -> str:
    """A round number of an axis."""
    if abs(value) < 1e-9:
        return _("no effect")
    return ("+" if value > 0 else MINUS) + f"{abs(100 * value):.3g}%"


def _drawn(total: Total) -> Row:
    row = total.headline
    written = written_estimate(row["lift"], row["low"], row["high"], "%", 100)
    text = f"{written.value}  {written.interval}" if written else ""
    return Row(total.name.capitalize(), row["lift"], row["low"], row["high"], text)


def _effects_basis(totals: Sequence[Total]) -> str:
    """What the numbers of the figure rest on, in words."""
    return "; ".join(sorted({total.basis for total in totals}))


def _told_states(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Decided experiments by customer state; nothing where no idea said one, and in reports from before they could."""
    rows: list[dict[str, Any]] = document.get("customer_states", [])
    return rows if any(row["state"] for row in rows) else []


def _felt(part: dict[str, Any]) -> dict[str, str]:
    """Per 10,000 active customers, as complaints are spoken of, with the range and what it was."""
    ends = [number(10_000 * part[name]) for name in ("share", "low", "high")]
    note = _("%(low)s to %(high)s") % {"low": ends[1], "high": ends[2]}
    if part["before"] is not None:
        note += "; " + _("was %(before)s") % {"before": number(10_000 * part["before"])}
    label = FELT_LABELS.get(part["event"], part["event"])
    return {"label": str(label), "value": _("%(count)s per 10,000") % {"count": ends[0]}, "note": note}


def _money(document: dict[str, Any]) -> list[dict[str, Any]]:
    names = {row["experiment"]: row["name"] for row in document["decisions"]}
    return [{**part, "name": names.get(part["experiment"], part["experiment"])} for part in document["money"]]


def _decision_rate(document: dict[str, Any]) -> str:
    counts = document["counts"]
    words = _("%(decided)d decided, %(launched)d launched")
    return words % {"decided": counts["experiments_decided"], "launched": counts["experiments_launched"]}


def _judged_title(judging: dict[str, Any]) -> str:
    if judging["outcomes"] < judging["fewest"]:
        words = _("%(count)d outcomes so far; from %(fewest)d on this page says how well we judge")
        return words % {"count": judging["outcomes"], "fewest": judging["fewest"]}
    high = max((part for part in judging["bins"] if part["count"]), key=lambda part: part["count"])
    words = _("Of ideas rated %(low)d to %(high)d, %(worked)d of %(count)d worked")
    return words % {"low": high["from"], "high": high["to"], "worked": high["worked"], "count": high["count"]}


def _judged(judging: dict[str, Any]) -> list[Drawing]:
    """Nothing is drawn before there are enough outcomes: a picture would be read as a judgement."""
    if judging["outcomes"] < judging["fewest"]:
        return []
    shares = [
        Share(part["stated"], part["share"], part["low"], part["high"],
              _("%(worked)d of %(count)d") % {"worked": part["worked"], "count": part["count"]})
        for part in judging["bins"] if part["count"]
    ]  # fmt: skip
    return against_diagonal(shares, stated=_("stated chance"), percent=percent)


def _measures(process: dict[str, Any]) -> list[Measure]:
    now, before = process["now"], process["before"]

    def counted(name: str, label: str) -> Measure:  # what an earlier release did not count has a dash
        return Measure(label, *("–" if side.get(name) is None else f"{side[name]:g}" for side in (now, before)))

    closed = [_("%(part)d of %(whole)d") % {"part": s["closed"], "whole": s["decided"]} for s in (now, before)]
    return [
        counted("ideas_added", _("Ideas added")),
        counted("rounds_closed", _("Rounds closed")),
        counted("launched", _("Experiments launched")),
        counted("decided", _("Decided")),
        counted("median_days", _("Median days from idea to decision")),
        Measure(_("Audience used"), *(percent(side.get("audience_used")) for side in (now, before))),
        Measure(_("Closed with a retro"), *closed),
        counted("not_recommended", _("Shipped against the rule")),
        counted("waived", _("Launched with a waiver")),
        counted("stopped_early", _("Stopped before the planned end")),
        Measure(_("Warning signs answered"), *map(_answered, (now, before))),
    ]


def _answered(side: dict[str, Any]) -> str:
    """Such as “2 of 3”; a dash where an earlier release did not count them."""
    if side.get("warning_signs") is None:
        return "–"
    return _("%(part)d of %(whole)d") % {"part": side["warnings_answered"], "whole": side["warning_signs"]}


def _contacts(document: dict[str, Any]) -> list[Measure]:
    """Contact pressure; an earlier release did not measure it."""
    sides = [document.get("contacts", {}).get(name) or {} for name in ("now", "before")]

    def told(name: str, label: str) -> Measure:
        return Measure(label, *(f"{side.get(name, '–')}" for side in sides))

    return [
        told("median", _("Messages per customer and week, median")),
        told("p95", _("Messages per customer and week, 95th percentile")),
    ]


def _contacts_basis(document: dict[str, Any]) -> str:
    """What the counts of messages rest on, and what they leave out."""
    found = document.get("contacts", {}).get("now")
    if not found:
        return ""
    told = ngettext(
        "Messages: what left here, and exposures to e-mail, push and in-app messages that others send, of "
        "%(experiments)d experiment, for %(customers)s customers, over those of their weeks in which they had any. "
        "What is sent outside experiments is not counted.",
        "Messages: what left here, and exposures to e-mail, push and in-app messages that others send, of "
        "%(experiments)d experiments, for %(customers)s customers, over those of their weeks in which they had any. "
        "What is sent outside experiments is not counted.",
        found["experiments"],
    ) % {"experiments": found["experiments"], "customers": f"{found['customers']:,}"}
    more = ngettext(
        "%(count)d experiment does not say what it sent.",
        "%(count)d experiments do not say what they sent.",
        found["unsaid"],
    ) % {"count": found["unsaid"]}
    return f"{told} {more}" if found["unsaid"] else told


def _departures(document: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Experiment or round, what went another way, why."""
    words = {
        "stopped_early": _("Stopped before the planned end"),
        "waived": _("Launched with a waiver"),
        "quorum_waived": _("Closed without quorum, by a waiver"),
    }
    return [(part["name"], words[part["what"]], part["reason"]) for part in document.get("departures", [])]


def _asked(document: dict[str, Any]) -> str:
    count = len(document["asks"])
    if not count:
        return _("Nothing is asked of you.")
    return ngettext(
        "%(count)d answer is asked of you, at the end.", "%(count)d answers are asked of you, at the end.", count
    ) % {"count": count}


def _months(document: dict[str, Any]) -> str:
    first, after = date.fromisoformat(document["from"]), date.fromisoformat(document["to"])
    last = after - timedelta(days=1)
    return _("%(first)s to %(last)s") % {"first": date_format(first, "F"), "last": date_format(last, "F Y")}


def _lead(document: dict[str, Any]) -> str:
    """How much was done, in two sentences."""
    decided, launched = document["counts"]["experiments_decided"], document["counts"]["experiments_launched"]
    first = _("No experiment was decided.")
    if decided:
        one, more = (
            "%(count)d experiment was decided: %(verdicts)s.",
            "%(count)d experiments were decided: %(verdicts)s.",
        )
        first = ngettext(one, more, decided) % {"count": decided, "verdicts": _verdicts(document)}
    second = ngettext("%(count)d was launched.", "%(count)d were launched.", launched) % {"count": launched}
    return f"{first} {second if launched else _('None was launched.')}"


def _verdicts(document: dict[str, Any]) -> str:
    """Such as “3 better, 1 worse and 2 no clear difference”, in numbers that add up to the decisions."""
    counts = document["counts"]["verdicts"]
    said = [f"{counts[word]} {str(label).lower()}" for word, label in VERDICT_LABELS.items() if counts[word]]
    without = document["counts"]["experiments_decided"] - sum(counts.values())
    return listed([*said, _("%(count)d without a verdict") % {"count": without}] if without else said)
