"""The backlog over HTTP: the same queries and services as the pages."""

from django.db.models import QuerySet
from django_filters import filters, filterset
from rest_framework import mixins, viewsets
from rest_framework.serializers import BaseSerializer

from backlog import queries
from backlog.api.serializers import BallotSerializer, IdeaSerializer, RoundDetailSerializer, RoundSerializer
from backlog.forms import IdeaFilter
from backlog.models import Ballot, Idea, VotingRound
from engagement.accounts.requests import member_of


class Ideas(mixins.CreateModelMixin, viewsets.ReadOnlyModelViewSet[Idea]):
    """Ideas, newest first, with the scores you may see; POST adds one."""

    serializer_class = IdeaSerializer
    filterset_class = IdeaFilter
    queryset = Idea.objects.none()

    def get_queryset(self) -> QuerySet[Idea]:
        return queries.ideas_visible_to(member_of(self.request))


class Rounds(viewsets.ReadOnlyModelViewSet[VotingRound]):
    """Voting rounds, newest first; one alone comes with its members and ideas."""

    filterset_fields = ["state"]
    queryset = VotingRound.objects.none()

    def get_queryset(self) -> QuerySet[VotingRound]:
        return queries.rounds_visible_to(member_of(self.request))

    def get_serializer_class(self) -> type[BaseSerializer[VotingRound]]:
        return RoundDetailSerializer if self.action == "retrieve" else RoundSerializer


class BallotFilter(filterset.FilterSet):
    round = filters.NumberFilter(field_name="round_idea__round")
    idea = filters.NumberFilter(field_name="round_idea__idea")


class Ballots(mixins.CreateModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Ballot]):
    """Your own ballots, and those of others in closed rounds; POST casts yours, once for each idea of a round."""

    serializer_class = BallotSerializer
    filterset_class = BallotFilter
    queryset = Ballot.objects.none()

    def get_queryset(self) -> QuerySet[Ballot]:
        return queries.ballots_visible_to(member_of(self.request))
