"""An experiment's plan as people type it: what, compared how, measured by what."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backlog.models import Idea
from engagement.accounts.models import Pod, Workspace
from engagement.core.errors import DomainError
from engagement.messaging.choices import Channel
from experiments.choices import Direction, MetricKind, MetricRole
from experiments.forms.rows import Kind, Rows, as_typed
from experiments.services.plans import MetricPlan, VariantPlan

MOST_VARIANTS, MOST_METRICS = 5, 6
NO_MESSAGE = ""
SENSIBLE = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2199, 12, 31))]


def _slot(label: Any, example: Any) -> forms.CharField:
    widget = forms.Textarea({"rows": 2})
    return forms.CharField(label=label, required=False, help_text=example, max_length=1_000, widget=widget)


def _day(label: Any, hint: Any = "") -> forms.DateField:
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, help_text=hint, widget=widget, validators=SENSIBLE)


class HeadForm(forms.Form):
    """Name, hypothesis and dates."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    key = forms.CharField(label=gettext_lazy("Key"), max_length=100, required=False)
    pod = forms.ModelChoiceField(
        Pod.objects.none(), label=gettext_lazy("Pod"), required=False, empty_label=gettext_lazy("No pod")
    )
    because = _slot(gettext_lazy("Because"), gettext_lazy("What you know: “readers who dismiss an ask say …”"))
    we_believe = _slot(gettext_lazy("We believe"), gettext_lazy("The change: “one figure of what support paid for”"))
    audience = _slot(gettext_lazy("For"), gettext_lazy("Whom: “core and casual readers”"))
    will_move = _slot(gettext_lazy("Will move"), gettext_lazy("The primary metric: “new supporters”"))
    by = forms.CharField(
        label=gettext_lazy("By"), required=False, max_length=100, help_text=gettext_lazy("How far: “0.6 pp”")
    )
    within = forms.CharField(
        label=gettext_lazy("Within"), required=False, max_length=100, help_text=gettext_lazy("When: “28 days”")
    )
    first_day = _day(gettext_lazy("First day"))
    last_day = _day(gettext_lazy("Last day"), gettext_lazy("Whoever meets a variant by the end of this day counts."))

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pod"].queryset = Pod.objects.all()  # type: ignore[attr-defined]  # a model choice field
        pattern = {"pattern": workspace.naming_pattern}
        self.fields["key"].help_text = _("Empty: composed as %(pattern)s.") % pattern


class VariantForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    share = forms.DecimalField(
        label=gettext_lazy("Share in %"), required=False, min_value=0, max_value=100,
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )  # fmt: skip
    channel = forms.ChoiceField(
        label=gettext_lazy("Channel"),
        required=False,
        choices=[(NO_MESSAGE, gettext_lazy("No message")), *Channel.choices],
    )
    subject = forms.CharField(label=gettext_lazy("Subject or title"), required=False, max_length=200)
    body = forms.CharField(
        label=gettext_lazy("Text"), required=False, max_length=20_000, widget=forms.Textarea({"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("channel") == NO_MESSAGE and (cleaned.get("subject") or cleaned.get("body")):
            self.add_error("channel", _("There is a text: choose the channel it goes by."))
        if cleaned.get("channel") and not (cleaned.get("subject") or cleaned.get("body")):
            self.add_error("body", _("Write the message, or choose “No message”."))
        return cleaned


class MetricForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100)
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=MetricKind.choices, initial=MetricKind.PROPORTION)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=MetricRole.choices, initial=MetricRole.SECONDARY)
    direction = forms.ChoiceField(label=gettext_lazy("Direction"), choices=Direction.choices, initial=Direction.UP)
    event = forms.CharField(
        label=gettext_lazy("Event"), required=False, max_length=200,
        help_text=gettext_lazy("What is counted or summed. Empty: the name."),
    )  # fmt: skip
    window_days = forms.IntegerField(
        label=gettext_lazy("Window in days"), min_value=1, max_value=365, initial=14,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )  # fmt: skip


VARIANTS = Kind(VariantForm, "variant", needed=2, shown=3, most=MOST_VARIANTS)
METRICS = Kind(MetricForm, "metric", needed=1, shown=2, most=MOST_METRICS)


class PlanDraft:
    """The whole form: its head and two lists of rows. Service refusals find their place by `refuse`."""

    def __init__(self, head: HeadForm, variants: Rows[VariantForm], metrics: Rows[MetricForm]) -> None:
        self.head, self.variants, self.metrics = head, variants, metrics

    @classmethod
    def fresh(cls, workspace: Workspace, idea: Idea | None = None) -> "PlanDraft":
        head = HeadForm(workspace=workspace, initial=_from_idea(idea) if idea else {})
        channel = idea.channel if idea else ""
        variants = [{"name": _("Control")}, {"channel": channel}]
        return cls(head, Rows.fresh(VARIANTS, variants), Rows.fresh(METRICS, [{"role": MetricRole.PRIMARY}]))

    @classmethod
    def typed(cls, workspace: Workspace, data: Mapping[str, Any]) -> "PlanDraft":
        head = as_typed(HeadForm(workspace=workspace), data)
        return cls(head, Rows.typed(VARIANTS, data), Rows.typed(METRICS, data))

    @classmethod
    def judged(cls, workspace: Workspace, data: Mapping[str, Any]) -> "PlanDraft":
        return cls(HeadForm(data, workspace=workspace), Rows.judged(VARIANTS, data), Rows.judged(METRICS, data))

    def is_valid(self) -> bool:
        judged = [self.head.is_valid(), self.variants.is_valid(), self.metrics.is_valid(), self._has_shares()]
        return all(judged)

    def refuse(self, error: DomainError) -> None:
        """Shows a service's refusal where it belongs."""
        if error.field in ("variants", "shares"):
            self.variants.error = str(error)
        elif error.field == "metrics":
            self.metrics.error = str(error)
        else:
            field = {"starts": "first_day", "ends": "last_day"}.get(error.field or "", error.field)
            self.head.add_error(field if field in self.head.fields else None, str(error))

    def plan(self, time_zone: str) -> dict[str, Any]:
        """What `plans.create` takes; call it on a valid draft only."""
        cleaned = dict(self.head.cleaned_data)
        first, last = cleaned.pop("first_day"), cleaned.pop("last_day")
        head = {name: cleaned.pop(name) for name in ("name", "key", "pod")}
        return {
            **head,
            "hypothesis": cleaned,
            "starts": _midnight(first, time_zone),
            "ends": _midnight(last + timedelta(days=1), time_zone) if last else None,
            "variants": self._variants(),
            "metrics": [MetricPlan(key=row.pop("name"), **row) for row in map(dict, self.metrics.filled)],
        }

    def _has_shares(self) -> bool:
        """All or none: without any the variants share equally."""
        given = [row.get("share") is not None for row in self.variants.filled]
        if any(given) and not all(given):
            self.variants.error = _("Give every variant a share, or none: then all get the same.")
        return not self.variants.error

    def _variants(self) -> list[VariantPlan]:
        rows = self.variants.filled
        return [
            VariantPlan(
                key=row["name"],
                name=row["name"],
                share=float(row["share"] / 100) if row["share"] is not None else 1 / len(rows),
                channel=row["channel"],
                subject=row["subject"],
                body=row["body"],
            )
            for row in rows
        ]


def _from_idea(idea: Idea) -> dict[str, Any]:
    return {"name": idea.title, "pod": idea.pod_id, "because": idea.problem, "we_believe": idea.change}


def _midnight(day: date | None, time_zone: str) -> datetime | None:
    return datetime.combine(day, time.min, ZoneInfo(time_zone)) if day else None
