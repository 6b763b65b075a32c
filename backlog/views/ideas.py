"""The backlog: its list, and adding, changing and declining an idea."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backlog import queries
from backlog.forms import DeclineForm, IdeaForm, IdeaListFilter
from backlog.models import Idea
from backlog.services import ideas
from backlog.views.idea_page import idea_page, visible_idea
from engagement.accounts.requests import MemberRequest
from engagement.accounts.views import refuse
from engagement.core.errors import InvalidInput

PAGE_SIZE = 50


def ideas_list(request: MemberRequest) -> HttpResponse:
    """The list; htmx asks for its rows alone while somebody types."""
    ideas_here = queries.ideas_visible_to(request.user)
    found = IdeaListFilter(request.GET, queryset=ideas_here)  # type: ignore[no-untyped-call]  # django-filter has no types
    context = {
        "filter": found,
        "page": Paginator(found.qs, PAGE_SIZE).get_page(request.GET.get("page")),
        "counts_by_state": queries.idea_counts(),
        "is_filtered": any(request.GET.get(name) for name in found.filters if name != "sort"),
        "may_write": request.user.may_write,
    }
    template = "backlog/_idea_rows.html" if request.headers.get("HX-Request") else "backlog/ideas.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])  # else a browser going back might show the rows alone
    return response


def idea_new(request: MemberRequest) -> HttpResponse:
    form = IdeaForm(request.POST or None, initial={"pod": request.user.pods.first()})
    if request.method == "POST" and form.is_valid():
        try:
            added = ideas.add(actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refuse(form, error)
        else:
            messages.success(request, _("Your idea is in the backlog. It can be scored in the next round."))
            return redirect("idea", added.pk)
    return render(request, "backlog/idea_new.html", {"form": form, "may_write": request.user.may_write})


def idea(request: MemberRequest, idea_id: int) -> HttpResponse:
    return idea_page(request, visible_idea(request, idea_id))


def idea_change(request: MemberRequest, idea_id: int) -> HttpResponse:
    found = visible_idea(request, idea_id)
    form = IdeaForm(request.POST or None, instance=get_object_or_404(Idea, pk=idea_id))
    if request.method == "POST" and form.is_valid():
        try:
            ideas.change(idea=found, actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refuse(form, error)
        else:
            messages.success(request, _("Idea saved."))
            return redirect("idea", found.pk)
    return render(request, "backlog/idea_change.html", {"form": form, "idea": found})


@require_POST
def idea_decline(request: MemberRequest, idea_id: int) -> HttpResponse:
    found, form = visible_idea(request, idea_id), DeclineForm(request.POST)
    if not form.is_valid():
        return idea_page(request, found, decline_form=form)
    ideas.decline(idea=found, reason=form.cleaned_data["reason"], actor=request.user)
    return redirect("idea", found.pk)


@require_POST
def idea_take_up_again(request: MemberRequest, idea_id: int) -> HttpResponse:
    ideas.take_up_again(idea=visible_idea(request, idea_id), actor=request.user)
    return redirect("idea", idea_id)
