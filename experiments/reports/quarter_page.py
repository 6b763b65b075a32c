"""The `report/1` document as its page shows it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from experiments.choices import VERDICT_LABELS
from experiments.reports.effects import Effect, shared_axis
from experiments.reports.sentences import listed


@dataclass(frozen=True, slots=True)
class Row:
    """One decision: the document's entry and its effect, ready to be written and drawn."""

    entry: dict[str, Any]
    effect: Effect | None
    decision: str
    decided_at: datetime


def quarter_page(document: dict[str, Any]) -> dict[str, Any]:
    rows = [_row(entry) for entry in document["decisions"]]
    by_key = {row.entry["experiment"]: row for row in rows}
    return {
        "report": document,
        "rows": rows,
        "learnings": [by_key[key] for key in document["learnings"]],
        "axis": shared_axis(row.effect for row in rows),
        "counts": document["counts"],
        "made_at": datetime.fromisoformat(document["made_at"]),
        "label": quarter_label(document["quarter"]),
        "months": _months(document),
        "lead": _lead(document),
        "verdicts": _verdicts(document),
        "is_simulated": any(entry["is_simulated"] for entry in document["decisions"] + document["launched"]),
    }


def quarter_label(quarter: str) -> str:
    """Q3 2026, as people say 2026-Q3."""
    year, name = quarter.split("-")
    return f"{name} {year}"


def _row(entry: dict[str, Any]) -> Row:
    effect = Effect(**entry["effect"]) if entry["effect"] else None
    ship = _("Ship %(name)s") % {"name": entry["variant"]} if entry["variant"] else ""
    return Row(entry, effect, ship or entry["decision_label"], datetime.fromisoformat(entry["decided_at"]))


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
