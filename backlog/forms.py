"""What people type or choose about ideas, rounds and ballots."""

from collections.abc import Collection
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.db.models import F, Q, QuerySet
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import filters, filterset

from backlog import queries
from backlog.choices import Channel, GoalDirection, GoalKind, IdeaState, Lever, LifecycleStage, Scale
from backlog.models import TEXT_LIMIT, Evidence, Explanation, Goal, Idea, Post
from backlog.models.rounds import LONGEST_TALK, TALK_DAYS
from backlog.scoring import HIGHEST, LOWEST
from backlog.templatetags.goals import quarter_words
from engagement.accounts.models import Member, Pod
from engagement.accounts.queries import writing_members
from engagement.core.clock import now
from engagement.customers.choices import STATE_CHOICES

VOTING_DAYS, LAST_HOUR = 7, 17
LONGEST_QUESTION = 200  # characters, so a hundred words at most: each asks three columns


class HttpsField(forms.URLField):
    """An address; where somebody leaves the scheme out, the safe one is meant."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(assume_scheme="https", **kwargs)


class GoalField(forms.ModelChoiceField[Goal]):
    def label_from_instance(self, obj: Goal) -> str:
        return f"{quarter_words(obj.quarter)}, {obj.pod}: {obj.name}"


class IdeaForm(forms.ModelForm[Idea]):
    """Title, problem and change are all it takes; the page folds the rest."""

    FIRST: tuple[str, ...] = ("title", "problem", "change")

    class Meta:
        model = Idea
        fields = [
            "title",
            "problem",
            "change",
            "pod",
            "lever",
            "channel",
            "lifecycle_stage",
            "customer_state",
            "expected_audience",
            "serves",
            "may_hurt_goal",
            "may_hurt",
        ]
        widgets = {"problem": forms.Textarea(attrs={"rows": 4}), "change": forms.Textarea(attrs={"rows": 4})}
        field_classes = {"serves": GoalField, "may_hurt_goal": GoalField}
        help_texts = {"title": gettext_lazy("What would change, in a few words.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of = self.instance if self.instance.pk else None
        for name in ("serves", "may_hurt_goal"):
            field = cast("GoalField", self.fields[name])
            field.queryset = queries.goals_to_serve(at=now(), of=of)

    def first_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.FIRST]

    def folded_errors(self) -> bool:
        return any(name not in self.FIRST for name in self.errors)

    def folded_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in self.FIRST]


class DeclineForm(forms.Form):
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class NewIdeaForm(IdeaForm):
    """Asks what sets the idea apart once it turns out that another says nearly the same."""

    FIRST = ("title", "problem", "change", "why_apart")

    why_apart = forms.CharField(label=gettext_lazy("What sets it apart"), max_length=300, required=False)

    def first_fields(self) -> list[forms.BoundField]:
        is_asked = "why_apart" in self.errors or bool(self["why_apart"].value())
        return [field for field in super().first_fields() if is_asked or field.name != "why_apart"]


class MergeForm(forms.Form):
    into = forms.ModelChoiceField(
        label=gettext_lazy("Merge into"),
        queryset=Idea.objects.exclude(state=IdeaState.MERGED),
        widget=forms.HiddenInput,
        error_messages={"required": gettext_lazy("Choose the idea that is kept.")},
    )


class IdeaFileForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("CSV with the columns title, problem, change; a file that was exported here will do."),
    )


class EvidenceForm(forms.ModelForm[Evidence]):
    class Meta:
        model = Evidence
        fields = ["source", "grade", "says", "url"]
        field_classes = {"url": HttpsField}


class PostForm(forms.ModelForm[Post]):
    class Meta:
        model = Post
        fields = ["text", "scale"]
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        about = cast("forms.ChoiceField", self.fields["scale"])
        about.choices = [("", _("The whole idea")), *Scale.choices]


class ExplanationForm(forms.ModelForm[Explanation]):
    """What one end of a dispute has to say."""

    class Meta:
        model = Explanation
        fields = ["text", "would_change"]
        widgets = {"text": forms.Textarea(attrs={"rows": 4}), "would_change": forms.Textarea(attrs={"rows": 2})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].required = True


class IdeaFilter(filterset.FilterSet):
    """The questions one can ask the list of ideas, by page and by API alike."""

    q = filters.CharFilter(label=gettext_lazy("Find"), method="find", max_length=LONGEST_QUESTION)
    pod = filters.ModelChoiceFilter(
        label=gettext_lazy("Pod"), queryset=Pod.objects.all(), to_field_name="slug", empty_label=gettext_lazy("Any pod")
    )
    lever = filters.ChoiceFilter(
        label=gettext_lazy("Lever"), choices=Lever.choices, empty_label=gettext_lazy("Any lever")
    )
    channel = filters.ChoiceFilter(
        label=gettext_lazy("Channel"), choices=Channel.choices, empty_label=gettext_lazy("Any channel")
    )
    lifecycle_stage = filters.ChoiceFilter(
        label=gettext_lazy("Stage"), choices=LifecycleStage.choices, empty_label=gettext_lazy("Any stage")
    )
    customer_state = filters.ChoiceFilter(
        label=gettext_lazy("Customer state"), choices=STATE_CHOICES, empty_label=gettext_lazy("Any customer")
    )
    state = filters.ChoiceFilter(
        label=gettext_lazy("State"), choices=IdeaState.choices, empty_label=gettext_lazy("Any state")
    )
    serves = filters.ModelChoiceFilter(label=gettext_lazy("Goal"), queryset=Goal.objects.all())

    def filter_queryset(self, queryset: QuerySet[Idea]) -> QuerySet[Idea]:
        """Merged ideas are shown to those who ask for them; elsewhere the kept one stands for both."""
        found: QuerySet[Idea] = super().filter_queryset(queryset)  # type: ignore[no-untyped-call]  # has no types
        is_asked = self.form.cleaned_data.get("state") == IdeaState.MERGED
        return found if is_asked else found.exclude(state=IdeaState.MERGED)

    class Meta:
        model = Idea
        fields = ["q", "pod", "lever", "channel", "lifecycle_stage", "customer_state", "state", "serves"]

    def find(self, ideas: QuerySet[Idea], name: str, words: str) -> QuerySet[Idea]:
        """Ideas that hold every word somewhere in title, problem or change."""
        for word in words.split():
            ideas = ideas.filter(Q(title__icontains=word) | Q(problem__icontains=word) | Q(change__icontains=word))
        return ideas


class IdeaListFilter(IdeaFilter):
    """The page's list can also be sorted by score: the one annotated there, so by visible scores alone."""

    sort = filters.ChoiceFilter(
        label=gettext_lazy("Sort by"),
        choices=[("score", gettext_lazy("ICE score"))],
        empty_label=gettext_lazy("Newest"),
        method="order",
    )

    def order(self, ideas: QuerySet[Idea], name: str, choice: str) -> QuerySet[Idea]:
        return ideas.order_by(F("ice").desc(nulls_last=True), "-pk")


class GoalForm(forms.Form):
    """A goal as people type it: lifts and shares in %, everything else in the metric's unit."""

    name = forms.CharField(
        label=gettext_lazy("Goal"), max_length=100, help_text=gettext_lazy("What is to move, in a few words.")
    )
    metric_key = forms.CharField(
        label=gettext_lazy("Metric"),
        max_length=100,
        help_text=gettext_lazy("Its key in the registry of metrics."),
        widget=forms.TextInput(attrs={"list": "metric-keys", "autocomplete": "off"}),
    )
    pod = forms.ModelChoiceField(label=gettext_lazy("Pod"), queryset=Pod.objects.none(), empty_label=None)
    direction = forms.ChoiceField(label=gettext_lazy("Direction"), choices=GoalDirection.choices)
    kind = forms.ChoiceField(label=gettext_lazy("Kind of target"), choices=GoalKind.choices)
    target = forms.DecimalField(
        label=gettext_lazy("Target"),
        max_digits=12,
        decimal_places=4,
        help_text=gettext_lazy(
            "A change, or a share with the unit %: in %. Less is better: a change of 10 is 10% less."
        ),
    )
    baseline = forms.DecimalField(
        label=gettext_lazy("From"),
        max_digits=12,
        decimal_places=4,
        required=False,
        help_text=gettext_lazy("Where it stands before the quarter, in the same unit."),
    )
    unit = forms.CharField(
        label=gettext_lazy("Unit"), max_length=10, required=False, help_text=gettext_lazy("Such as % or EUR.")
    )
    owner = forms.ModelChoiceField(label=gettext_lazy("Owner"), queryset=Member.objects.none(), required=False)
    reason = forms.CharField(label=gettext_lazy("Why it changes"), max_length=300, required=False)

    def __init__(self, data: Any = None, *, member: Member, goal: Goal | None = None) -> None:
        initial = self._as_typed(goal) if goal else {"pod": member.pods.first(), "owner": member}
        super().__init__(data, initial=initial)
        cast("forms.ModelChoiceField[Pod]", self.fields["pod"]).queryset = queries.pods_to_set_goals_for(member)
        cast("forms.ModelChoiceField[Member]", self.fields["owner"]).queryset = writing_members()
        if goal is None:
            del self.fields["reason"]

    @staticmethod
    def _as_typed(goal: Goal) -> dict[str, Any]:
        names = ("name", "metric_key", "pod", "direction", "kind", "unit", "owner")
        per_target, per_baseline = _per_cent(goal.kind, goal.unit)
        numbers = {"target": goal.target * per_target, "baseline": goal.baseline}
        if goal.baseline is not None:
            numbers["baseline"] = goal.baseline * per_baseline
        plain = {name: f"{number.normalize():f}" for name, number in numbers.items() if number is not None}
        return {**{name: getattr(goal, name) for name in names}, **plain}

    def values(self) -> dict[str, Any]:
        """What `goals.add` and `goals.change` take."""
        given = dict(self.cleaned_data)
        per_target, per_baseline = _per_cent(given["kind"], given["unit"].strip())
        given["target"] /= per_target
        if given["baseline"] is not None:
            given["baseline"] /= per_baseline
        if given["owner"] is None:
            del given["owner"]
        return given


def _per_cent(kind: str, unit: str) -> tuple[int, int]:
    """By how much target and baseline are multiplied to be typed."""
    share = 100 if unit == "%" else 1
    return (100 if kind == GoalKind.LIFT else share), share


class IdeasField(forms.ModelMultipleChoiceField[Idea]):
    def label_from_instance(self, obj: Idea) -> str:
        return f"{obj.title} ({obj.pod})" if obj.pod else obj.title


class MembersField(forms.ModelMultipleChoiceField[Member]):
    def label_from_instance(self, obj: Member) -> str:
        return f"{obj.name}, {obj.get_discipline_display()}"


class RoundForm(forms.Form):
    """A new round. Without members ticked the service invites the whole pod."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    pod = forms.ModelChoiceField(label=gettext_lazy("Pod"), queryset=Pod.objects.none(), empty_label=None)
    closes_at = forms.DateTimeField(
        label=gettext_lazy("Closes"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    ideas = IdeasField(
        label=gettext_lazy("Ideas to score"), queryset=Idea.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    members = MembersField(
        label=gettext_lazy("Members to invite"),
        queryset=Member.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=gettext_lazy("With nobody ticked the whole pod is invited."),
    )
    quorum_percent = forms.IntegerField(
        label=gettext_lazy("Quorum, % of the members invited"), min_value=0, max_value=100, initial=50, required=False
    )
    quorum_disciplines = forms.IntegerField(
        label=gettext_lazy("Quorum, disciplines"), min_value=0, max_value=10, initial=2, required=False,
        help_text=gettext_lazy("Never more than are invited."),
    )  # fmt: skip
    talk_days = forms.IntegerField(
        label=gettext_lazy("Days to wait for outliers"), min_value=0, max_value=LONGEST_TALK, initial=TALK_DAYS,
        required=False, help_text=gettext_lazy("Where ballots lie far apart, both ends write before either is read."),
    )  # fmt: skip

    def round(self) -> dict[str, Any]:
        """What `rounds.open_round` takes; a number left empty is the usual one."""
        given = dict(self.cleaned_data)
        percent = given.pop("quorum_percent")
        if percent is not None:
            given["quorum_share"] = percent / 100
        return {name: value for name, value in given.items() if value is not None}

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: dict[str, QuerySet[Any]] = {
            "pod": queries.pods_to_open_rounds_for(member),
            "ideas": queries.ideas_free_for_a_round(),
            "members": writing_members(),
        }
        for name, rows in choices.items():
            cast("forms.ModelChoiceField[Any]", self.fields[name]).queryset = rows
        self.fields["closes_at"].help_text = _("Your time, %(zone)s.") % {"zone": get_current_timezone()}


class SecondRoundForm(forms.Form):
    """Which disputed ideas are scored afresh, and until when."""

    ideas = IdeasField(
        label=gettext_lazy("Ideas to score again"), queryset=Idea.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    closes_at = forms.DateTimeField(
        label=gettext_lazy("Closes"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )

    def __init__(self, *args: Any, disputed: Collection[Idea], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ideas = cast("forms.ModelChoiceField[Any]", self.fields["ideas"])
        ideas.queryset = Idea.objects.filter(pk__in=[idea.pk for idea in disputed]).select_related("pod")
        self.fields["closes_at"].help_text = _("Your time, %(zone)s.") % {"zone": get_current_timezone()}


def proposed_closing() -> datetime:
    """In a week, at the end of the working day where the member is."""
    day = localtime(now()).date() + timedelta(days=VOTING_DAYS)
    return datetime.combine(day, time(LAST_HOUR), tzinfo=get_current_timezone())


def _comment_on_a_scale(label: Any) -> forms.CharField:
    rows = forms.Textarea(attrs={"rows": 2})
    return forms.CharField(label=label, max_length=TEXT_LIMIT, required=False, widget=rows)


class BallotForm(forms.Form):
    """Three scales, each scored or marked “cannot judge”; comments and expected lift as the voter likes.

    `evidence` is what there is now. Where the voter had other evidence before them, the form asks them to look again.
    """

    impact = forms.IntegerField(label=Scale.IMPACT.label, min_value=LOWEST, max_value=HIGHEST, required=False)
    impact_abstain = forms.BooleanField(required=False)
    confidence = forms.IntegerField(label=Scale.CONFIDENCE.label, min_value=LOWEST, max_value=HIGHEST, required=False)
    confidence_abstain = forms.BooleanField(required=False)
    ease = forms.IntegerField(label=Scale.EASE.label, min_value=LOWEST, max_value=HIGHEST, required=False)
    ease_abstain = forms.BooleanField(required=False)
    impact_comment = _comment_on_a_scale(gettext_lazy("Why this impact? (optional)"))
    confidence_comment = _comment_on_a_scale(gettext_lazy("Why this confidence rating? (optional)"))
    ease_comment = _comment_on_a_scale(gettext_lazy("Why this ease? (optional)"))
    comment = forms.CharField(
        label=gettext_lazy("Comment (optional)"),
        max_length=TEXT_LIMIT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("On the whole idea. Others read it with your name once the round is closed."),
    )
    expected_lift_percent = forms.DecimalField(
        label=gettext_lazy("Expected lift, in % (optional)"),
        min_value=-100,
        max_value=1000,
        max_digits=6,
        decimal_places=2,
        required=False,
        help_text=gettext_lazy("Your forecast. When the result is in, this site compares."),
    )

    def __init__(self, *args: Any, evidence: Collection[Evidence] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.evidence = evidence

    @property
    def evidence_seen(self) -> str:
        """What the page notes of the evidence it shows."""
        return ",".join(str(one.pk) for one in self.evidence)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.data.get("evidence_seen", self.evidence_seen) != self.evidence_seen:
            self.add_error(None, self._what_changed(self.data["evidence_seen"].split(",")))
        for scale in Scale:
            if scale not in self.errors:
                self._check_scale(scale)
        return cleaned

    def _what_changed(self, seen: list[str]) -> str:
        new = [one.source for one in self.evidence if str(one.pk) not in seen]
        if not new:
            return _("Evidence was taken away since you opened the ballot. Your scores are kept: look, and send again.")
        words = _("Evidence came in since you opened the ballot: %(new)s. Your scores are kept: look, and send again.")
        return words % {"new": "; ".join(new)}

    def _check_scale(self, scale: Scale) -> None:
        has_score, abstains = self.cleaned_data[scale] is not None, self.cleaned_data[f"{scale}_abstain"]
        if not has_score and not abstains:
            words = _("%(scale)s has no score. Choose 1 to 10, or mark “Cannot judge”.")
            self.add_error(scale, words % {"scale": scale.label})
        if has_score and abstains:
            words = _("%(scale)s has a score and is marked “Cannot judge”. Keep one of the two.")
            self.add_error(scale, words % {"scale": scale.label})

    def values(self) -> dict[str, Any]:
        """What `ballots.cast` takes of a valid form."""
        percent: Decimal | None = self.cleaned_data["expected_lift_percent"]
        scores = {scale.value: self.cleaned_data[scale] for scale in Scale}
        comments = {f"{scale}_comment": self.cleaned_data[f"{scale}_comment"] for scale in Scale}
        return {
            **scores,
            **comments,
            "comment": self.cleaned_data["comment"],
            "expected_lift": None if percent is None else percent / 100,
        }
