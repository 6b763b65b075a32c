"""One idea's page, with whichever of its forms came back."""

from collections.abc import Collection
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render

from backlog import queries, rules
from backlog.choices import REACH, IdeaState, best_grade
from backlog.forms import DeclineForm, EvidenceForm, PostForm
from backlog.models import Ballot, Evidence, Idea, RoundIdea
from backlog.views.figures import reveal_figure
from engagement.accounts.requests import MemberRequest

HISTORY = 20


def visible_idea(request: MemberRequest, idea_id: int) -> Idea:
    return get_object_or_404(queries.ideas_visible_to(request.user), pk=idea_id)


def idea_page(
    request: MemberRequest,
    idea: Idea,
    *,
    decline_form: DeclineForm | None = None,
    evidence_form: EvidenceForm | None = None,
    post_form: PostForm | None = None,
) -> HttpResponse:
    prefetch_related_objects([request.user], "pods")
    may_change = rules.may_change_idea(request.user, idea)
    result = next(iter(idea.results), None)
    cast = list(queries.ballots_visible_to(request.user).filter(round_idea__in=[one.pk for one in idea.results]))
    history = list(queries.history_of(idea)[:HISTORY])
    context = {
        "idea": idea,
        "result": result,
        "rounds": queries.rounds_of(idea),
        "history": history,
        "declined": next((entry for entry in history if entry.verb == "declined"), None),
        "decline_form": decline_form or DeclineForm(),
        "evidence_form": evidence_form or EvidenceForm(),
        "may_change": may_change and idea.state != IdeaState.IN_ROUND,
        "may_decline": may_change and rules.may_be_declined(idea),
        "may_merge": may_change and rules.may_be_merged(idea),
        "may_plan": request.user.may_write and rules.may_be_planned(idea),
        "may_write": request.user.may_write,
        **evidence_shown(request, list(queries.evidence_for(idea)), may_change=may_change),
        **_scores(request, result, cast),
        **_discussion(request, idea, post_form, cast),
    }
    return render(request, "backlog/idea.html", context)


def evidence_shown(request: MemberRequest, found: Collection[Evidence], *, may_change: bool = False) -> dict[str, Any]:
    """What backs an idea, and how far that reaches by the anchors of the confidence rating."""
    best = best_grade(one.grade for one in found)
    return {
        "evidence": [
            {"row": one, "may_unlink": rules.may_unlink_evidence(request.user, one, may_change=may_change)}
            for one in found
        ],
        "best_grade": best,
        "reach": REACH[best],
    }


def _scores(request: MemberRequest, result: RoundIdea | None, cast: list[Ballot]) -> dict[str, Any]:
    if result is None:
        return {"figure": None}
    return {"figure": reveal_figure([one for one in cast if one.round_idea_id == result.pk], request.user)}


def _discussion(request: MemberRequest, idea: Idea, form: PostForm | None, cast: list[Ballot]) -> dict[str, Any]:
    """The posts, each beside what its author had scored on the scale it is about, as far as `cast` tells."""
    # The results come newest first, so the newest ballot is the last to be written here.
    order = {one.pk: place for place, one in enumerate(idea.results)}
    by_voter = {one.voter_id: one for one in sorted(cast, key=lambda one: -order[one.round_idea_id])}
    posts = [
        {"row": post, "score": post.scale and getattr(by_voter.get(post.author_id), post.scale, None)}
        for post in queries.posts_visible_to(request.user).filter(idea=idea)
    ]
    refusal = rules.discussion_refusal(idea)
    return {
        "posts": posts,
        "post_form": form or PostForm(),
        "discussion_refusal": refusal,
        "is_settled": rules.is_settled(idea),
        "may_post": request.user.may_write and refusal is None,
    }
