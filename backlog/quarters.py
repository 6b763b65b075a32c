"""Quarters of a year: their names and their days."""

import re
from dataclasses import dataclass
from datetime import date

NAME = re.compile(r"(\d{4})-Q([1-4])\Z")


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """Three calendar months, written 2026-Q3."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> "Quarter":
        """The quarter of that name; raises `ValueError` for anything not of the form 2026-Q3."""
        match = NAME.match(text)
        if match is None or match[1] == "0000":
            raise ValueError(f"“{text}” is no quarter; write it like 2026-Q3")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: date) -> "Quarter":
        return cls(day.year, (day.month + 2) // 3)

    @property
    def first_day(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def first_day_after(self) -> date:
        return self.next.first_day

    @property
    def next(self) -> "Quarter":
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def previous(self) -> "Quarter":
        return Quarter(self.year - (self.number == 1), (self.number - 2) % 4 + 1)

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"
