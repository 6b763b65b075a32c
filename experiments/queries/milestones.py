"""Milestones: whose they are and which of them slip."""

from datetime import date

from django.db.models import QuerySet

from engagement.accounts.models import Member, Pod
from experiments.lifecycle import PLANNED
from experiments.models import Milestone


def open_milestones() -> QuerySet[Milestone]:
    """Of planned experiments those not done, the earliest first."""
    planned = Milestone.objects.filter(done_at=None, experiment__state__in=PLANNED)
    return planned.select_related("experiment__pod", "owner").order_by("due", "pk")


def milestones_of(member: Member) -> QuerySet[Milestone]:
    """What waits for this member."""
    return open_milestones().filter(owner=member)


def late_milestones(pod: Pod, *, today: date) -> QuerySet[Milestone]:
    """What the pod's experiments should have done before today."""
    return open_milestones().filter(experiment__pod=pod, due__lt=today)
