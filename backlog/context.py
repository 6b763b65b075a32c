"""What the rail and the bars count: what waits for the member who looks."""

from typing import Any

from django.db.models import Value
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from backlog import queries
from engagement.accounts.models import Member
from engagement.core.clock import now


def counts(request: HttpRequest) -> dict[str, Any]:
    """Numbers by the key of a place; one query, asked only by a page that shows the frame."""
    return {"counts": SimpleLazyObject(lambda: _waiting(request))}


def _waiting(request: HttpRequest) -> dict[str, int]:
    member = request.user
    if not isinstance(member, Member):
        return {}
    ballots = queries.waiting_for(member, at=now()).annotate(kind=Value("ballot")).values_list("kind", "round")
    texts = queries.explanations_waiting_for(member).annotate(kind=Value("text"))
    waiting = list(ballots.order_by().union(texts.order_by().values_list("kind", "talk__round_idea__round"), all=True))
    return {"home": len(waiting), "rounds": len({number for kind, number in waiting if kind == "ballot"})}
