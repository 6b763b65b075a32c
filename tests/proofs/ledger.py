"""The book of proofs: each measured figure is held against its bound and kept for the table of the statistics guide."""

import math
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

# Less than 1 runs a share of the simulations, for a quick look; bounds then get three Monte Carlo errors of room.
SCALE = float(os.environ.get("PROOF_SCALE", "1"))
HEAD = "| § | proof | bound | measured | runs |"
RULE = "|---|---|---|---|---|"


def runs(full: int) -> int:
    """How many runs to make where a full proof makes `full`."""
    return max(20, round(full * SCALE))


class Row(NamedTuple):
    """One measured figure; rows of one proof and bound (its cells) share a line of the table."""

    section: str
    proof: str
    bound: str
    measured: float
    is_share: bool
    made: int


@dataclass
class Ledger:
    """Rows of the table, and the assertions that go with them."""

    rows: list[Row] = field(default_factory=list)

    def share(
        self, section: str, proof: str, measured: float, *, low: float = 0.0, high: float = 1.0, made: int
    ) -> None:
        """Enter a share measured in `made` runs (0: by enumeration), and fail unless it lies from `low` to `high`."""
        is_exact = SCALE >= 1 or not made
        room = 0.0 if is_exact else 3.0 * math.sqrt(max(measured * (1.0 - measured), 1.0 / made) / made)
        bound = _bound(low if low > 0 else -math.inf, high if high < 1 else math.inf, _percent)
        self.rows.append(Row(section, proof, bound, float(measured), True, made))
        assert low - room <= measured <= high + room, f"{proof}: {measured:.3%} is not {bound}"

    def figure(
        self,
        section: str,
        proof: str,
        measured: float,
        *,
        low: float = -math.inf,
        high: float = math.inf,
        made: int,
        error: float = 0.0,
    ) -> None:
        """Enter any other figure with its Monte Carlo standard error, and fail unless it lies from `low` to `high`."""
        room = 0.0 if SCALE >= 1 else 3.0 * error
        bound = _bound(low, high, "{:g}".format)
        self.rows.append(Row(section, proof, bound, float(measured), False, made))
        assert low - room <= measured <= high + room, f"{proof}: {measured:.4g} is not {bound}"


def table(rows: Iterable[Row]) -> list[str]:
    """The table, sorted by section; nothing if no proof ran."""
    ordered = sorted(rows, key=lambda row: (_numbers(row.section), row.proof, row.bound))
    body = [_line(list(cells)) for _, cells in groupby(ordered, key=lambda row: row[:3])]
    return [HEAD, RULE, *body] if body else []


def refresh(guide: Path, rows: Iterable[Row]) -> None:
    """Put the table in place of the one that stands in the guide."""
    lines = guide.read_text(encoding="utf-8").split("\n")
    start = lines.index(HEAD)
    end = next(place for place in range(start, len(lines)) if not lines[place].startswith("|"))
    guide.write_text("\n".join([*lines[:start], *table(rows), *lines[end:]]), encoding="utf-8")


def _line(cells: list[Row]) -> str:
    form: Callable[[float], str] = "{:.2%}".format if cells[0].is_share else "{:.4g}".format
    measured = _span([form(cell.measured) for cell in sorted(cells, key=lambda cell: cell.measured)])
    made = _span([f"{cell.made:,}" for cell in sorted(cells, key=lambda cell: cell.made)])
    each = " each" if len(cells) > 1 and made != "0" else ""
    return f"| {' | '.join([*cells[0][:3], measured, 'enumeration' if made == '0' else made + each])} |"


def _span(rising: list[str]) -> str:
    """The first and the last, or the one there is."""
    return " to ".join(dict.fromkeys([rising[0], rising[-1]]))


def _bound(low: float, high: float, form: Callable[[float], str]) -> str:
    if math.isinf(low):
        return f"≤ {form(high)}"
    return f"≥ {form(low)}" if math.isinf(high) else f"{form(low)} to {form(high)}"


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"


def _numbers(section: str) -> list[int]:
    return [int(part) for part in section.split(".")]
