"""What people type about customers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from engagement.customers.choices import Channel, SuppressionReason, SuppressionScope
from engagement.customers.models import StateDefinition

LARGEST_LIST = 1_000_000


class StateForm(forms.ModelForm[StateDefinition]):
    """The thresholds of the customer states, in % of the intervals looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = StateDefinition
        fields = ["power", "core", "casual"]

    def thresholds(self) -> dict[str, int]:
        return {name: self.cleaned_data[name] for name in ("power", "core", "casual")}


class SuppressionForm(forms.Form):
    """One customer or a file of customer ids, one a line."""

    customer = forms.CharField(label=_("Customer id"), max_length=255, required=False)
    file = forms.FileField(
        label=_("Or a file of customer ids"), required=False, help_text=_("One a line, at most 1 MB.")
    )
    scope = forms.ChoiceField(label=_("Where"), choices=SuppressionScope.choices)
    what = forms.CharField(
        label=_("Which"), max_length=100, required=False,
        help_text=_("The channel (email, push, in_app), the topic or the experiment's key; for everywhere nothing."),
    )  # fmt: skip
    reason = forms.ChoiceField(
        label=_("Reason"), choices=[c for c in SuppressionReason.choices if c[0] != SuppressionReason.ERASED]
    )
    note = forms.CharField(label=_("Note"), max_length=300, required=False)
    ends_at = forms.DateTimeField(
        label=_("Until"), required=False, widget=forms.DateTimeInput({"type": "datetime-local"}),
        help_text=_("Empty: for good."),
    )  # fmt: skip

    def clean_file(self) -> list[str]:
        """The ids in the file."""
        file = self.cleaned_data["file"]
        if file is None:
            return []
        if file.size > LARGEST_LIST:
            raise forms.ValidationError(_("The file is larger than 1 MB. Use the API for more."))
        try:
            lines = file.read().decode("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise forms.ValidationError(_("The file is no UTF-8 text.")) from None
        ids = [line.strip().strip('"') for line in lines if line.strip()]
        if too_long := next((number for number, name in enumerate(ids, start=1) if len(name) > 255), None):
            raise forms.ValidationError(_("Line %(line)d is longer than 255 characters.") % {"line": too_long})
        return ids[1:] if ids and ids[0] == "customer_id" else ids

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "file" in given and not given["file"] and not given.get("customer", "").strip():
            raise forms.ValidationError(_("Name a customer, or choose a file."))
        return given

    def ids(self) -> list[str]:
        return [*filter(None, [self.cleaned_data["customer"].strip()]), *self.cleaned_data["file"]]

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("scope", "what", "reason", "note", "ends_at")}


class SuppressionFilter(forms.Form):
    scope = forms.ChoiceField(
        label=_("Where"), required=False, choices=[("", _("Anywhere")), *SuppressionScope.choices]
    )
    reason = forms.ChoiceField(
        label=_("Reason"), required=False, choices=[("", _("Any reason")), *SuppressionReason.choices]
    )
    q = forms.CharField(label=_("Customer id"), required=False, max_length=255)

    def values(self) -> dict[str, str]:
        """What cannot be understood filters nothing."""
        given = self.cleaned_data if self.is_valid() else {}
        return {"scope": given.get("scope", ""), "reason": given.get("reason", ""), "text": given.get("q", "").strip()}


class ConsentForm(forms.Form):
    channel = forms.ChoiceField(label=_("Channel"), choices=Channel.choices)
    topic = forms.CharField(label=_("Topic"), max_length=50, required=False, help_text=_("Empty: all topics."))
    is_granted = forms.TypedChoiceField(
        label=_("Word"), choices=[("yes", _("Granted")), ("no", _("Withdrawn"))], coerce=lambda word: word == "yes"
    )
    source = forms.CharField(label=_("Source"), max_length=100, help_text=_("Where the customer said so."))


class CustomerFileForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What it holds"),
        choices=[("customers", _("Customers")), ("events", _("Events")), ("exposures", _("Exposures"))],
    )
    file = forms.FileField(label=_("File"), help_text=_("CSV, CSV.gz or Parquet, with a header."))
