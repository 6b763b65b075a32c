"""The lines that a benchmark prints: a label, a figure, and how it stands against its bar."""

from importlib import metadata

LABEL_WIDTH, FIGURE_WIDTH = 66, 10


def measured(
    label: str,
    figure: float,
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    aim: float | None = None,
) -> str:
    """What was measured; with a bar, `ok` or `MISSED`."""
    parts = [f"  {label:<{LABEL_WIDTH}}{figure:>{FIGURE_WIDTH},.2f} {unit}"]
    if at_least is not None:
        parts.append(f"bar ≥ {at_least:,g}: {'ok' if figure >= at_least else 'MISSED'}")
    if at_most is not None:
        parts.append(f"bar ≤ {at_most:g}: {'ok' if figure <= at_most else 'MISSED'}")
    if aim is not None:
        parts.append(f"aim ≤ {aim:g}: {'reached' if figure <= aim else 'not reached'}")
    return "   ".join(parts)


def peer(label: str, figure: float, unit: str, *, ours: float, at_least: float | None = None) -> str:
    """What a peer took, as a multiple of ours; with a bar on the multiple, `ok` or `MISSED`."""
    times = figure / ours
    verdict = "" if at_least is None else f"   bar ≥ {at_least:g} ×: {'ok' if times >= at_least else 'MISSED'}"
    return f"{measured(label, figure, unit)}   {times:,.0f} × ours{verdict}"


def absent(package: str) -> str:
    """Said of a peer that cannot be imported."""
    return f"  {package}: not installed, left out"


def named(package: str) -> str:
    """The package with its version."""
    return f"{package} {metadata.version(package)}"
