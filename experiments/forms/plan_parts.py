"""The parts of a plan's form. Each insists on its own fields only, so that none marks another's as optional."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from engagement.accounts.models import Pod, Workspace
from engagement.messaging.choices import Channel
from experiments.choices import FORM_KINDS, FORM_ROLES, Direction, ExperimentKind, MetricKind, MetricRole
from experiments.models import DefaultMessage

NO_MESSAGE = ""
SENSIBLE = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2199, 12, 31))]


class HeadForm(forms.Form):
    """What a plan is called and of which kind it is."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    pod = forms.ModelChoiceField(
        Pod.objects.none(), label=gettext_lazy("Pod"), required=False, empty_label=gettext_lazy("No pod")
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        choices=ExperimentKind.choices,
        initial=ExperimentKind.AB,
        required=False,
        help_text=gettext_lazy(
            "A/B keeps the shares and measures best. A bandit gives more customers to what does better while it runs:"
            " it fits many variants and a metric that is known within days."
        ),
    )

    subgroups = forms.CharField(
        label=gettext_lazy("Subgroups"), max_length=500, required=False,
        help_text=gettext_lazy(
            "Traits, or state for the customer state, with commas between: the effect is looked at by each of them, and"
            " by nothing that is not declared here."
        ),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pod"].queryset = Pod.objects.all()  # type: ignore[attr-defined]  # a model choice field
        self.fields["name"].help_text = _("Its key stays as it is.")

    def clean_subgroups(self) -> list[str]:
        return [name.strip() for name in self.cleaned_data["subgroups"].split(",") if name.strip()]

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or ExperimentKind.AB


class NewHeadForm(HeadForm):
    """The same of a plan that is written now."""

    default_message = forms.ModelChoiceField(
        DefaultMessage.objects.none(),
        label=gettext_lazy("Today’s message"),
        required=False,
        empty_label=gettext_lazy("Control says another, or nothing"),
        help_text=gettext_lazy("Control says it, and what is shipped replaces it."),
    )

    def __init__(self, *args: Any, workspace: Workspace, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shipped = DefaultMessage.objects.select_related("variant__experiment")
        self.fields["default_message"].queryset = shipped  # type: ignore[attr-defined]  # a model choice field
        if not shipped.exists():
            del self.fields["default_message"]
        pattern = {"pattern": workspace.naming_pattern}
        self.fields["name"].help_text = _("Its key is composed as %(pattern)s and stays for good.") % pattern


def _slot(label: Any, example: Any) -> forms.CharField:
    widget = forms.Textarea({"rows": 2})
    return forms.CharField(label=label, required=False, help_text=example, max_length=1_000, widget=widget)


class HypothesisForm(forms.Form):
    """The six slots of the sentence; a draft may leave any of them empty."""

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


def day_field(label: Any, *, is_required: bool = False) -> forms.DateField:
    """A day of this century or the next, picked or typed."""
    widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=is_required, widget=widget, validators=SENSIBLE)


class DatesForm(forms.Form):
    first_day = day_field(gettext_lazy("First day"))
    last_day = day_field(gettext_lazy("Last day"))


class VariantForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=100)
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
        label=gettext_lazy("Text"), required=False, max_length=20_000, widget=forms.Textarea({"rows": 4})
    )

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not name:
            raise forms.ValidationError(_("Give the variant a name."))
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        has_text = bool(cleaned.get("subject") or cleaned.get("body"))
        if has_text and cleaned.get("channel") == NO_MESSAGE:
            self.add_error("channel", _("There is a text: choose the channel it goes by."))
        if cleaned.get("channel") and not has_text:
            self.add_error("body", _("Write the message, or choose “No message”."))
        return cleaned


class MetricForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, widget=forms.TextInput({"list": "registered-metrics"})
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=FORM_KINDS, initial=MetricKind.PROPORTION)
    role = forms.ChoiceField(label=gettext_lazy("Role"), choices=FORM_ROLES, initial=MetricRole.SECONDARY)
    direction = forms.ChoiceField(label=gettext_lazy("Direction"), choices=Direction.choices, initial=Direction.UP)
    event = forms.CharField(label=gettext_lazy("Event"), required=False, max_length=200)
    window_days = forms.IntegerField(
        label=gettext_lazy("Window in days"), min_value=1, max_value=365, initial=14,
        widget=forms.NumberInput({"inputmode": "numeric"}),
    )  # fmt: skip
    margin = forms.DecimalField(
        label=gettext_lazy("Bound in %"), required=False, min_value=0, max_value=100,
        help_text=gettext_lazy("Of a guardrail: how much worse it may get."),
        widget=forms.NumberInput({"step": "any", "inputmode": "decimal"}),
    )  # fmt: skip

    def clean_margin(self) -> float | None:
        margin = self.cleaned_data["margin"]
        return None if margin is None else float(margin) / 100

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_guardrail = cleaned.get("role") == MetricRole.GUARDRAIL
        if is_guardrail != bool(cleaned.get("margin")) and "margin" not in self.errors:
            said = _("A guardrail needs its bound: how much worse it may get.")
            self.add_error("margin", said if is_guardrail else _("Only a guardrail has a bound."))
        return cleaned


class KeptMetricForm(forms.Form):
    """A metric that stands in the plan: its role, or out with it."""

    role = forms.ChoiceField(
        label=gettext_lazy("Role"), required=False,
        choices=[*MetricRole.choices, ("", gettext_lazy("Taken out of the plan"))],
    )  # fmt: skip
