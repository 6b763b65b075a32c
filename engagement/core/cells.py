"""What a cell of a file says: text, time, amount. A refusal is the end of a sentence: “x” *is no number*."""

import math
from datetime import UTC, datetime
from typing import Any

LONGEST_NAME = 255
LARGEST = 1e15  # beyond it squares and cubes lose their digits


def text_of(cell: Any) -> str:
    return cell.isoformat() if isinstance(cell, datetime) else str(cell)


def optional_text(cell: Any) -> str | None:
    text = "" if cell is None else str(cell)
    if len(text) > LONGEST_NAME:
        raise ValueError(f"is longer than {LONGEST_NAME} characters")
    return text or None


def required_text(cell: Any) -> str:
    text = optional_text(cell)
    if text is None:
        raise ValueError("is empty; it must name something")
    return text


def moment(cell: Any) -> datetime:
    """An aware UTC time from a time or ISO 8601 text."""
    try:
        at = cell if isinstance(cell, datetime) else datetime.fromisoformat(str(cell))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no ISO 8601 time, such as 2026-07-06T09:30:00Z") from None


def amount(cell: Any) -> float | None:
    """A finite number, or None where the cell is empty."""
    if cell is None or cell == "":
        return None
    try:
        number = float(cell)
    except (TypeError, ValueError):
        raise ValueError("is no number") from None
    if "_" in str(cell):  # Python reads 1_000, nobody's export means it
        raise ValueError("is no number")
    if not math.isfinite(number):
        raise ValueError("is no finite number")
    if abs(number) > LARGEST:
        raise ValueError("is too large to calculate with")
    return number


def currency_code(cell: Any) -> str | None:
    text = "" if cell is None else str(cell).strip().upper()
    if text and (len(text) != 3 or not text.isascii() or not text.isalpha()):
        raise ValueError("is no currency code of three letters")
    return text or None
