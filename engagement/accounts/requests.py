"""What a view is handed behind the sign-in page."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from engagement.accounts.models import Member, Workspace


class MemberRequest(HttpRequest):
    """A request whose `user` is a member: `LoginRequiredMiddleware` lets nobody else through. A type, never made.

    `MemberTimeZone` puts the workspace on it.
    """

    user: Member
    workspace: Workspace


def member_of(request: Any) -> Member:
    """The member who asks, where a request cannot be declared a `MemberRequest`: in the API and the admin site."""
    if not isinstance(request.user, Member):
        raise PermissionDenied
    return request.user
