"""What is added to an idea on its page: evidence and posts."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from backlog import queries
from backlog.forms import EvidenceForm, PostForm
from backlog.services import discussion, evidence
from backlog.views.idea_page import idea_page, visible_idea
from engagement.accounts.requests import MemberRequest


@require_POST
def evidence_link(request: MemberRequest, idea_id: int) -> HttpResponse:
    idea, form = visible_idea(request, idea_id), EvidenceForm(request.POST)
    if not form.is_valid():
        return idea_page(request, idea, evidence_form=form)
    evidence.link(idea=idea, actor=request.user, **form.cleaned_data)
    return redirect(reverse("idea", args=[idea_id]) + "#evidence")


@require_POST
def evidence_unlink(request: MemberRequest, idea_id: int, evidence_id: int) -> HttpResponse:
    found = get_object_or_404(queries.evidence_for(visible_idea(request, idea_id)), pk=evidence_id)
    evidence.unlink(evidence=found, actor=request.user)
    return redirect(reverse("idea", args=[idea_id]) + "#evidence")


@require_POST
def post_write(request: MemberRequest, idea_id: int) -> HttpResponse:
    idea, form = visible_idea(request, idea_id), PostForm(request.POST)
    if not form.is_valid():
        return idea_page(request, idea, post_form=form)
    discussion.say(idea=idea, actor=request.user, **form.cleaned_data)
    return redirect(reverse("idea", args=[idea_id]) + "#discussion")
