"""Experiments, their parts and their decisions as JSON. What is written goes through the services."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backlog.api.serializers import MemberSerializer
from backlog.models import Idea
from engagement.accounts.models import Pod
from engagement.accounts.queries import writing_members
from engagement.messaging.choices import Channel
from engagement.messaging.content import LONGEST
from engagement.messaging.models import Message
from experiments.choices import (
    PAUSE_CONDITIONS,
    DecisionKind,
    Direction,
    ExperimentKind,
    MarkKind,
    MetricKind,
    MetricRole,
)
from experiments.models import (
    Decision,
    DefaultMessage,
    Experiment,
    Learning,
    Metric,
    Milestone,
    RegisteredMetric,
    Variant,
)
from experiments.services import milestones, plans
from experiments.services.plans import MetricPlan, VariantPlan

LONGEST_TEXT = 20_000


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """POST: `variant` names the shipped one by its key, and stays out with every other decision."""

    kind = serializers.ChoiceField(choices=DecisionKind.choices)
    variant = serializers.SlugRelatedField[Variant](
        slug_field="key", queryset=Variant.objects.none(), required=False, allow_null=True
    )
    reason = serializers.CharField(max_length=5_000, allow_blank=True)
    learning = serializers.CharField(max_length=300, allow_blank=True)
    decided_by = MemberSerializer(read_only=True)

    class Meta:
        model = Decision
        fields = ["kind", "variant", "reason", "learning", "decided_by", "decided_at"]
        read_only_fields = ["decided_at"]

    def __init__(self, *args: Any, experiment: Experiment | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if experiment is not None:
            self.fields["variant"].queryset = experiment.variants.all()  # type: ignore[attr-defined]


class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    pod = serializers.SlugRelatedField[Pod](slug_field="slug", read_only=True)
    decision = DecisionSerializer(read_only=True, default=None)

    class Meta:
        model = Experiment
        fields = [
            "key",
            "name",
            "kind",
            "state",
            "pod",
            "idea",
            "starts",
            "ends",
            "is_simulated",
            "created_at",
            "decision",
        ]
        read_only_fields = fields


class LearningSerializer(serializers.ModelSerializer[Learning]):
    """`states`: the customer states its audience was limited to; those and `channels` are else the idea's."""

    experiment = serializers.SlugRelatedField[Experiment](slug_field="key", read_only=True)
    name = serializers.CharField(source="experiment.name", read_only=True)
    pod = serializers.SlugRelatedField[Pod](source="experiment.pod", slug_field="slug", read_only=True)
    decision = DecisionSerializer(source="experiment.decision", read_only=True)
    metrics = serializers.SlugRelatedField[Metric](
        source="experiment.metrics", slug_field="key", many=True, read_only=True
    )
    channels = serializers.SerializerMethodField()
    states = serializers.SerializerMethodField()

    class Meta:
        model = Learning
        fields = ["experiment", "name", "pod", "sentence", "decision", "metrics", "channels", "states"]
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_channels(self, learning: Learning) -> list[str]:
        messages = [variant.message for variant in learning.experiment.variants.all() if variant.message]
        said = {channel for message in messages for channel in message.channels}
        idea = learning.experiment.idea
        return sorted(said or ({idea.channel} if idea and idea.channel else set()))

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_states(self, learning: Learning) -> list[str]:
        idea = learning.experiment.idea
        said = [idea.customer_state] if idea and idea.customer_state else []
        return [row.state for row in learning.states.all()] or said


class MessageSerializer(serializers.ModelSerializer[Message]):
    class Meta:
        model = Message
        fields = ["contents", "version"]


class WrittenSerializer(serializers.Serializer[Any]):
    """What a variant shall say, per channel and field. `seen_version`: of the message that you had seen, 0 for none."""

    variant = serializers.CharField(max_length=100)
    contents = serializers.DictField(
        child=serializers.DictField(
            child=serializers.CharField(max_length=LONGEST, allow_blank=True, trim_whitespace=False)
        )
    )
    seen_version = serializers.IntegerField(min_value=0)


class VariantSerializer(serializers.ModelSerializer[Variant]):
    message = MessageSerializer(read_only=True, allow_null=True)
    is_control = serializers.BooleanField(read_only=True)

    class Meta:
        model = Variant
        fields = ["key", "name", "share", "is_control", "message"]
        read_only_fields = fields


class MetricSerializer(serializers.ModelSerializer[Metric]):
    definition = serializers.SerializerMethodField()

    class Meta:
        model = Metric
        fields = ["key", "kind", "role", "direction", "definition"]
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_definition(self, metric: Metric) -> dict[str, Any]:
        """Event, window in seconds, unit, cap, covariate."""
        return metric.definition.as_json()


class ExperimentDetailSerializer(ExperimentSerializer):
    strategy_owner = MemberSerializer(read_only=True)
    launch_owner = MemberSerializer(read_only=True)
    hypothesis = serializers.SerializerMethodField()
    default_message = serializers.SlugRelatedField[DefaultMessage](slug_field="key", read_only=True)
    variants = VariantSerializer(many=True, read_only=True)
    metrics = MetricSerializer(many=True, read_only=True)

    class Meta(ExperimentSerializer.Meta):
        own = ["strategy_owner", "launch_owner", "hypothesis", "subgroups", "pauses_on", "default_message"]
        fields = [*ExperimentSerializer.Meta.fields, *own, "variants", "metrics"]
        read_only_fields = fields

    @extend_schema_field(serializers.DictField(child=serializers.CharField()))
    def get_hypothesis(self, experiment: Experiment) -> dict[str, str]:
        return {slot: getattr(experiment, slot) for slot in plans.SLOTS}


class VariantPlanSerializer(serializers.Serializer[Any]):
    """A variant as planned; without subject and body its message is none."""

    key = serializers.CharField(max_length=100)
    name = serializers.CharField(max_length=100, required=False)
    share = serializers.FloatField()
    channel = serializers.ChoiceField(choices=Channel.choices, required=False)
    subject = serializers.CharField(max_length=200, required=False, allow_blank=True)
    body = serializers.CharField(max_length=LONGEST_TEXT, required=False, allow_blank=True)


class MetricPlanSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=100)
    kind = serializers.ChoiceField(choices=MetricKind.choices)
    role = serializers.ChoiceField(choices=MetricRole.choices)
    direction = serializers.ChoiceField(choices=Direction.choices, required=False)
    event = serializers.CharField(max_length=200, required=False, allow_blank=True)
    window_days = serializers.IntegerField(min_value=1, max_value=365, required=False)
    unit = serializers.CharField(max_length=10, required=False, allow_blank=True)


class HypothesisSerializer(serializers.Serializer[Any]):
    because = serializers.CharField(required=False, allow_blank=True, max_length=1_000)
    we_believe = serializers.CharField(required=False, allow_blank=True, max_length=1_000)
    audience = serializers.CharField(required=False, allow_blank=True, max_length=1_000)
    will_move = serializers.CharField(required=False, allow_blank=True, max_length=1_000)
    by = serializers.CharField(required=False, allow_blank=True, max_length=100)
    within = serializers.CharField(required=False, allow_blank=True, max_length=100)


class PlanSerializer(serializers.Serializer[Experiment]):
    """A new experiment. The first variant is control; `starts` counts, `ends` no longer does.

    `key`: composed by the workspace's pattern. Told all the same, any other is refused.
    `default_message`: the key of one that was shipped; control says it, and shipping replaces it.
    """

    key = serializers.CharField(max_length=200, required=False, allow_blank=True)
    default_message = serializers.SlugRelatedField(
        slug_field="key", queryset=DefaultMessage.objects.all(), required=False, allow_null=True
    )
    name = serializers.CharField(max_length=200)
    kind = serializers.ChoiceField(choices=ExperimentKind.choices, required=False)
    idea = serializers.PrimaryKeyRelatedField(queryset=Idea.objects.all(), required=False, allow_null=True)
    pod = serializers.SlugRelatedField(slug_field="slug", queryset=Pod.objects.all(), required=False, allow_null=True)
    starts = serializers.DateTimeField(required=False, allow_null=True)
    ends = serializers.DateTimeField(required=False, allow_null=True)
    hypothesis = HypothesisSerializer(required=False)
    subgroups = serializers.ListField(child=serializers.CharField(max_length=255), required=False)
    variants = VariantPlanSerializer(many=True)
    metrics = MetricPlanSerializer(many=True)

    def create(self, validated_data: dict[str, Any]) -> Experiment:
        variants = [VariantPlan(**{"name": row["key"], **row}) for row in validated_data.pop("variants")]
        metrics = [MetricPlan(**row) for row in validated_data.pop("metrics")]
        return plans.plan(actor=self.context["request"].user, variants=variants, metrics=metrics, **validated_data)


class ChecklistItemSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    status = serializers.CharField()
    finding = serializers.CharField()


class MarkSerializer(serializers.Serializer[Any]):
    item = serializers.CharField(max_length=30)
    kind = serializers.ChoiceField(choices=MarkKind.choices)
    reason = serializers.CharField(max_length=1_000, required=False, allow_blank=True)


class PausesSerializer(serializers.Serializer[Any]):
    """At which alerts the experiment pauses by itself."""

    pauses_on = serializers.ListField(child=serializers.ChoiceField(choices=PAUSE_CONDITIONS))


class ReasonSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=1_000, required=False, allow_blank=True, default="")


class RegisteredMetricSerializer(serializers.ModelSerializer[RegisteredMetric]):
    owner = serializers.CharField(source="owner.name", default=None)
    serves = serializers.CharField(source="serves.key", default=None)
    definition = serializers.SerializerMethodField()

    class Meta:
        model = RegisteredMetric
        fields = [
            "key",
            "name",
            "words",
            "group",
            "definition",
            "version",
            "owner",
            "serves",
            "is_top",
            "is_diagnostic",
        ]

    def get_definition(self, metric: RegisteredMetric) -> dict[str, Any]:
        return metric.definition.as_json()


class MilestoneSerializer(serializers.ModelSerializer[Milestone]):
    """A step on an experiment's way to its launch; PATCH gives it another owner, by number, or another day."""

    experiment = serializers.SlugRelatedField[Experiment](slug_field="key", read_only=True)
    owner = serializers.PrimaryKeyRelatedField(queryset=writing_members(), allow_null=True)
    done_by = MemberSerializer(read_only=True)

    class Meta:
        model = Milestone
        fields = ["id", "experiment", "step", "owner", "due", "done_at", "done_by"]
        read_only_fields = ["step", "done_at"]

    def update(self, instance: Milestone, validated_data: dict[str, Any]) -> Milestone:
        values = {"owner": instance.owner, "due": instance.due, **validated_data}
        return milestones.change(milestone=instance, actor=self.context["request"].user, **values)


class ProposalSerializer(serializers.Serializer[Any]):
    experiment = serializers.SlugRelatedField(slug_field="key", queryset=Experiment.objects.all())


class DoneSerializer(serializers.Serializer[Any]):
    is_done = serializers.BooleanField()
