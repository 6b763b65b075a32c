"""Experiments, readouts and reports over HTTP: the same queries and services as the pages."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from engagement.accounts.requests import member_of
from experiments import queries
from experiments.api.serializers import (
    ChecklistItemSerializer,
    DecisionSerializer,
    DoneSerializer,
    ExperimentDetailSerializer,
    ExperimentSerializer,
    LearningSerializer,
    MarkSerializer,
    MilestoneSerializer,
    PausesSerializer,
    PlanSerializer,
    ProposalSerializer,
    ReasonSerializer,
    RegisteredMetricSerializer,
    VariantSerializer,
    WrittenSerializer,
)
from experiments.forms.filters import LearningFilterForm
from experiments.models import Experiment, Learning, Milestone, RegisteredMetric
from experiments.queries.learnings import learned
from experiments.reports.quarterly.period import quarter_named
from experiments.services import checklist, decisions, launching, milestones, runs, variants, watching
from experiments.services.reporting.releasing import draft

DECIDED = ("experiment__decision__variant", "experiment__decision__decided_by")


class Experiments(mixins.CreateModelMixin, viewsets.ReadOnlyModelViewSet[Experiment]):
    """Experiments, newest first; one alone comes with its variants and metrics. POST plans one."""

    lookup_field = "key"
    lookup_value_regex = "[A-Za-z0-9_-]+"
    filterset_fields = ["state", "kind", "is_simulated"]
    queryset = Experiment.objects.none()

    def get_queryset(self) -> QuerySet[Experiment]:
        return queries.experiments_with_parts() if self.action == "retrieve" else queries.experiments()

    def get_object(self) -> Experiment:
        """Refuses in the pages' own sentence where there is none."""
        return queries.experiment(self.kwargs["key"], among=self.get_queryset())

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        classes: dict[str, type[BaseSerializer[Any]]] = {
            "list": ExperimentSerializer,
            "create": PlanSerializer,
            "decision": DecisionSerializer,
        }
        return classes.get(self.action, ExperimentDetailSerializer)

    @extend_schema(request=PlanSerializer, responses={201: ExperimentDetailSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        plan = self.get_serializer(data=request.data)
        plan.is_valid(raise_exception=True)
        made = queries.experiment(plan.save().key, among=queries.experiments_with_parts())
        return Response(ExperimentDetailSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    @action(detail=True)
    def readout(self, request: Request, key: str) -> Response:
        """The newest analysis as a `readout/1` document."""
        return Response(queries.newest_readout(key).document)

    @extend_schema(request=DecisionSerializer, responses={201: DecisionSerializer})
    @action(detail=True, methods=["post"])
    def decision(self, request: Request, key: str) -> Response:
        """Records the decision on the newest readout; refused for strategy owner and launch owner."""
        experiment = self.get_object()
        asked = DecisionSerializer(data=request.data, experiment=experiment)
        asked.is_valid(raise_exception=True)
        made = decisions.decide(experiment=experiment, actor=member_of(request), **asked.validated_data)
        return Response(DecisionSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=ChecklistItemSerializer(many=True))
    @action(detail=True, pagination_class=None, filterset_fields=[])
    def checklist(self, request: Request, key: str) -> Response:
        """The launch checklist as it stands for whoever asks."""
        found = checklist.items(self.get_object(), actor=member_of(request))
        return Response(ChecklistItemSerializer(found, many=True).data)

    @extend_schema(request=MarkSerializer, responses={204: None})
    @action(detail=True, methods=["post"])
    def mark(self, request: Request, key: str) -> Response:
        """Ticks, approves or waives an item of the checklist."""
        experiment = self.get_object()
        asked = MarkSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        checklist.mark(experiment=experiment, actor=member_of(request), **asked.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=WrittenSerializer, responses=VariantSerializer)
    @action(detail=True, methods=["put"])
    def message(self, request: Request, key: str) -> Response:
        """Says something else in a variant; where somebody saved meanwhile, 409 with `theirs` and `version`."""
        experiment = self.get_object()
        asked = WrittenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        written = dict(asked.validated_data)
        variant = queries.variant(experiment, written.pop("variant"))
        try:
            saved = variants.save(variant=variant, actor=member_of(request), **written)
        except variants.ChangedMeanwhile as refusal:
            body = {"type": "about:blank", "title": "Conflict", "status": refusal.status, "detail": str(refusal)}
            found = {"theirs": refusal.theirs, "version": refusal.version}
            return Response({**body, **found}, status=refusal.status, content_type="application/problem+json")
        return Response(VariantSerializer(saved).data)

    @extend_schema(request=None, responses=ExperimentDetailSerializer)
    @action(detail=True, methods=["post"])
    def launch(self, request: Request, key: str) -> Response:
        """Launches; with an open item it answers 409, and `open` lists what is open."""
        experiment = self.get_object()
        try:
            launching.launch(experiment=experiment, actor=member_of(request))
        except launching.OpenItems as refusal:
            rows = ChecklistItemSerializer(refusal.items, many=True).data
            body = {"type": "about:blank", "title": "Conflict", "status": refusal.status, "detail": str(refusal)}
            return Response({**body, "open": rows}, status=refusal.status, content_type="application/problem+json")
        return self._now(key)

    @extend_schema(request=PausesSerializer, responses=ExperimentDetailSerializer)
    @action(detail=True, methods=["put"])
    def pauses(self, request: Request, key: str) -> Response:
        """Writes into the plan at which alerts the experiment pauses by itself."""
        asked = PausesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        conditions = asked.validated_data["pauses_on"]
        watching.choose_pauses(experiment=self.get_object(), conditions=conditions, actor=member_of(request))
        return self._now(key)

    @extend_schema(request=ReasonSerializer, responses=ExperimentDetailSerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, key: str) -> Response:
        """Nobody gets a variant until somebody resumes; the reason is mandatory."""
        runs.pause(experiment=self.get_object(), actor=member_of(request), reason=_reason(request))
        return self._now(key)

    @extend_schema(request=None, responses=ExperimentDetailSerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, key: str) -> Response:
        """Variants are given out again."""
        runs.resume(experiment=self.get_object(), actor=member_of(request))
        return self._now(key)

    @extend_schema(request=ReasonSerializer, responses=ExperimentDetailSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, key: str) -> Response:
        """Ends it; before the planned end the reason is mandatory."""
        launching.stop(experiment=self.get_object(), actor=member_of(request), reason=_reason(request))
        return self._now(key)

    def _now(self, key: str) -> Response:
        found = queries.experiment(key, among=queries.experiments_with_parts())
        return Response(ExperimentDetailSerializer(found).data)


def _reason(request: Request) -> str:
    asked = ReasonSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return str(asked.validated_data["reason"])


@extend_schema(parameters=[OpenApiParameter(name, str) for name in LearningFilterForm.base_fields])
class Learnings(mixins.ListModelMixin, viewsets.GenericViewSet[Learning]):
    """What was learned from decided experiments, newest first; `q` looks for words by their beginnings."""

    serializer_class = LearningSerializer
    filter_backends = ()  # the form that the page asks, too
    queryset = Learning.objects.none()

    def get_queryset(self) -> QuerySet[Learning]:
        form = LearningFilterForm(self.request.query_params)
        filters = form.filters()
        if not form.is_valid():
            raise ValidationError({name: [str(one) for one in errors] for name, errors in form.errors.items()})
        found = learned(**filters).select_related("experiment__pod", "experiment__idea", *DECIDED)
        return found.prefetch_related("states", "experiment__metrics", "experiment__variants__message")


class Milestones(mixins.UpdateModelMixin, viewsets.ReadOnlyModelViewSet[Milestone]):
    """What is to be done before launches, by whom and by when; POST proposes, PATCH hands one over or moves it."""

    serializer_class = MilestoneSerializer
    http_method_names = ["get", "post", "patch", "head", "options"]
    filterset_fields = {"experiment__key": ["exact"], "owner": ["exact"], "step": ["exact"], "done_at": ["isnull"]}
    queryset = Milestone.objects.select_related("experiment", "owner", "done_by")

    @extend_schema(request=ProposalSerializer, responses={201: MilestoneSerializer(many=True)})
    def create(self, request: Request) -> Response:
        """Proposes, counted back from its first day, the milestones that an experiment does not have yet."""
        asked = ProposalSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        made = milestones.propose(**asked.validated_data, actor=member_of(request))
        return Response(MilestoneSerializer(made, many=True).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DoneSerializer, responses=MilestoneSerializer)
    @action(detail=True, methods=["post"])
    def done(self, request: Request, pk: str) -> Response:
        """Says that a milestone is done, or open again."""
        asked = DoneSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        found = milestones.set_done(milestone=self.get_object(), actor=member_of(request), **asked.validated_data)
        return Response(MilestoneSerializer(found).data)


class Metrics(viewsets.ReadOnlyModelViewSet[RegisteredMetric]):
    """The registry of metrics: definition, owner, what each serves, where it stands."""

    serializer_class = RegisteredMetricSerializer
    lookup_field = "key"
    filterset_fields = ["group", "kind"]
    queryset = RegisteredMetric.objects.filter(retired_at=None).select_related("owner", "serves")


class QuarterReport(APIView):
    """The report of a quarter, such as 2026-Q3, as a `report/1` document: its newest revision, before the first
    release the draft, whose numbers still move."""

    @extend_schema(responses=OpenApiTypes.OBJECT, operation_id="reports_retrieve")
    def get(self, request: Request, quarter: str) -> Response:
        named = quarter_named(quarter)
        newest = queries.revisions(str(named)).first()
        return Response(newest.document if newest else draft(quarter=named))
