"""Customers and suppressions over HTTP: the same queries and services as the pages."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from engagement.accounts.requests import member_of
from engagement.accounts.rules import require_writer
from engagement.customers import queries
from engagement.customers.api.serializers import (
    AudienceSerializer,
    ConsentSerializer,
    CustomerSerializer,
    SuppressionSerializer,
    WordSerializer,
)
from engagement.customers.choices import Channel
from engagement.customers.models import AudienceVersion, Customer, Suppression
from engagement.customers.services import audiences, erasure, permissions


class Customers(mixins.DestroyModelMixin, viewsets.ReadOnlyModelViewSet[Customer]):
    """Customers, newest first, personal data masked unless the role allows; DELETE erases for good."""

    serializer_class = CustomerSerializer
    filterset_fields = ["external_id"]
    queryset = Customer.objects.none()

    def get_queryset(self) -> QuerySet[Customer]:
        return queries.customers_with_words()

    def perform_destroy(self, instance: Customer) -> None:
        erasure.erase(customer=instance, actor=member_of(self.request))

    @extend_schema(request=WordSerializer, responses={201: ConsentSerializer})
    @action(detail=True, methods=["post"])
    def consent(self, request: Request, pk: str) -> Response:
        """Records what the customer allows or withdraws on a channel."""
        asked = WordSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        word = permissions.say(customer=self.get_object(), actor=member_of(request), **asked.validated_data)
        return Response(ConsentSerializer(word).data, status=status.HTTP_201_CREATED)


class Suppressions(mixins.CreateModelMixin, viewsets.ReadOnlyModelViewSet[Suppression]):
    """Who is left in peace, newest first; POST adds a customer, `lift` ends it with a reason."""

    serializer_class = SuppressionSerializer
    filterset_fields = ["scope", "reason"]
    queryset = Suppression.objects.filter(lifted_at=None).select_related("customer")

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def lift(self, request: Request, pk: str) -> Response:
        """Takes `because` as JSON."""
        because = str(dict(request.data).get("because", ""))
        permissions.lift(suppression=self.get_object(), because=because, actor=member_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class Audiences(mixins.CreateModelMixin, mixins.UpdateModelMixin, viewsets.ReadOnlyModelViewSet[AudienceVersion]):
    """Audiences by name, each as its newest version; POST saves one, PUT makes another version, `count` counts it."""

    serializer_class = AudienceSerializer
    pagination_class = None
    http_method_names = ["get", "post", "put", "head", "options"]
    lookup_field = "audience_id"
    queryset = AudienceVersion.objects.none()

    def get_queryset(self) -> QuerySet[AudienceVersion]:
        return queries.newest_versions()

    @extend_schema(request=None, responses=AudienceSerializer)
    @action(detail=True, methods=["post"])
    def count(self, request: Request, audience_id: str) -> Response:
        """Counts the newest version now; `channel` as JSON says by what they would be asked."""
        require_writer(member_of(request))
        version, channel = self.get_object(), str(dict(request.data).get("channel", ""))
        asking = audiences.Asking(channels=[channel] if channel in Channel.values else [])
        audiences.count(version=version, asking=asking)
        return Response(self.get_serializer(version).data)
