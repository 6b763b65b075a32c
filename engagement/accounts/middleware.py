"""The clock a member reads."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from engagement.accounts import queries


class MemberTimeZone:
    """Shows times in the member's zone, else in the workspace's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(request.user.time_zone or queries.workspace().time_zone):
            return self.get_response(request)
