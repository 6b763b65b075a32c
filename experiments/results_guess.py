"""What the columns of a results file probably mean, told from names and first rows: proposals, never decisions."""

from collections.abc import Sequence

VARIANT_NAMES = ("variant", "variation", "arm", "group", "cell", "treatment", "segment", "test_group")
CONTROL_NAMES = ("control", "holdout", "none", "baseline", "today", "default")
MOST_VARIANTS = 10


def column_named(header: Sequence[str], name: str) -> str:
    """The column of that name, whatever its capitals, blanks and underscores; empty without one."""
    return next((column for column in header if _plain(column) == _plain(name)), "")


def variant_column(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A column called as variants use to be, whose first values are few words; empty when none fits."""
    named = (column_named(header, name) for name in VARIANT_NAMES)
    return next((column for column in named if column and words_of(header, rows, column)), "")


def words_of(header: Sequence[str], rows: Sequence[Sequence[str]], column: str) -> list[str]:
    """The different values of a column that could name variants, in order; none for a column of something else."""
    place = list(header).index(column)
    values = list(dict.fromkeys(row[place] for row in rows if row[place]))
    return values if 2 <= len(values) <= MOST_VARIANTS else []


def all_words(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Every value of every column that could name variants; numbers are left out."""
    found = (word for column in dict.fromkeys(header) for word in words_of(header, rows, column))
    return [word for word in dict.fromkeys(found) if not word.replace(".", "", 1).lstrip("-").isdecimal()]


def control_of(values: Sequence[str]) -> str:
    """The value that sounds like control; empty when none does."""
    named = (value for name in CONTROL_NAMES for value in values if _plain(value) == name)
    negated = (value for value in values if _plain(value).startswith("no"))
    return next(named, "") or next(negated, "")


def _plain(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())
