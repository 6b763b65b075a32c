"""What a pod's warning signs are read from: work under way, of this pod and of its members wherever they are."""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Prefetch, QuerySet

from backlog.choices import IdeaState
from backlog.models import Idea
from engagement.accounts.models import Pod
from experiments.lifecycle import PLANNED, State
from experiments.models import Experiment, Milestone

DECIDED_WITHIN, CLOSED_WITHIN = timedelta(days=7), timedelta(days=14)  # after the end, after the decision
LOOKED_AHEAD = timedelta(days=14)
MOST_MILESTONES, MOST_EXPERIMENTS = 5, 3  # of one member: due within what is looked ahead, with a role there

ROLES = ("strategy_owner_id", "launch_owner_id", "analysis_owner_id")


def under_way() -> QuerySet[Experiment]:
    """Experiments of all pods that are not closed yet, with their open milestones that somebody owns."""
    open_ones = Milestone.objects.filter(done_at=None, owner__isnull=False)
    held: Prefetch[Any] = Prefetch("milestones", open_ones, to_attr="held_milestones")
    found = Experiment.objects.exclude(state=State.CLOSED).select_related("pod", "decision")
    return found.prefetch_related(held)


def has_no_next_step(experiment: Experiment, *, at: datetime) -> bool:
    """Of one of `under_way`: nobody holds a step of its plan, or its decision or retro is overdue."""
    if experiment.state in PLANNED:
        return not experiment.held_milestones
    if experiment.state == State.ENDED:
        return experiment.ends is not None and experiment.ends + DECIDED_WITHIN < at
    return experiment.state == State.DECIDED and experiment.decision.decided_at + CLOSED_WITHIN < at


def over_loaded(members: Collection[int], experiments: Collection[Experiment], *, today: date) -> set[int]:
    """Which of some members hold more than there is room for. `experiments`: all of `under_way`."""
    due: Counter[int] = Counter()
    roles: Counter[int] = Counter()
    for one in experiments:
        if one.state == State.DECIDED:
            continue
        if one.state in PLANNED:
            soon = (step.owner_id for step in one.held_milestones if step.due < today + LOOKED_AHEAD)
            due.update(owner for owner in soon if owner is not None)
        roles.update({holder for role in ROLES if (holder := getattr(one, role)) is not None})
    return {one for one in members if due[one] > MOST_MILESTONES or roles[one] > MOST_EXPERIMENTS}


def scored_ideas_waiting(pod: Pod) -> int:
    """Ideas of the pod that a round has scored and nothing was made of."""
    return Idea.objects.filter(pod=pod, state=IdeaState.SCORED).count()
