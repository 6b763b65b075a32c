"""Ideas, rounds and ballots as JSON. What is written goes through the services."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from backlog import queries
from backlog.choices import Channel, End, Lever, LifecycleStage, Scale
from backlog.models import TEXT_LIMIT, Ballot, Evidence, Goal, Idea, RoundIdea, VotingRound
from backlog.quarters import Quarter
from backlog.queries import BoardRow, Side, TalkSeen
from backlog.scoring import HIGHEST, LOWEST
from backlog.services import ballots, evidence, goals, ideas
from engagement.accounts.models import Member, Pod
from engagement.customers.choices import STATE_CHOICES


class MemberSerializer(serializers.ModelSerializer[Member]):
    class Meta:
        model = Member
        fields = ["id", "name", "discipline"]


class ScaleSerializer(serializers.Serializer[Any]):
    median = serializers.DecimalField(max_digits=3, decimal_places=1, allow_null=True)
    spread = serializers.DecimalField(max_digits=4, decimal_places=2, allow_null=True)


class ResultSerializer(serializers.Serializer[RoundIdea]):
    """The frozen numbers of one idea in one closed round."""

    round = serializers.IntegerField(source="round_id")
    ice = serializers.DecimalField(max_digits=3, decimal_places=1, allow_null=True)
    counted_ballots = serializers.IntegerField()
    scales = serializers.SerializerMethodField()

    @extend_schema_field(serializers.DictField(child=ScaleSerializer()))
    def get_scales(self, result: RoundIdea) -> dict[str, dict[str, Any]]:
        numbers = ("median", "spread")
        return {scale.value: {number: getattr(result, f"{scale}_{number}") for number in numbers} for scale in Scale}


class IdeaSerializer(serializers.ModelSerializer[Idea]):
    """`results` lists the closed rounds whose scores this member may see, the newest first."""

    title = serializers.CharField(max_length=150)
    problem = serializers.CharField(max_length=TEXT_LIMIT)
    change = serializers.CharField(max_length=TEXT_LIMIT)
    pod = serializers.SlugRelatedField(slug_field="slug", queryset=Pod.objects.all(), required=False, allow_null=True)
    author = MemberSerializer(read_only=True)
    lever = serializers.ChoiceField(choices=Lever.choices, required=False, allow_blank=True)
    channel = serializers.ChoiceField(choices=Channel.choices, required=False, allow_blank=True)
    lifecycle_stage = serializers.ChoiceField(choices=LifecycleStage.choices, required=False, allow_blank=True)
    customer_state = serializers.ChoiceField(choices=STATE_CHOICES, required=False, allow_blank=True)
    why_apart = serializers.CharField(
        max_length=300, required=False, write_only=True, help_text="What sets it apart from one with nearly its title."
    )
    results = serializers.SerializerMethodField()

    class Meta:
        model = Idea
        fields = [
            "id",
            "title",
            "problem",
            "change",
            "pod",
            "author",
            "lever",
            "channel",
            "lifecycle_stage",
            "customer_state",
            "expected_audience",
            "serves",
            "may_hurt_goal",
            "may_hurt",
            "why_apart",
            "state",
            "merged_into",
            "created_at",
            "updated_at",
            "results",
        ]
        read_only_fields = ["state", "merged_into", "created_at", "updated_at"]

    @extend_schema_field(ResultSerializer(many=True))
    def get_results(self, idea: Idea) -> Any:
        visible: Any = getattr(idea, "results", [])  # an idea just added has none
        return ResultSerializer(visible, many=True).data

    def create(self, validated_data: dict[str, Any]) -> Idea:
        return ideas.add(actor=self.context["request"].user, **validated_data)


class GoalSerializer(serializers.ModelSerializer[Goal]):
    """`target` of a lift is a share above 0 whatever the direction; `lift` is the target as a signed share."""

    quarter = serializers.CharField(max_length=7, help_text="2026-Q3; a goal stays in its quarter.")
    pod = serializers.SlugRelatedField(slug_field="slug", queryset=Pod.objects.all())
    owner = MemberSerializer(read_only=True)
    lift = serializers.SerializerMethodField()
    reason = serializers.CharField(max_length=300, required=False, write_only=True, help_text="Why it changes.")

    class Meta:
        model = Goal
        fields = [
            "id",
            "quarter",
            "pod",
            "name",
            "metric_key",
            "direction",
            "kind",
            "target",
            "baseline",
            "unit",
            "lift",
            "owner",
            "reason",
        ]
        validators: list[Any] = []  # the service says it, in one sentence

    def get_lift(self, goal: Goal) -> float | None:
        return None if goal.lift is None else float(goal.lift)

    def validate_quarter(self, text: str) -> str:
        try:
            return str(Quarter.parse(text))
        except ValueError as error:
            raise serializers.ValidationError(f"{error}.") from error

    def create(self, validated_data: dict[str, Any]) -> Goal:
        validated_data.pop("reason", "")
        quarter = Quarter.parse(validated_data.pop("quarter"))
        return goals.add(quarter=quarter, actor=self.context["request"].user, **validated_data)

    def update(self, instance: Goal, validated_data: dict[str, Any]) -> Goal:
        validated_data.pop("quarter", "")
        return goals.change(goal=instance, actor=self.context["request"].user, **validated_data)


class EvidenceSerializer(serializers.ModelSerializer[Evidence]):
    idea = serializers.PrimaryKeyRelatedField(queryset=Idea.objects.all())
    added_by = MemberSerializer(read_only=True)

    class Meta:
        model = Evidence
        fields = ["id", "idea", "source", "grade", "says", "url", "added_by", "added_at"]
        read_only_fields = ["added_at"]

    def create(self, validated_data: dict[str, Any]) -> Evidence:
        return evidence.link(actor=self.context["request"].user, **validated_data)


class RoundSerializer(serializers.ModelSerializer[VotingRound]):
    pod = serializers.SlugRelatedField[Pod](slug_field="slug", read_only=True)
    opened_by = MemberSerializer(read_only=True)
    closed_by = MemberSerializer(read_only=True)
    is_invited = serializers.BooleanField(read_only=True)

    class Meta:
        model = VotingRound
        fields = [
            "id",
            "name",
            "first_round",
            "pod",
            "state",
            "opens_at",
            "closes_at",
            "opened_by",
            "closed_at",
            "closed_by",
            "is_invited",
        ]
        read_only_fields = fields


class RoundIdeaSerializer(serializers.Serializer[BoardRow]):
    """One idea of a round; `result` is null as long as this member may not see it."""

    id = serializers.IntegerField(source="idea.pk")
    title = serializers.CharField(source="idea.title")
    has_voted = serializers.SerializerMethodField(help_text="Whether you have sent your ballot for it.")
    result = ResultSerializer(allow_null=True)

    def get_has_voted(self, row: BoardRow) -> bool:
        return row.own is not None


class RoundDetailSerializer(RoundSerializer):
    members = MemberSerializer(many=True, read_only=True)
    ideas = serializers.SerializerMethodField()

    class Meta(RoundSerializer.Meta):
        fields = [*RoundSerializer.Meta.fields, "members", "ideas"]
        read_only_fields = fields

    @extend_schema_field(RoundIdeaSerializer(many=True))
    def get_ideas(self, voting_round: VotingRound) -> Any:
        board: Any = queries.board(self.context["request"].user, voting_round)
        return RoundIdeaSerializer(board, many=True).data


def _scale(words: str) -> serializers.IntegerField:
    help_text = f"{words}, 1 to 10; null for “cannot judge”. It must be there: nothing is assumed."
    return serializers.IntegerField(min_value=LOWEST, max_value=HIGHEST, allow_null=True, help_text=help_text)


def _comment(words: str) -> serializers.CharField:
    help_text = f"{words}; read by others, with your name, once the round is closed."
    return serializers.CharField(max_length=TEXT_LIMIT, required=False, allow_blank=True, help_text=help_text)


class BallotSerializer(serializers.ModelSerializer[Ballot]):
    """One ballot. It has no number of its own: numbers in a row would tell how many others there are."""

    round = serializers.PrimaryKeyRelatedField(queryset=VotingRound.objects.all(), source="round_idea.round")
    idea = serializers.PrimaryKeyRelatedField(queryset=Idea.objects.all(), source="round_idea.idea")
    voter = MemberSerializer(read_only=True)
    impact = _scale("Impact if it works")
    confidence = _scale("Confidence rating, how likely it is to work")
    ease = _scale("Ease, little work and risk is high")
    comment = _comment("On the whole idea")
    impact_comment = _comment("On the impact")
    confidence_comment = _comment("On the confidence rating")
    ease_comment = _comment("On the ease")
    is_by_author = serializers.BooleanField(read_only=True)

    class Meta:
        model = Ballot
        fields = [
            "round",
            "idea",
            "voter",
            "impact",
            "confidence",
            "ease",
            "comment",
            "impact_comment",
            "confidence_comment",
            "ease_comment",
            "expected_lift",
            "cast_at",
            "is_by_author",
        ]
        read_only_fields = ["cast_at"]

    def create(self, validated_data: dict[str, Any]) -> Ballot:
        place = validated_data.pop("round_idea")
        voter = self.context["request"].user
        return ballots.cast(voting_round=place["round"], idea=place["idea"], voter=voter, **validated_data)


class SideSerializer(serializers.Serializer[Side]):
    """One end of a dispute; `text` and `would_change` stay empty until you may read them."""

    end = serializers.ChoiceField(choices=End.choices, source="invited.end")
    voter = MemberSerializer(source="invited.voter")
    score = serializers.IntegerField(source="invited.score")
    asked_at = serializers.DateTimeField(source="invited.asked_at", allow_null=True)
    written_at = serializers.DateTimeField(source="invited.written_at", allow_null=True)
    text = serializers.CharField(source="said")
    would_change = serializers.CharField()


class TalkSerializer(serializers.Serializer[TalkSeen]):
    """The talk on one disputed idea of a closed round; both texts are shown at the same moment, `opened_at`."""

    id = serializers.IntegerField(source="talk.pk")
    round = serializers.IntegerField(source="talk.round_idea.round_id")
    idea = serializers.IntegerField(source="talk.round_idea.idea_id")
    scale = serializers.ChoiceField(choices=Scale.choices, source="talk.scale")
    opened_at = serializers.DateTimeField(source="talk.opened_at", allow_null=True)
    alone_by = MemberSerializer(source="talk.alone_by", allow_null=True)
    alone_reason = serializers.CharField(source="talk.alone_reason")
    sides = SideSerializer(many=True)


class ExplanationSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=TEXT_LIMIT, help_text="Why you scored it so.")
    would_change = serializers.CharField(
        max_length=TEXT_LIMIT, required=False, allow_blank=True, help_text="What would change your mind."
    )


class EndSerializer(serializers.Serializer[Any]):
    end = serializers.ChoiceField(choices=End.choices)


class AloneSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300, help_text="Why one text stands alone.")
