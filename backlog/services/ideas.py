"""Adding an idea, changing it, and moving it through its states."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from backlog import queries, rules
from backlog.choices import IdeaState
from backlog.models import Goal, Idea
from backlog.services import columns
from backlog.services.states import move, resting_state
from backlog.similarity import is_nearly_the_same
from engagement.accounts.models import Member, Pod
from engagement.accounts.rules import require_writer
from engagement.accounts.services import audit
from engagement.core.clock import now
from engagement.core.errors import Conflict, Forbidden, InvalidInput


@transaction.atomic
def add(
    *,
    title: str,
    problem: str,
    change: str,
    actor: Member,
    pod: Pod | None = None,
    lever: str = "",
    channel: str = "",
    lifecycle_stage: str = "",
    customer_state: str = "",
    expected_audience: int | None = None,
    serves: Goal | None = None,
    may_hurt_goal: Goal | None = None,
    may_hurt: str = "",
    why_apart: str = "",
    at: datetime | None = None,
) -> Idea:
    """A new idea in the backlog, tagged with the author's own pod unless another is named.

    Where another has nearly the same title, `why_apart` must say what sets this one apart.
    """
    require_writer(actor)
    _require_apart(title, why_apart)
    moment = at or now()
    idea = Idea(
        title=title.strip(),
        problem=problem.strip(),
        change=change.strip(),
        pod=pod or actor.pods.first(),
        author=actor,
        lever=lever,
        channel=channel,
        lifecycle_stage=lifecycle_stage,
        customer_state=customer_state,
        expected_audience=expected_audience,
        serves=serves,
        may_hurt_goal=may_hurt_goal,
        may_hurt=may_hurt.strip(),
        created_at=moment,
        updated_at=moment,
    )
    columns.check(idea)
    idea.save()
    audit.record(
        actor=actor, verb="added", target=idea, after={"state": idea.state}, reason=why_apart.strip(), at=moment
    )
    return idea


@transaction.atomic
def change(*, idea: Idea, actor: Member, at: datetime | None = None, **values: Any) -> Idea:
    """Changes what the idea says: title, problem, change, pod and what describes it."""
    idea = Idea.objects.select_for_update().get(pk=idea.pk)
    _require_may_change(actor, idea)
    if idea.state == IdeaState.IN_ROUND:
        raise Conflict(_("The idea is being scored. It can be changed when its round is closed."))
    if idea.merged_into is not None:
        words = _("The idea was merged into “%(kept)s”. Change that one.")
        raise Conflict(words % {"kept": idea.merged_into})
    before, after = audit.changed(idea, values)
    for name, value in values.items():
        setattr(idea, name, value)
    columns.check(idea)
    if after:
        idea.updated_at = at or now()
        idea.save()
        audit.record(actor=actor, verb="changed", target=idea, before=before, after=after, at=at)
    return idea


@transaction.atomic
def decline(*, idea: Idea, reason: str, actor: Member, at: datetime | None = None) -> Idea:
    """Puts the idea aside, with a reason that others can read."""
    _require_may_change(actor, idea)
    if not reason.strip():
        raise InvalidInput(_("Say why, so that nobody has to ask: one sentence is enough."), field="reason")
    return move(idea, IdeaState.DECLINED, verb="declined", actor=actor, reason=reason.strip(), at=at)


@transaction.atomic
def take_up_again(*, idea: Idea, actor: Member) -> Idea:
    """Returns a declined idea to where it was: among the scored ones, or in the backlog."""
    _require_may_change(actor, idea)
    if idea.state != IdeaState.DECLINED:
        raise Conflict(_("The idea is not declined, so there is nothing to take up again."))
    return move(idea, resting_state(idea), verb="took up again", actor=actor)


@transaction.atomic
def mark_planned(*, idea: Idea, actor: Member | None, at: datetime | None = None) -> Idea:
    """An experiment was made from the idea. A second experiment on a planned idea changes nothing here."""
    require_writer(actor)
    if Idea.objects.filter(pk=idea.pk, state=IdeaState.PLANNED).exists():
        return idea
    return move(idea, IdeaState.PLANNED, verb="planned", actor=actor, at=at)


@transaction.atomic
def release(*, idea: Idea, actor: Member | None) -> Idea:
    """The experiment made from the idea was given up: it is free for another."""
    require_writer(actor)
    if not Idea.objects.filter(pk=idea.pk, state=IdeaState.PLANNED).exists():
        raise Conflict(_("The idea is not planned, so there is nothing to give up."))
    return move(idea, resting_state(idea), verb="released", actor=actor)


@transaction.atomic
def mark_decided(*, idea: Idea, actor: Member | None, at: datetime | None = None) -> Idea:
    """The decision on the idea's experiment is made. That on a second experiment changes nothing here."""
    require_writer(actor)
    if Idea.objects.select_for_update().get(pk=idea.pk).state == IdeaState.DECIDED:
        return idea
    return move(idea, IdeaState.DECIDED, verb="decided", actor=actor, at=at)


def _require_apart(title: str, why_apart: str) -> None:
    twin = next((one for one in queries.similar_ideas(title) if is_nearly_the_same(title, one.title)), None)
    if twin is not None and not why_apart.strip():
        words = _("“%(idea)s” is there already. Add your evidence to it, or say what sets yours apart.")
        raise InvalidInput(words % {"idea": twin}, field="why_apart")


def _require_may_change(actor: Member, idea: Idea) -> None:
    require_writer(actor)
    if not rules.may_change_idea(actor, idea):
        raise Forbidden(_("Only its author, its pod and administrators may change this idea."))
