"""Figures as plain data for `static/js/charts.js`, whose head tells the shape.

Colours are names of CSS variables, so that light and dark need no second figure. No Django here.
"""

from engagement.core.figures.bars import Bar, bars
from engagement.core.figures.curves import NamedCurve, curves
from engagement.core.figures.forest import Group, Interval, forest
from engagement.core.figures.stacks import Part, chances, stacks
from engagement.core.figures.tracks import Moment, Track, track

__all__ = [
    "Bar",
    "Group",
    "Interval",
    "Moment",
    "NamedCurve",
    "Part",
    "Track",
    "bars",
    "chances",
    "curves",
    "forest",
    "stacks",
    "track",
]
