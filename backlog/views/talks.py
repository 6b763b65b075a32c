"""What is done in the talk on a disputed idea."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backlog import queries
from backlog.forms import ExplanationForm
from backlog.models import Talk
from backlog.services import talks
from backlog.views.ballots import place_of, place_page
from engagement.accounts.requests import MemberRequest


@require_POST
def talk_explain(request: MemberRequest, round_id: int, idea_id: int) -> HttpResponse:
    """One end's text; shown beside the other one, once that is there."""
    talk, form = _talk(request, round_id, idea_id), ExplanationForm(request.POST)
    if not form.is_valid():
        return place_page(request, place_of(request, round_id, idea_id), talk_form=form)
    if not talks.explain(talk=talk, actor=request.user, **form.cleaned_data).is_open:
        messages.success(request, _("Your text is kept. It is shown once the other end has written too."))
    return _back(round_id, idea_id)


@require_POST
def talk_ask(request: MemberRequest, round_id: int, idea_id: int, end: str) -> HttpResponse:
    """Sends one end the question for their reason."""
    asked = talks.ask(talk=_talk(request, round_id, idea_id), end=end, actor=request.user)
    messages.success(request, _("%(name)s is asked for a reason, by mail.") % {"name": asked.voter})
    return _back(round_id, idea_id)


@require_POST
def talk_alone(request: MemberRequest, round_id: int, idea_id: int) -> HttpResponse:
    """Lets the one text there is stand alone, with a reason."""
    reason = request.POST.get("reason", "")
    talks.let_stand_alone(talk=_talk(request, round_id, idea_id), reason=reason, actor=request.user)
    return _back(round_id, idea_id)


def _talk(request: MemberRequest, round_id: int, idea_id: int) -> Talk:
    found = queries.talks_visible_to(request.user)
    return get_object_or_404(found, round_idea__round=round_id, round_idea__idea=idea_id)


def _back(round_id: int, idea_id: int) -> HttpResponse:
    return redirect(reverse("ballot", args=[round_id, idea_id]) + "#talk")
