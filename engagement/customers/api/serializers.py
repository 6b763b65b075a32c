"""Customers and suppressions as JSON."""

from typing import Any

from rest_framework import serializers

from engagement.accounts.requests import member_of
from engagement.customers import queries, rules
from engagement.customers.masking import is_personal, masked
from engagement.customers.models import AudienceVersion, Consent, Customer, Suppression
from engagement.customers.services import audiences, permissions
from engagement.customers.wording import rule_words


class ConsentSerializer(serializers.ModelSerializer[Consent]):
    class Meta:
        model = Consent
        fields = ["channel", "topic", "is_granted", "at", "source"]


class WordSerializer(serializers.ModelSerializer[Consent]):
    """A word to be recorded; without `at` it was said now."""

    class Meta:
        model = Consent
        fields = ["channel", "topic", "is_granted", "source", "at"]
        extra_kwargs = {"at": {"required": False}}


class CustomerSerializer(serializers.ModelSerializer[Customer]):
    """Personal data are masked unless the member's role allows them."""

    consents = ConsentSerializer(many=True, read_only=True)

    class Meta:
        model = Customer
        fields = ["id", "external_id", "email", "time_zone", "locale", "first_seen", "traits", "consents"]

    def to_representation(self, instance: Customer) -> dict[str, Any]:
        told = super().to_representation(instance)
        if not rules.may_see_personal(member_of(self.context["request"])):
            told["email"] = masked(told["email"])
            told["traits"] = {n: masked(str(v)) if is_personal(n) else v for n, v in told["traits"].items()}
        return told


class SuppressionSerializer(serializers.ModelSerializer[Suppression]):
    customer_id = serializers.CharField(source="customer.external_id", max_length=255)

    class Meta:
        model = Suppression
        fields = ["id", "customer_id", "scope", "what", "reason", "note", "starts_at", "ends_at"]
        read_only_fields = ["id", "starts_at"]

    def create(self, validated_data: dict[str, Any]) -> Suppression:
        name = validated_data.pop("customer")["external_id"]
        [customer] = permissions.named([name])
        permissions.suppress(customers=[customer], actor=member_of(self.context["request"]), **validated_data)
        same = {name: validated_data.get(name, "") for name in ("scope", "what", "reason")}
        return Suppression.objects.select_related("customer").get(customer=customer, lifted_at=None, **same)


class AudienceSerializer(serializers.ModelSerializer[AudienceVersion]):
    """An audience as its newest version; a PUT of another rule makes another version."""

    id = serializers.IntegerField(source="audience_id", read_only=True)
    name = serializers.CharField(source="audience.name", max_length=100)
    words = serializers.SerializerMethodField()
    count = serializers.SerializerMethodField()

    class Meta:
        model = AudienceVersion
        fields = ["id", "name", "number", "rule", "words", "count", "made_at"]
        read_only_fields = ["number", "made_at"]

    def get_words(self, version: AudienceVersion) -> str:
        return rule_words(audiences.parsed(version.rule))

    def get_count(self, version: AudienceVersion) -> dict[str, Any] | None:
        found = queries.newest_audience_count(version)
        if found is None:
            return None
        told = {name: getattr(found, name) for name in ("at", "matching", "parts", "left", "left_by_state")}
        return {**told, "channels": [one for one in found.channels.split(",") if one]}

    def create(self, validated_data: dict[str, Any]) -> AudienceVersion:
        actor = member_of(self.context["request"])
        return audiences.create(name=validated_data["audience"]["name"], rule=validated_data["rule"], actor=actor)

    def update(self, instance: AudienceVersion, validated_data: dict[str, Any]) -> AudienceVersion:
        actor = member_of(self.context["request"])
        return audiences.change(audience=instance.audience, rule=validated_data["rule"], actor=actor)
