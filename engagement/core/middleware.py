"""What happens around every request, whatever its page."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from engagement.core.errors import DomainError
from engagement.core.network import is_loopback

Handler = Callable[[HttpRequest], HttpResponse]


class LoopbackCookies:
    """Takes `Secure` off cookies that never leave this machine.

    `make run` serves plain http on 127.0.0.1; most clients would not send a secure cookie back there, and nobody could
    sign in. Every other address gets secure cookies only.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.cookies and not request.is_secure() and is_loopback(request):
            for cookie in response.cookies.values():
                cookie["secure"] = ""
        return response


class Refusals:
    """Shows a `DomainError` that a page view did not handle as its sentence, with the right status."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        list(messages.get_messages(request))  # a refusal page shows the refusal, not older news
        return render(request, "core/refused.html", {"sentence": str(exception)}, status=exception.status)
