"""The backlog over HTTP: the same queries and services as the pages."""

from django.db.models import QuerySet
from django_filters import filters, filterset
from rest_framework import mixins, viewsets
from rest_framework.serializers import BaseSerializer

from backlog import queries
from backlog.api.serializers import (
    BallotSerializer,
    EvidenceSerializer,
    GoalSerializer,
    IdeaSerializer,
    RoundDetailSerializer,
    RoundSerializer,
)
from backlog.forms import IdeaFilter
from backlog.models import Ballot, Evidence, Goal, Idea, VotingRound
from backlog.services import evidence
from engagement.accounts.requests import member_of
from engagement.core.api import Newest


class Ideas(mixins.CreateModelMixin, viewsets.ReadOnlyModelViewSet[Idea]):
    """Ideas, newest first, with the scores you may see; POST adds one."""

    serializer_class = IdeaSerializer
    filterset_class = IdeaFilter
    queryset = Idea.objects.none()

    def get_queryset(self) -> QuerySet[Idea]:
        return queries.ideas_visible_to(member_of(self.request))


class Goals(mixins.CreateModelMixin, mixins.UpdateModelMixin, viewsets.ReadOnlyModelViewSet[Goal]):
    """What the pods are to move, newest first; POST sets a goal, PATCH changes one while its quarter lasts."""

    serializer_class = GoalSerializer
    http_method_names = ["get", "post", "patch", "head", "options"]
    filterset_fields = {"quarter": ["exact"], "pod__slug": ["exact"], "metric_key": ["exact"]}
    queryset = queries.goals()


class EvidenceList(mixins.CreateModelMixin, mixins.DestroyModelMixin, viewsets.ReadOnlyModelViewSet[Evidence]):
    """What backs the ideas, newest first; POST links one more source to an idea, DELETE takes one away."""

    serializer_class = EvidenceSerializer
    filterset_fields = ["idea", "grade"]
    queryset = Evidence.objects.select_related("added_by", "idea")

    def perform_destroy(self, instance: Evidence) -> None:
        evidence.unlink(evidence=instance, actor=member_of(self.request))


class Rounds(viewsets.ReadOnlyModelViewSet[VotingRound]):
    """Voting rounds, newest first; one alone comes with its members and ideas."""

    filterset_fields = ["state"]
    queryset = VotingRound.objects.none()

    def get_queryset(self) -> QuerySet[VotingRound]:
        return queries.rounds_visible_to(member_of(self.request))

    def get_serializer_class(self) -> type[BaseSerializer[VotingRound]]:
        return RoundDetailSerializer if self.action == "retrieve" else RoundSerializer


class BallotFilter(filterset.FilterSet):
    round = filters.ModelChoiceFilter(field_name="round_idea__round", queryset=VotingRound.objects.all())
    idea = filters.ModelChoiceFilter(field_name="round_idea__idea", queryset=Idea.objects.all())


class NewestPlace(Newest):
    """By idea of a round, not by ballot: the ballots' own numbers would tell how many were cast in between."""

    ordering = ("-round_idea_id", "voter_id")


class Ballots(mixins.CreateModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Ballot]):
    """Your own ballots, and those of others in closed rounds; POST casts yours, once for each idea of a round."""

    serializer_class = BallotSerializer
    filterset_class = BallotFilter
    pagination_class = NewestPlace
    queryset = Ballot.objects.none()

    def get_queryset(self) -> QuerySet[Ballot]:
        return queries.ballots_visible_to(member_of(self.request))
