"""The one page that a customer sees of us: no more messages, please. Open by its signed link."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from engagement.messaging.choices import Channel
from engagement.messaging.services import unsubscribing


@login_not_required
@csrf_exempt  # a mail program posts without having been here; the signed link is what it shows
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Asks first: programs that look at links before their reader does must unsubscribe nobody. POST does it."""
    _customer, channel = unsubscribing.read(token)
    if request.method == "POST":
        unsubscribing.unsubscribe(token)
    context = {"is_done": request.method == "POST", "channel": str(Channel(channel).label)}
    return render(request, "messaging/unsubscribe.html", context)
