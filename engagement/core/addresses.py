"""What an address says after its question mark: anybody may write anything there."""

LONGEST_NUMBER = 18  # digits; below it every number fits into a column


def row_number(text: str) -> int | None:
    """The number of a row, or none where the text is no such number."""
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else None
