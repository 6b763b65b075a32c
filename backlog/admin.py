"""The admin site shows no more of ballots and scores than the pages do."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from backlog import queries
from backlog.choices import RoundState
from backlog.models import (
    Ballot,
    Evidence,
    Explanation,
    Goal,
    Idea,
    Post,
    RoundIdea,
    RoundMember,
    Talk,
    VotingRound,
)
from engagement.accounts.requests import member_of
from engagement.core.admin_site import ReadOnlyAdmin


@admin.register(Idea)
class IdeaAdmin(ReadOnlyAdmin):
    list_display = ["title", "pod", "author", "state", "created_at"]
    list_filter = ["state", "pod"]
    list_select_related = ["pod", "author"]
    search_fields = ["title", "problem", "change"]


@admin.register(Goal)
class GoalAdmin(ReadOnlyAdmin):
    list_display = ["name", "quarter", "pod", "metric_key", "direction", "kind", "target", "owner"]
    list_filter = ["quarter", "pod"]
    list_select_related = ["pod", "owner"]
    search_fields = ["name", "metric_key"]


@admin.register(Evidence)
class EvidenceAdmin(ReadOnlyAdmin):
    list_display = ["source", "grade", "idea", "added_by", "added_at"]
    list_filter = ["grade"]
    list_select_related = ["idea", "added_by"]
    search_fields = ["source", "says"]


@admin.register(Post)
class PostAdmin(ReadOnlyAdmin):
    list_display = ["author", "idea", "scale", "written_at"]
    list_select_related = ["author", "idea"]
    search_fields = ["text", "author__name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return queries.posts_visible_to(member_of(request))


@admin.register(VotingRound)
class VotingRoundAdmin(ReadOnlyAdmin):
    list_display = ["name", "pod", "state", "opens_at", "closes_at", "closed_at"]
    list_filter = ["state", "pod"]
    list_select_related = ["pod"]


@admin.register(RoundMember)
class RoundMemberAdmin(ReadOnlyAdmin):
    list_display = ["member", "round"]
    list_select_related = ["member", "round"]


@admin.register(RoundIdea)
class RoundIdeaAdmin(ReadOnlyAdmin):
    """Results; an idea in an open round has none yet."""

    list_display = ["idea", "round", "ice", "counted_ballots"]
    list_select_related = ["idea", "round"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return queries.scores_visible_to(member_of(request))


@admin.register(Ballot)
class BallotAdmin(ReadOnlyAdmin):
    """Ballots of closed rounds; the number in an address here would tell how many others there are in an open one."""

    list_display = ["voter", "round_idea", "impact", "confidence", "ease", "cast_at"]
    search_fields = ["comment", "impact_comment", "confidence_comment", "ease_comment", "voter__name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        closed = Q(round_idea__round__state=RoundState.CLOSED)
        return queries.ballots_visible_to(member_of(request)).filter(closed)


@admin.register(Talk)
class TalkAdmin(ReadOnlyAdmin):
    list_display = ["round_idea", "scale", "opened_at", "alone_by"]
    list_select_related = ["round_idea__idea", "alone_by"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return queries.talks_visible_to(member_of(request)).select_related("round_idea__idea")


@admin.register(Explanation)
class ExplanationAdmin(ReadOnlyAdmin):
    """What both ends of a dispute wrote, where both may be read."""

    list_display = ["ballot", "end", "talk", "written_at"]
    list_select_related = ["ballot__voter", "ballot__round_idea__idea", "talk__round_idea__idea"]
    search_fields = ["text", "would_change"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return queries.explanations_visible_to(member_of(request))
