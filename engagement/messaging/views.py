"""The workspace's limits on messages; and the one page that a customer sees of us: no more, please."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from engagement.accounts.requests import MemberRequest
from engagement.accounts.rules import may_administer, require_administrator
from engagement.messaging.choices import Channel
from engagement.messaging.forms import LimitsForm
from engagement.messaging.queries import sending_limits
from engagement.messaging.services import limits as limit_services
from engagement.messaging.services import unsubscribing


def limits(request: MemberRequest) -> HttpResponse:
    form, status = LimitsForm(request.POST or None, instance=sending_limits()), HTTPStatus.OK
    if request.method == "POST":
        require_administrator(request.user)
        if form.is_valid():
            limit_services.change(actor=request.user, **form.cleaned_data)
            messages.success(request, _("Settings saved."))
            return redirect("sending_limits")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    context = {"form": form, "may_change": may_administer(request.user)}
    return render(request, "messaging/limits.html", context, status=status)


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
