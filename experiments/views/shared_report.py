"""A released report for a reader without an account: the link is the way in, and every opening is logged."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from experiments import queries
from experiments.forms.report import AnswerForm
from experiments.models import Ask
from experiments.services.reporting import answering, sharing
from experiments.views.reports import revision_context


@login_not_required
@never_cache
@require_GET
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """The newest revision. A leader without an account is told whom to ask where the link is over."""
    link = sharing.opened(token=token)
    newest = queries.revisions(link.quarter).first()
    here = reverse("shared_report", args=[token])
    context = revision_context(newest, request.build_absolute_uri) if newest else {}
    response = render(
        request, "experiments/report.html", {**context, "link": link, "token": token, "tables_base": "", "here": here}
    )
    response["Referrer-Policy"] = "no-referrer"  # the address is the key
    return response


@login_not_required
@never_cache
@require_POST
def shared_answer(request: HttpRequest, token: str, ask_id: int) -> HttpResponse:
    link, form = sharing.opened(token=token), AnswerForm(request.POST)
    ask = get_object_or_404(Ask, pk=ask_id, quarter=link.quarter)
    reply = form.cleaned_data["reply"] if form.is_valid() else ""
    name = request.POST.get("name", "").strip() or link.reader
    answering.answer(ask=ask, reply=reply, name=name, member=None)
    messages.success(request, _("%(name)s gets your answer.") % {"name": ask.owner})
    return redirect(reverse("shared_report", args=[token]) + "#asks")
