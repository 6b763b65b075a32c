"""The book of proofs: each measured figure is held against its bound and kept for the table at the end."""

import math
import os
from dataclasses import dataclass, field

# Less than 1 runs a share of the simulations, for a quick look; bounds then get three Monte Carlo errors of room.
SCALE = float(os.environ.get("PROOF_SCALE", "1"))
HEAD = "| § | proof | bound | measured | runs |"


def runs(full: int) -> int:
    """How many runs to make where a full proof makes `full`."""
    return max(20, round(full * SCALE))


@dataclass
class Ledger:
    """Rows of the table, and the assertions that go with them."""

    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def share(
        self, section: str, proof: str, measured: float, *, low: float = 0.0, high: float = 1.0, made: int
    ) -> None:
        """Enter a share measured in `made` runs (0: by enumeration), and fail unless it lies from `low` to `high`."""
        is_exact = SCALE >= 1 or not made
        room = 0.0 if is_exact else 3.0 * math.sqrt(max(measured * (1.0 - measured), 1.0 / made) / made)
        self._enter(section, proof, _interval(low, high), f"{measured:.2%}", made)
        assert low - room <= measured <= high + room, f"{proof}: {measured:.3%} is not within {_interval(low, high)}"

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
        self._enter(section, proof, f"{low:g} to {high:g}", f"{measured:.4g}", made)
        assert low - room <= measured <= high + room, f"{proof}: {measured:.4g} is not within {low:g} to {high:g}"

    def lines(self) -> list[str]:
        """The table, sorted by section; nothing if no proof ran."""
        body = ["| " + " | ".join(row) + " |" for row in sorted(self.rows, key=_by_section)]
        return [HEAD, "|---|---|---|---|---|", *body] if body else []

    def _enter(self, section: str, proof: str, bound: str, measured: str, made: int) -> None:
        self.rows.append((section, proof, bound, measured, f"{made:,}" if made else "enumeration"))


def _interval(low: float, high: float) -> str:
    if low <= 0:
        return f"≤ {high:.1%}"
    return f"≥ {low:.1%}" if high >= 1 else f"{low:.1%} to {high:.1%}"


def _by_section(row: tuple[str, ...]) -> tuple[list[int], str]:
    return [int(part) for part in row[0].split(".")], row[1]
