"""The backlog: its list, and adding, changing and declining an idea."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from backlog import queries
from backlog.choices import Lever, LifecycleStage
from backlog.forms import DeclineForm, IdeaForm, IdeaListFilter, NewIdeaForm
from backlog.models import Idea
from backlog.services import ideas
from backlog.views.idea_page import idea_page, visible_idea
from engagement.accounts.requests import MemberRequest
from engagement.accounts.views import refuse
from engagement.core.errors import InvalidInput

PAGE_SIZE = 50


def ideas_list(request: MemberRequest) -> HttpResponse:
    """The list; htmx asks for its rows alone while somebody types."""
    ideas_here = queries.ideas_listed_to(request.user)
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
    form = NewIdeaForm(request.POST or None, initial={"pod": request.user.pods.first()})
    if request.method == "POST" and form.is_valid():
        try:
            added = ideas.add(actor=request.user, **form.cleaned_data)
        except InvalidInput as error:
            refuse(form, error)
        else:
            messages.success(request, _("Your idea is in the backlog. It can be scored in the next round."))
            return redirect("idea", added.pk)
    similar = queries.similar_ideas(form["title"].value() or "", problem=form["problem"].value() or "")
    context = {"form": form, "may_write": request.user.may_write, "similar": similar}
    return render(request, "backlog/idea_new.html", context)


def ideas_similar(request: MemberRequest) -> HttpResponse:
    """What is nearest to the words typed so far, for the form to show beside them."""
    similar = queries.similar_ideas(request.GET.get("title", ""), problem=request.GET.get("problem", ""))
    return render(request, "backlog/_similar.html", {"similar": similar})


def coverage(request: MemberRequest) -> HttpResponse:
    """Lifecycle stage by lever: where ideas are, and where there are none."""
    counted = queries.coverage()
    rows = [
        (stage, [(lever, counted.get((stage.value, lever.value), 0)) for lever in Lever]) for stage in LifecycleStage
    ]
    placed = sum(count for _stage, cells in rows for _lever, count in cells)
    context = {
        "levers": list(Lever),
        "rows": rows,
        "empty": [(stage, lever) for stage, cells in rows for lever, count in cells if not count],
        "unplaced": sum(counted.values()) - placed,
    }
    return render(request, "backlog/coverage.html", context)


def idea(request: MemberRequest, idea_id: int) -> HttpResponse:
    found = visible_idea(request, idea_id)
    if found.merged_into is not None:
        messages.info(request, _("“%(idea)s” was merged into this idea.") % {"idea": found})
        return redirect("idea", found.merged_into_id)
    return idea_page(request, found)


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
