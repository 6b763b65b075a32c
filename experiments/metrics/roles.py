"""What role a metric may play in an experiment: one rule for pages, files, API and commands."""

from experiments.metrics.definition import MetricDefinition
from experiments.metrics.library import is_mechanics

WHY_DIAGNOSTIC = (
    "Opens and clicks show mechanics only: machines open mail too, and nothing opened is worth anything yet. "
    "Give it the role diagnostic, and let a metric of retention or revenue decide."
)


def why_not(role: str, definition: MetricDefinition) -> str:
    """The sentence that refuses the role; empty where the metric may play it."""
    return WHY_DIAGNOSTIC if role != "diagnostic" and is_mechanics(definition) else ""
