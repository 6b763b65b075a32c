"""The report as a PDF: the page's own context, set by typst from its embedded fonts (Latin, Greek, Cyrillic)."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from engagement.core.figures.still import Drawing
from engagement.core.templatetags.estimates import written_estimate
from experiments.choices import VERDICT_LABELS, VERDICT_MARKS
from experiments.models import ReportRevision
from experiments.reports.effects import Effect
from experiments.reports.quarterly.maturing import FactorRow
from experiments.reports.quarterly.page import DecisionRow, quarter_page

PAPERS = {"a4": "a4", "letter": "us-letter"}
HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
# Families by which systems ship Chinese; typst's own hold none.
CHINESE = re.compile(r"CJK|Source Han|WenQuanYi|Fallback|AR PL|SimSun|SimHei|PingFang|YaHei|Heiti|Songti")

WIDTHS = {"W": 2, "w": 1, "n": 0}  # parts of what is left; 0 is as narrow as the words
MOST_ROOMY = 24  # decisions; the tables of more are set small and close, so that the report keeps to four sheets
# A factor at its mark, and one that is not; text alone, so that grey paper tells them apart.
MARKED = {True: "●", False: "○"}

Part = dict[str, Any]


def pdf(document: dict[str, Any], *, address: str, revision: ReportRevision | None = None, paper: str = "a4") -> bytes:
    """The document on A4 or Letter. A page of Chinese on a machine without such a font says so at its head."""
    page = quarter_page(document)
    data = {
        "title": page["report"]["title"] or (_("What we learned") if page["rows"] else _("Nothing decided yet")),
        "workspace": document["workspace"],
        "language": (get_language() or "en").split("-")[0],
        "paper": PAPERS[paper],
        "issue": _issue(page, revision),
        "address": address,
        "months": " · ".join([*document["pods"], page["months"]]),
        "lead": " ".join(part for part in (page["lead"], page["number"], page["asked"]) if part),
        "learnings": [{"text": one.text, "backing": _backing(one.row)} for one in page["learnings"]],
        "sections": [section for section in _sections(page) if section["parts"]],
        "foot": _foot(page, revision),
        "dense": len(page["rows"]) > MOST_ROOMY,
        "words": {},
    }
    text = json.dumps(data, ensure_ascii=False)
    missing = bool(HAN.search(text)) and not _has_chinese()
    data["warning"] = (
        _("This machine has no Chinese font, so Chinese characters are missing here. Read the page instead.")
        if missing
        else ""
    )
    return bytes(typst.compile(_template(), format="pdf", sys_inputs={"page": json.dumps(data, ensure_ascii=False)}))


def _template() -> bytes:
    path: Path = settings.ROOT / "templates" / "experiments" / "report.typ"
    return path.read_bytes()


@cache
def _has_chinese() -> bool:
    return any(CHINESE.search(family) for family in typst.Fonts().families())


def _issue(page: dict[str, Any], revision: ReportRevision | None) -> str:
    if revision is None:
        day = date_format(page["made_at"], "j F Y")
        return _("Quarterly report, %(label)s · draft of %(day)s") % {"label": page["label"], "day": day}
    values = {
        "label": page["label"], "number": revision.number, "day": date_format(revision.released_at, "j F Y")
    }  # fmt: skip
    return _("Quarterly report, %(label)s · revision %(number)d · %(day)s") % values


def _foot(page: dict[str, Any], revision: ReportRevision | None) -> list[str]:
    lines = [_("Effects are against control in the same experiment; intervals are those the decision rule asks for.")]
    if revision is not None:
        if revision.correction:
            values = {"number": revision.number, "why": revision.correction}
            lines.append(_("Revision %(number)d corrects: %(why)s") % values)
        lines += [*revision.differences, _("Numbers of a released report do not change.")]
    if page["is_simulated"]:
        lines.append(_("Experiments marked “simulated” used customers and events made up for the demonstration."))
    return lines


def _backing(row: DecisionRow | None) -> str:
    if row is None:
        return ""
    effect = row.effect
    told = f": {effect.metric_name} {_estimate(effect)}" if effect and effect.has_interval else ""
    return f"{row.entry['name']}{told}"


def _estimate(effect: Effect | None) -> str:
    """The lift with its interval, else the absolute effect with its own; an en dash where there is none."""
    if effect is None:
        return "–"
    if effect.drawn:
        written = written_estimate(effect.lift, effect.lift_low, effect.lift_high, "%", 100)
    else:
        written = written_estimate(effect.estimate, effect.low, effect.high, effect.shown_unit, effect.scale)
    return f"{written.value} ({written.interval})" if written else "–"


def _sections(page: dict[str, Any]) -> list[Part]:
    return [
        _section(_("What customers felt"), [_felt(page)]),
        _section(_("Effect on goals"), _effects(page), page["effects_basis"]),
        _section(_("Decisions"), [_decisions(page)], page["decision_rate"]),
        _section(_("What shipped changes are worth"), [_money(page)]),
        _section(_("How well do we judge?"), _judging(page)),
        _section(_("The process"), _worked(page)),
        _section(_("Next quarter, and what we ask"), _next(page)),
    ]


def _section(title: str, parts: list[Part | None], note: str = "") -> Part:
    return {"title": title, "note": note, "parts": [part for part in parts if part]}


def _table(head: list[str], rows: list[list[Any]], widths: str) -> Part | None:
    """`widths`: a letter a column, W for widest, w for wide and n for as narrow as its words."""
    columns = [WIDTHS[width] for width in widths]
    return {"kind": "table", "columns": columns, "head": head, "rows": rows} if rows else None


def _text(text: str) -> Part | None:
    return {"kind": "text", "text": text} if text else None


def _figure(title: str, drawings: list[Drawing]) -> Part | None:
    wide = next((drawing for drawing in drawings if drawing.name == "wide"), None)
    if wide is None:
        return None
    return {"kind": "figure", "title": title, "svg": render_to_string("experiments/still.svg", {"drawing": wide})}


def _felt(page: dict[str, Any]) -> Part | None:
    rows = [[part["label"], part["value"], part["note"]] for part in page["felt"]]
    return _table([_("Of active customers"), "", ""], rows, "wnn")


def _effects(page: dict[str, Any]) -> list[Part | None]:
    rows = []
    for total in page["totals"]:
        if not total.entry["shipped"]:
            continue
        for name, row, leads in total.rows:
            if row is None:
                continue
            written = written_estimate(row["lift"], row["low"], row["high"], "%", 100)
            told = f"{written.value} ({written.interval})" if written else ""
            rows.append([total.name.capitalize(), name, told, _("leads") if leads else ""])
    figure = _figure(page["effects_title"], page["effects"])
    goals = [
        [{"first": goal.entry["name"], "second": goal.entry["pod"]}, goal.metric_name, goal.target, goal.told]
        for goal in page["goals"]
    ]
    return [
        _table([_("Goal"), _("Metric"), _("Target"), _("Experiments")], goals, "wnnn"),
        figure,
        _table([_("Metric"), _("Reading"), _("Lift over all customers"), ""], rows, "wnnn"),
    ]


def _decisions(page: dict[str, Any]) -> Part | None:
    rows = []
    for row in page["rows"]:
        verdict = row.effect.verdict if row.effect else ""
        word = f"{VERDICT_MARKS.get(verdict, '')} {VERDICT_LABELS.get(verdict, '')}".strip()
        about = [row.effect.metric_name if row.effect else "", row.goal, row.entry["pod"]]
        if row.entry["is_simulated"]:
            about.append(_("simulated"))
        effect = _("none: %(why)s failed") % {"why": row.why_invalid} if row.why_invalid else _estimate(row.effect)
        marks = [row.entry["decided_by"], _("against the rule") if row.entry["is_against_the_rule"] else ""]
        first = {"first": row.entry["name"], "second": " · ".join(part for part in about if part)}
        rows.append(
            [first, word, effect, {"first": row.decision, "second": " · ".join(part for part in marks if part)}]
        )
    return _table([_("Experiment and metric"), _("Verdict"), _("Lift"), _("Decision")], rows, "Wnnw")


def _money(page: dict[str, Any]) -> Part | None:
    rows = []
    for part in page["money"]:
        written = written_estimate(part["value"], part["low"], part["high"], part["unit"])
        about = _("%(count)s customers") % {"count": f"{part['customers']:,}"}
        told = f"{written.value} ({written.interval})" if written else "–"
        rows.append([{"first": part["name"], "second": about}, told])
    return _table([_("Experiment"), _("A quarter")], rows, "wn")


def _judging(page: dict[str, Any]) -> list[Part | None]:
    judging = page["judging"]
    if not judging["outcomes"]:
        return []
    counted = _("%(worked)d of %(count)d")
    rows = [[f"{part['from']}–{part['to']}", counted % part] for part in judging["bins"]]
    table = _table([_("Confidence rating"), _("Worked")], rows, "nn")
    figure = _figure(page["judged_title"], page["judged"])
    return [figure or {"kind": "text", "text": page["judged_title"] + "."}, table]


def _worked(page: dict[str, Any]) -> list[Part | None]:
    return [_process(page), _text(page["contacts_basis"]), *_maturity(page), _departures(page)]


def _maturity(page: dict[str, Any]) -> list[Part | None]:
    """Each factor with rating, measure and mark in one line: both sides beside each other take half the paper."""
    found = page["maturity"]
    if found is None:
        return []
    sides = [[_factor(row) for row in rows] for _axis, rows in found["axes"]]
    table = _table([axis for axis, _rows in found["axes"]], [list(pair) for pair in zip(*sides, strict=True)], "ww")
    return [_text(" ".join(part for part in (found["sentence"], found["basis"]) if part)), table]


def _factor(row: FactorRow) -> dict[str, str]:
    values = {"measured": row.measured, "mark": row.mark, "rating": row.rating}
    about = _("measured %(measured)s, %(mark)s; %(rating)s") % values
    return {"first": f"{MARKED[row.is_at_mark]} {row.name}", "second": about}


def _process(page: dict[str, Any]) -> Part | None:
    rows = [[measure.name, measure.now, measure.before] for measure in page["measures"]]
    return _table([_("Measure"), page["label"], page["before_label"]], rows, "wnn")


def _departures(page: dict[str, Any]) -> Part | None:
    rows = [list(row) for row in page["departures"]]
    return _table([_("Experiment or round"), _("What"), _("Why")], rows, "nnw") if rows else None


def _next(page: dict[str, Any]) -> list[Part | None]:
    rows = [[ask["text"], ask["kind_label"], ask["owner"], date_format(ask["due"], "j F")] for ask in page["asks"]]
    asks = _table([_("Ask"), _("Kind"), _("Owner"), _("By")], rows, "wnnn")
    return [*_plan(page), asks]


def _plan(page: dict[str, Any]) -> list[Part | None]:
    plan = page["plan"]
    if plan is None:  # released before the report knew goals
        names = [entry["name"] for entry in page["report"]["planned"]]
        count = ngettext("%(count)d experiment is planned: ", "%(count)d experiments are planned: ", len(names))
        told = count % {"count": len(names)} + ", ".join(names) + "." if names else _("Nothing is planned yet.")
        return [{"kind": "text", "text": told}]
    text = " ".join(part for part in (plan["sentence"], plan["room"], plan["over"], plan["unsized"]) if part)
    rows = [[{"first": goal.name, "second": goal.about}, goal.names or _("nothing yet")] for goal in plan["goals"]]
    head = [_("Goal, %(label)s") % {"label": page["next_label"]}, _("Planned")]
    return [{"kind": "text", "text": text}, _table(head, rows, "ww")]
