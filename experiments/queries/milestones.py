"""Milestones: whose they are and which of them slip."""

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from engagement.accounts.models import Member, Pod
from experiments.choices import MarkKind
from experiments.lifecycle import PLANNED
from experiments.milestones import Step
from experiments.models import ChecklistMark, Milestone


def open_milestones() -> QuerySet[Milestone]:
    """Of planned experiments those not done, the earliest first."""
    planned = Milestone.objects.filter(done_at=None, experiment__state__in=PLANNED)
    return planned.select_related("experiment__pod", "owner").order_by("due", "pk")


def milestones_of(member: Member) -> QuerySet[Milestone]:
    """What waits for this member: their own, and the approvals that nobody has taken in their pods.

    Not those of plans that they wrote or launch, nor those that somebody has given.
    """
    given = ChecklistMark.objects.filter(experiment=OuterRef("experiment"), kind=MarkKind.APPROVAL)
    theirs = Q(experiment__strategy_owner=member) | Q(experiment__launch_owner=member)
    free = Q(owner=None, step=Step.APPROVAL, experiment__pod__in=member.pods.all()) & ~theirs & ~Exists(given)
    return open_milestones().filter(Q(owner=member) | free if member.may_write else Q(owner=member))


def late_milestones(pod: Pod, *, today: date) -> QuerySet[Milestone]:
    """What the pod's experiments should have done before today."""
    return open_milestones().filter(experiment__pod=pod, due__lt=today)
