"""Setting a goal for a quarter, and changing it while the quarter lasts."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backlog import queries, rules
from backlog.choices import GoalDirection, GoalKind
from backlog.models import Goal
from backlog.quarters import Quarter
from backlog.services import columns
from engagement.accounts.models import Member, Pod
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden


@transaction.atomic
def add(
    *,
    quarter: Quarter,
    pod: Pod,
    name: str,
    metric_key: str,
    target: Decimal,
    actor: Member,
    kind: str = GoalKind.VALUE,
    direction: str = GoalDirection.UP,
    baseline: Decimal | None = None,
    unit: str = "",
    owner: Member | None = None,
    at: datetime | None = None,
) -> Goal:
    """A goal of the pod for the quarter, one for each metric; its owner is the actor unless another is named.

    `target` of a lift is a share above 0 whatever the direction; `baseline` is where the metric stands before.
    """
    moment = at or now()
    _require_may_set(actor, pod, quarter, moment)
    goal = Goal(
        quarter=str(quarter), pod=pod, name=name.strip(), metric_key=metric_key.strip(), kind=kind, target=target,
        direction=direction, baseline=baseline, unit=unit.strip(), owner=owner or actor, created_at=moment,
    )  # fmt: skip
    columns.check(goal)
    goal.save()
    after = {"quarter": goal.quarter, "pod": str(pod), "metric": goal.metric_key, "target": str(target)}
    audit.record(actor=actor, verb="set", target=goal, after=after, at=moment)
    return goal


@transaction.atomic
def change(*, goal: Goal, actor: Member, reason: str = "", at: datetime | None = None, **values: Any) -> Goal:
    """Changes what the goal says. A goal of a quarter that is over stands as it was."""
    moment = at or now()
    goal = Goal.objects.select_for_update(of=("self",)).select_related("pod").get(pk=goal.pk)
    _require_may_set(actor, goal.pod, Quarter.parse(goal.quarter), moment)
    if "pod" in values and values["pod"] != goal.pod:
        _require_may_set(actor, values["pod"], Quarter.parse(goal.quarter), moment)
    before, after = audit.changed(goal, values)
    for name, value in values.items():
        setattr(goal, name, value)
    columns.check(goal)
    if after:
        goal.save()
        audit.record(
            actor=actor, verb="changed", target=goal, before=before, after=after, reason=reason.strip(), at=moment
        )
    return goal


def _require_may_set(actor: Member, pod: Pod, quarter: Quarter, moment: datetime) -> None:
    require_writer(actor)
    if not rules.may_set_goals(actor, pod):
        raise Forbidden(_("Only members of %(pod)s and administrators set its goals.") % {"pod": pod})
    if quarter < queries.current_quarter(moment):
        raise Conflict(_("%(quarter)s is over: its goals stand as they were.") % {"quarter": quarter})
