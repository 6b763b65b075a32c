"""The backlog over HTTP: the same queries and services as the pages."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django_filters import filters, filterset
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from backlog import queries
from backlog.api.serializers import (
    AloneSerializer,
    BallotSerializer,
    EndSerializer,
    EvidenceSerializer,
    ExplanationSerializer,
    GoalSerializer,
    IdeaSerializer,
    RoundDetailSerializer,
    RoundSerializer,
    TalkSerializer,
)
from backlog.forms import IdeaFilter
from backlog.models import Ballot, Evidence, Goal, Idea, Talk, VotingRound
from backlog.queries import TalkSeen
from backlog.services import evidence, talks
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


class PlaceFilter(filterset.FilterSet):
    """What belongs to an idea's place in a round, by either of them."""

    round = filters.ModelChoiceFilter(field_name="round_idea__round", queryset=VotingRound.objects.all())
    idea = filters.ModelChoiceFilter(field_name="round_idea__idea", queryset=Idea.objects.all())


class NewestPlace(Newest):
    """By idea of a round, not by ballot: the ballots' own numbers would tell how many were cast in between."""

    ordering = ("-round_idea_id", "voter_id")


class Ballots(mixins.CreateModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Ballot]):
    """Your own ballots, and those of others in closed rounds; POST casts yours, once for each idea of a round."""

    serializer_class = BallotSerializer
    filterset_class = PlaceFilter
    pagination_class = NewestPlace
    queryset = Ballot.objects.none()

    def get_queryset(self) -> QuerySet[Ballot]:
        return queries.ballots_visible_to(member_of(self.request))


class Talks(viewsets.ReadOnlyModelViewSet[Any]):
    """The talks on disputed ideas of closed rounds, newest first, with the words that you may read."""

    serializer_class = TalkSerializer
    filterset_class = PlaceFilter
    queryset = Talk.objects.none()

    def get_queryset(self) -> QuerySet[Talk]:
        return queries.talks_visible_to(member_of(self.request))

    def paginate_queryset(  # type: ignore[override]  # a page holds what this member may see of each row
        self, queryset: Any
    ) -> list[TalkSeen] | None:
        page = super().paginate_queryset(queryset)
        return None if page is None else self._seen(page)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self._now(self.get_object())

    @extend_schema(request=ExplanationSerializer, responses=TalkSerializer)
    @action(detail=True, methods=["post"])
    def explanation(self, request: Request, pk: str) -> Response:
        """Keeps what you, at one end, have to say; nobody else reads it before the other end has written too."""
        talk = self.get_object()
        talks.explain(talk=talk, actor=member_of(request), **self._asked(ExplanationSerializer))
        return self._now(talk)

    @extend_schema(request=EndSerializer, responses=TalkSerializer)
    @action(detail=True, methods=["post"])
    def ask(self, request: Request, pk: str) -> Response:
        """Has one end asked for their reason by mail: once, whoever asks."""
        talk = self.get_object()
        talks.ask(talk=talk, actor=member_of(request), **self._asked(EndSerializer))
        return self._now(talk)

    @extend_schema(request=AloneSerializer, responses=TalkSerializer)
    @action(detail=True, methods=["post"])
    def alone(self, request: Request, pk: str) -> Response:
        """Lets the one text there is stand alone, once the other end has been waited for."""
        talk = self.get_object()
        talks.let_stand_alone(talk=talk, actor=member_of(request), **self._asked(AloneSerializer))
        return self._now(talk)

    def _asked(self, serializer: type[BaseSerializer[Any]]) -> dict[str, Any]:
        asked = serializer(data=self.request.data)
        asked.is_valid(raise_exception=True)
        return dict(asked.validated_data)

    def _now(self, talk: Talk) -> Response:
        return Response(TalkSerializer(self._seen([talk])[0]).data)

    def _seen(self, found: Sequence[Talk]) -> list[TalkSeen]:
        seen = queries.talks(member_of(self.request), [one.round_idea_id for one in found])
        return [seen[one.round_idea_id] for one in found]
