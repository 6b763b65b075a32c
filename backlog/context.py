"""What the rail and the bars count: what waits for the member who looks."""

from typing import Any

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
    rounds = queries.waiting_for(member, at=now()).values_list("round", flat=True)
    return {"home": len(rounds), "rounds": len(set(rounds))}
