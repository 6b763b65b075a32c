"""The backlog, and one idea's page."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backlog import queries, rules
from backlog.choices import IdeaState
from backlog.forms import DeclineForm, IdeaForm, IdeaListFilter
from backlog.models import Idea
from backlog.services import ideas
from backlog.views.figures import reveal_figure
from engagement.accounts.requests import MemberRequest
from engagement.accounts.views import refuse
from engagement.core.errors import InvalidInput

PAGE_SIZE, HISTORY = 50, 20


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
    found = _visible(request, idea_id)
    return _idea_page(request, found, DeclineForm())


def idea_change(request: MemberRequest, idea_id: int) -> HttpResponse:
    found = _visible(request, idea_id)
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
    found, form = _visible(request, idea_id), DeclineForm(request.POST)
    if not form.is_valid():
        return _idea_page(request, found, form)
    ideas.decline(idea=found, reason=form.cleaned_data["reason"], actor=request.user)
    return redirect("idea", found.pk)


@require_POST
def idea_take_up_again(request: MemberRequest, idea_id: int) -> HttpResponse:
    ideas.take_up_again(idea=_visible(request, idea_id), actor=request.user)
    return redirect("idea", idea_id)


def _visible(request: MemberRequest, idea_id: int) -> Idea:
    return get_object_or_404(queries.ideas_visible_to(request.user), pk=idea_id)


def _idea_page(request: MemberRequest, found: Idea, decline_form: DeclineForm) -> HttpResponse:
    may_change = rules.may_change_idea(request.user, found)
    result = next(iter(found.results), None)
    history = list(queries.history_of(found)[:HISTORY])
    context = {
        "idea": found,
        "result": result,
        "figure": reveal_figure(queries.ballots_visible_to(request.user).filter(round_idea=result), request.user)
        if result
        else None,
        "rounds": queries.rounds_of(found),
        "history": history,
        "declined": next((entry for entry in history if entry.verb == "declined"), None),
        "decline_form": decline_form,
        "may_change": may_change and found.state != IdeaState.IN_ROUND,
        "may_decline": may_change and rules.may_be_declined(found),
        "may_plan": request.user.may_write and rules.may_be_planned(found),
    }
    return render(request, "backlog/idea.html", context)
