"""Who gets which variant: salted hashes against cumulated shares. Values in, values out; no Django, no database."""

from experiments.assignment.division import ELSEWHERE, HELD_OUT, Division, Slice
from experiments.assignment.hashing import encoded, unit, units

__all__ = ["ELSEWHERE", "HELD_OUT", "Division", "Slice", "encoded", "unit", "units"]
