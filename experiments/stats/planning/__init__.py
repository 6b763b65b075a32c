"""What to run next: the value of knowing, and the quarter that brings the most of it."""

from experiments.stats.planning.schedule import (
    CandidateIdea,
    ExperimentSize,
    PlacedIdea,
    QuarterLimits,
    QuarterPlan,
    Solver,
    greedy_plan,
    quarter_plan,
)
from experiments.stats.planning.value_of_information import value_of_information

__all__ = [
    "CandidateIdea",
    "ExperimentSize",
    "PlacedIdea",
    "QuarterLimits",
    "QuarterPlan",
    "Solver",
    "greedy_plan",
    "quarter_plan",
    "value_of_information",
]
