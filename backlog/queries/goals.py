"""Quarters, and what the pods are to move in them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from backlog.choices import IdeaState
from backlog.models import Goal, Idea
from backlog.quarters import Quarter
from engagement.accounts.models import Member, Pod
from engagement.accounts.queries import workspace
from engagement.core.errors import NotFound

EARLIEST, LATEST = 2000, 2199


def current_quarter(at: datetime) -> Quarter:
    """The quarter of that moment in the workspace's zone."""
    return Quarter.of(at.astimezone(ZoneInfo(workspace().time_zone)).date())


def quarter_named(text: str) -> Quarter:
    """The quarter of that name, such as 2026-Q3; refuses anything else, and years nobody plans for."""
    try:
        quarter = Quarter.parse(text)
    except ValueError as error:
        raise NotFound(_("%(why)s.") % {"why": error}) from error
    if not EARLIEST <= quarter.year <= LATEST or str(quarter) != text:
        raise NotFound(_("Nobody plans for %(quarter)s here.") % {"quarter": quarter})
    return quarter


def goals() -> QuerySet[Goal]:
    return Goal.objects.select_related("pod", "owner")


def goals_of(quarter: Quarter) -> QuerySet[Goal]:
    """The quarter's goals by pod, each with how many ideas serve it as `idea_count`."""
    counts = {"idea_count": Count("ideas", filter=~Q(ideas__state=IdeaState.MERGED))}
    return goals().filter(quarter=str(quarter)).annotate(**counts).order_by("pod__name", "pk")


def goals_to_serve(*, at: datetime, of: Idea | None = None) -> QuerySet[Goal]:
    """Those of this quarter and the next, and those the idea is tied to already."""
    present = current_quarter(at)
    open_ones = Q(quarter__in=[str(present), str(present.next)])
    if of is not None:
        open_ones |= Q(pk__in=[pk for pk in (of.serves_id, of.may_hurt_goal_id) if pk])
    return goals().filter(open_ones).order_by("quarter", "pod__name", "pk")


def pods_to_set_goals_for(member: Member) -> QuerySet[Pod]:
    """As `rules.may_set_goals`."""
    if not member.may_write:
        return Pod.objects.none()
    return Pod.objects.all() if member.is_administrator else member.pods.all()
