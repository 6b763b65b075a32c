"""Reading a time that somebody typed."""

import argparse
from datetime import UTC, datetime


def parse_moment(text: str) -> datetime:
    """An aware time from ISO 8601; without a zone it is UTC. For `argparse`: refuses with a sentence."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is no ISO 8601 time, such as 2026-07-06T00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
