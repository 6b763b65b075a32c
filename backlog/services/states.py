"""Moving an idea from state to state."""

from datetime import datetime

from django.utils.translation import gettext as _

from backlog.choices import IdeaState, may_become
from backlog.models import Idea
from engagement.accounts.models import Member
from engagement.accounts.services import audit
from engagement.core.errors import Conflict


def move(
    idea: Idea, to: IdeaState, *, verb: str, actor: Member | None, reason: str = "", at: datetime | None = None
) -> Idea:
    """One conditional update in the caller's transaction: of two who move the same idea at once, one is refused."""
    before = Idea.objects.values_list("state", flat=True).get(pk=idea.pk)
    if not Idea.objects.filter(pk=idea.pk, state=before, state__in=may_become(to)).update(state=to):
        words = _("“%(idea)s” is in the state “%(state)s”, from which it cannot become “%(to)s”.")
        raise Conflict(words % {"idea": idea, "state": IdeaState(before).label, "to": to.label})
    idea.state = to
    audit.record(
        actor=actor, verb=verb, target=idea, before={"state": before}, after={"state": to}, reason=reason, at=at
    )
    return idea


def resting_state(idea: Idea) -> IdeaState:
    """Where an idea waits while nothing happens to it."""
    return IdeaState.SCORED if idea.round_ideas.filter(ice__isnull=False).exists() else IdeaState.BACKLOG
