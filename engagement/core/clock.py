"""The present moment, asked for in one place so that a caller can pass another."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)
