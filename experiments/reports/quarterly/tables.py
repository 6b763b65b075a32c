"""The tables behind a report's figures, as header and rows."""

from collections.abc import Callable, Sequence
from typing import Any

Table = tuple[Sequence[str], list[Sequence[Any]]]


def effects(document: dict[str, Any]) -> Table:
    """The four readings of each metric, as lifts."""
    header = ("metric", "reading", "leads", "lift", "low", "high", "level", "experiments", "shipped", "customers")
    rows: list[Sequence[Any]] = [
        (
            entry["metric"], name, name == entry["headline"], row["lift"], row["low"], row["high"], entry["level"],
            entry["experiments"], entry["shipped"], entry["customers"],
        )
        for entry in document["programme"] for name, row in entry["rows"].items() if row
    ]  # fmt: skip
    return header, rows


def judging(document: dict[str, Any]) -> Table:
    """Confidence ratings in bins: what was stated and what worked."""
    header = ("from", "to", "stated", "worked", "count", "share", "low", "high")
    return header, [tuple(part[name] for name in header) for part in document["judging"]["bins"]]


def decisions(document: dict[str, Any]) -> Table:
    header = ("experiment", "name", "verdict", "metric", "lift", "low", "high", "decision", "variant", "decided_by")
    rows: list[Sequence[Any]] = []
    for row in document["decisions"]:
        effect = row["effect"] or dict.fromkeys(("verdict", "metric", "lift", "lift_low", "lift_high"))
        told = [effect[name] for name in ("verdict", "metric", "lift", "lift_low", "lift_high")]
        rows.append((row["experiment"], row["name"], *told, row["decision"], row["variant"], row["decided_by"]))
    return header, rows


def goals(document: dict[str, Any]) -> Table:
    """What the pods were to move, and what was decided for it."""
    header = ("goal", "pod", "metric", "direction", "kind", "target", "baseline", "unit", "lift", "decided", "shipped")
    found = document.get("goals", [])
    return header, [(row["name"], *(row[name] for name in header[1:])) for row in found]


def planned(document: dict[str, Any]) -> Table:
    """What is planned for the next quarter, each under its goal."""
    header = ("experiment", "name", "pod", "goal", "starts", "customers")
    names = {goal["id"]: goal["name"] for goal in document.get("next", {}).get("goals", [])}
    rows: list[Sequence[Any]] = [
        (row["experiment"], row["name"], row["pod"], names.get(row.get("goal"), ""), row.get("starts"),
         row.get("customers"))
        for row in document["planned"]
    ]  # fmt: skip
    return header, rows


def contacts(document: dict[str, Any]) -> Table:
    """Contact pressure of this quarter and the one before."""
    header = ("quarter", "median", "p95", "customers", "customer_weeks", "contacts", "experiments", "unsaid")
    found = document.get("contacts", {})
    return header, [(name, *(found[name][part] for part in header[1:])) for name in found if found[name]]


def maturity(document: dict[str, Any]) -> Table:
    """The twelve factors: rated, measured, and their marks."""
    header = ("axis", "factor", "rating", "raters", "measured", "mark", "unit", "is_ceiling", "is_at_mark")
    found = document.get("maturity", {}).get("factors", [])
    return header, [tuple(row[name] for name in header) for row in found]


def weeks(document: dict[str, Any]) -> Table:
    """The next quarter's weeks: customers asked for and there."""
    header = ("monday", "booked", "planned", "free", "over")
    return header, [tuple(week[name] for name in header) for week in document.get("next", {}).get("weeks", [])]


TABLES: dict[str, Callable[[dict[str, Any]], Table]] = {
    "effects": effects,
    "judging": judging,
    "decisions": decisions,
    "goals": goals,
    "planned": planned,
    "weeks": weeks,
    "contacts": contacts,
    "maturity": maturity,
}
