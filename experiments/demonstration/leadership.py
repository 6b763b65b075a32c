"""What the Courier measures itself by, whom it asks, and what its last report asked of leadership."""

from dataclasses import dataclass
from typing import Any

from experiments.demonstration.calendar import MONDAY, THURSDAY, When, recently

# Standard metrics by key, each with the key of the one it serves; None is the goal itself.
GOAL_TREE: tuple[tuple[str, str | None], ...] = (
    ("retained_7_to_14", None),
    ("visits_14", "retained_7_to_14"),
    ("unsubscribed_14", "retained_7_to_14"),
)
OWNERS = ("elin", "ruth", "samir")


@dataclass(frozen=True, slots=True)
class GoalText:
    """What a pod is to move in a quarter, in the last full one as in this one; `lift` is a share above 0."""

    pod: str
    owner: str
    name: str
    metric: str
    lift: str
    direction: str = "up"


GOALS = (
    GoalText("welcome", "elin", "New readers who read us in their second week", "read_in_week_2", "0.06"),
    GoalText("supporters", "mina", "Free readers who become supporters", "new_supporter", "0.1"),
    GoalText("daily-habit", "kofi", "Regular readers who read us in the second week", "read_in_week_2", "0.03"),
    GoalText("daily-habit", "ruth", "Readers who leave our letters", "unsubscribed", "0.1", direction="down"),
)

AUDIENCES: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "Readers who come back",
        {
            "all": [
                {"event": "session", "of": "count", "op": "at_least", "value": 2, "within_days": 28},
                {"state": ["core", "casual"]},
            ]
        },
    ),
    ("Readers we have not seen for two weeks", {"event": "session", "of": "days_since", "op": "at_least", "value": 14}),
)


# What members think of the way they work, factor by factor; None where somebody could not judge.
RATERS = ("elin", "kofi", "lucie", "ruth", "samir")
RATINGS: dict[str, tuple[int | None, ...]] = {
    "evidence": (4, 4, 5, 4, 4),
    "guardrails": (4, 3, None, 5, 4),
    "decisions": (5, 4, 4, 4, 5),
    "speed": (3, 4, 3, 4, 3),
    "learning": (4, 4, 5, 5, 4),
    "trust": (4, None, 4, 5, 4),
    "channels": (3, 3, 4, 3, 2),
    "audiences": (4, 3, 3, 4, 4),
    "consent": (None, None, 4, 5, None),
    "pressure": (4, 4, 4, 4, 5),
    "limits": (2, None, 3, 2, 3),
    "listening": (3, 4, 4, 4, 3),
}


@dataclass(frozen=True, slots=True)
class AskText:
    """What the report asked, and until which day."""

    text: str
    kind: str
    owner: str
    due: When


ASKS = (
    AskText("Two days a week of an engineer for the reading list", "money", "elin", recently(3, MONDAY)),
    AskText("May we read what the support desk is asked?", "access", "ruth", recently(4, THURSDAY)),
)
WRITTEN_BY, RELEASED_BY, READ_BY = "ruth", "orla", "judith"
