"""What people type about customers."""

from django import forms

from engagement.customers.models import StateDefinition


class StateForm(forms.ModelForm[StateDefinition]):
    """The thresholds of the customer states, in % of the intervals looked at."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = StateDefinition
        fields = ["power", "core", "casual"]

    def thresholds(self) -> dict[str, int]:
        return {name: self.cleaned_data[name] for name in ("power", "core", "casual")}
