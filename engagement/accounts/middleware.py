"""The clock a member reads."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from engagement.accounts import queries


class MemberTimeZone:
    """Shows times in the member's zone, else in the workspace's. The workspace is asked for once a request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        workspace = SimpleLazyObject(queries.workspace)
        request.workspace = workspace  # type: ignore[attr-defined]  # `context.workspace` reads it
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(request.user.time_zone or workspace.time_zone):
            return self.get_response(request)
