"""Merging an idea into another."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from backlog import queries, rules
from backlog.forms import MergeForm
from backlog.services import merging
from backlog.services.merging import Merged
from backlog.views.idea_page import visible_idea
from engagement.accounts.requests import MemberRequest


def idea_merge(request: MemberRequest, idea_id: int) -> HttpResponse:
    """Ideas to merge into: the nearest ones, or those that hold what is asked for."""
    idea = visible_idea(request, idea_id)
    form = MergeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        merged = merging.merge(idea=idea, into=form.cleaned_data["into"], actor=request.user)
        messages.success(request, _what_happened(request, str(idea), merged))
        return redirect("idea", merged.idea.pk)
    words = request.GET.get("q", "")
    found = queries.similar_ideas(words or f"{idea.title} {idea.problem}", but=idea)
    may_merge = rules.may_change_idea(request.user, idea)
    context = {"idea": idea, "form": form, "found": found, "words": words, "may_merge": may_merge}
    return render(request, "backlog/idea_merge.html", context)


def _what_happened(request: MemberRequest, title: str, merged: Merged) -> str:
    """With the count of ballots for those who may see the tally; to others it is told when the round is closed."""
    told = _("“%(idea)s” was merged into this idea.") % {"idea": title}
    if merged.place is None or queries.tally_visible_to(request.user, merged.place) is None:
        return told
    moved = ngettext("%(n)s ballot came along", "%(n)s ballots came along", merged.moved) % {"n": merged.moved}
    dropped = ngettext("%(n)s older one was dropped", "%(n)s older ones were dropped", merged.dropped)
    return f"{told} {moved}, {dropped % {'n': merged.dropped}}."
