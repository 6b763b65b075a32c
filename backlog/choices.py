"""The words an idea, a round and a ballot are described by, and the moves an idea may make."""

from collections.abc import Iterable

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class IdeaState(models.TextChoices):
    BACKLOG = "backlog", _("In the backlog")
    IN_ROUND = "in_round", _("In a round")
    SCORED = "scored", _("Scored")
    PLANNED = "planned", _("Planned")  # an experiment was made from it
    DECIDED = "decided", _("Decided")
    DECLINED = "declined", _("Declined")
    MERGED = "merged", _("Merged")  # into another idea, for good


ALLOWED_MOVES: dict[IdeaState, frozenset[IdeaState]] = {
    IdeaState.BACKLOG: frozenset({IdeaState.IN_ROUND, IdeaState.PLANNED, IdeaState.DECLINED, IdeaState.MERGED}),
    IdeaState.IN_ROUND: frozenset({IdeaState.SCORED, IdeaState.BACKLOG, IdeaState.MERGED}),
    IdeaState.SCORED: frozenset({IdeaState.IN_ROUND, IdeaState.PLANNED, IdeaState.DECLINED, IdeaState.MERGED}),
    IdeaState.PLANNED: frozenset({IdeaState.DECIDED, IdeaState.SCORED, IdeaState.BACKLOG}),
    IdeaState.DECIDED: frozenset({IdeaState.PLANNED}),  # a decision to iterate plans the same idea again
    IdeaState.DECLINED: frozenset({IdeaState.SCORED, IdeaState.BACKLOG, IdeaState.MERGED}),
    IdeaState.MERGED: frozenset(),
}


def may_become(state: IdeaState) -> list[IdeaState]:
    """The states from which an idea may move to `state`."""
    return [source for source, targets in ALLOWED_MOVES.items() if state in targets]


class Lever(models.TextChoices):
    """What an idea changes."""

    CONTENT = "content", _("Content")
    AUDIENCE = "audience", _("Audience")
    CHANNEL = "channel", _("Channel")
    TIMING = "timing", _("Timing")
    PROCESS = "process", _("Process")


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    PUSH = "push", _("Push")
    IN_APP = "in_app", _("In-app")


class LifecycleStage(models.TextChoices):
    REACH = "reach", _("Reach")
    NURTURE = "nurture", _("Nurture")
    CONVERT = "convert", _("Convert")
    SUPPORT_AND_GROW = "support_and_grow", _("Support and grow")


class Grade(models.TextChoices):
    """How far a source can carry an idea, from the weakest to the strongest."""

    OPINION = "opinion", _("Opinion")
    THIRD_PARTY = "third_party", _("Third party, observational")
    OWN_OBSERVATION = "own_observation", _("Own observation")
    OWN_EXPERIMENT = "own_experiment", _("Own experiment")


# The highest confidence rating that the anchors below allow on such evidence; None stands for no evidence at all.
REACH: dict[Grade | None, int] = {
    None: 3,
    Grade.OPINION: 3,
    Grade.THIRD_PARTY: 4,
    Grade.OWN_OBSERVATION: 7,
    Grade.OWN_EXPERIMENT: 10,
}


def best_grade(grades: Iterable[str]) -> Grade | None:
    """The strongest of some grades; None of none."""
    return max((Grade(grade) for grade in grades), key=list(Grade).index, default=None)


class GoalKind(models.TextChoices):
    """How a goal's target is said."""

    VALUE = "value", _("A value to reach")
    LIFT = "lift", _("A change against today")


class GoalDirection(models.TextChoices):
    UP = "up", _("More is better")
    DOWN = "down", _("Less is better")


class RoundState(models.TextChoices):
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class Scale(models.TextChoices):
    IMPACT = "impact", _("Impact")
    CONFIDENCE = "confidence", _("Confidence rating")
    EASE = "ease", _("Ease")


class End(models.TextChoices):
    """Where an outlier stands among the ballots of a disputed idea."""

    LOWEST = "lowest", _("Lowest")
    HIGHEST = "highest", _("Highest")


SCALE_QUESTIONS: dict[Scale, Promise] = {
    Scale.IMPACT: _("if it works"),
    Scale.CONFIDENCE: _("how likely it is to work"),
    Scale.EASE: _("little work and risk is high"),
}

# 1, 4, 7 and 10 say what the number stands for. A confidence rating c is also read as a probability of (c − 0.5) / 10
# when forecasts meet outcomes, so there every number has it in words.
ANCHORS: dict[Scale, tuple[tuple[int, Promise], ...]] = {
    Scale.IMPACT: (
        (1, _("the metric would not move enough for anybody to see it.")),
        (4, _("some customers would do a little more of what we hope for.")),
        (7, _("the pod’s metric would move visibly within the quarter.")),
        (10, _("this alone could carry the pod’s goal for the quarter.")),
    ),
    Scale.CONFIDENCE: (
        (1, _("about one in twenty: a hunch, and nothing seen that backs it.")),
        (2, _("about one in seven.")),
        (3, _("about one in four.")),
        (4, _("about one in three: others tell that it worked for them.")),
        (5, _("a little under one in two.")),
        (6, _("a little over one in two.")),
        (7, _("about two in three: our own data or interviews point that way.")),
        (8, _("about three in four.")),
        (9, _("about six in seven.")),
        (10, _("about nineteen in twenty: our own experiment has shown it.")),
    ),
    Scale.EASE: (
        (1, _("a quarter’s work for several disciplines, and hard to take back.")),
        (4, _("a few weeks for two disciplines.")),
        (7, _("a few days for one discipline.")),
        (10, _("done within the hour and taken back with a switch.")),
    ),
}


def anchor_of(scale: Scale, score: int) -> str:
    """What a score from 1 to 10 stands for: its own sentence, or the two that it lies between."""
    anchors = ANCHORS[scale]
    exact = dict(anchors).get(score)
    if exact is not None:
        return str(exact)
    below = [str(words) for number, words in anchors if number < score]
    above = [str(words) for number, words in anchors if number > score]
    between = {"low": below[-1].rstrip(".。"), "high": above[0].rstrip(".。")}
    return gettext("between “%(low)s” and “%(high)s”") % between
